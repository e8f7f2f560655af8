// Connections as the service builds them: whose a request is, who hears what, and who has no place.

import assert from "node:assert/strict";
import { platformAead } from "../../src/edges/platform/sync_aead.ts";
import * as v from "valibot";
import { createConnector } from "../../src/app/connections.ts";
import { AuditLog } from "../../src/features/access/audit_log.ts";
import { silentLogger } from "../../src/base/log.ts";
import { LastSeen } from "../../src/features/access/last_seen.ts";
import { ClientRoster } from "../../src/features/access/roster.ts";
import { createMetrics } from "../../src/edges/http/metrics.ts";
import { roleOfCaller } from "../../src/features/rpc/caller.ts";
import { createDispatcher } from "../../src/features/rpc/dispatcher.ts";
import { ENCRYPTION_REQUIRED_MESSAGE } from "../../src/features/rpc/message.ts";
import { defineMethod } from "../../src/features/rpc/method.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import type { Connection } from "../../src/features/session/connection.ts";
import { LiveConnections } from "../../src/features/session/live_connections.ts";
import { MAX_RUNNING_REQUESTS } from "../../src/features/session/request_queue.ts";
import { CLOSE_CODES } from "../../src/features/session/socket.ts";
import { Throttle } from "../../src/features/session/throttle.ts";
import { TURN_BUDGET_MS } from "../../src/features/session/turn_budget.ts";
import { V1Opening } from "../../src/features/session/v1_opening.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeSocket, settle } from "../support/fake_socket.ts";
import { createPhone, type SessionPhone, testClient } from "../support/session_phone.ts";
import { memoryStores } from "../support/app_in_process.ts";

interface Device {
  connect(peer?: { isLocal?: boolean; hasSlot?: boolean }): [Connection, FakeSocket];
  notifications: Notifications;
  /** How many connections are told of notifications. */
  subscribers: () => number;
  /** Each call of `who` by its id: role, and whether it was a session's. */
  ran: Map<string, string>;
  clock: FakeClock;
  /** Lets the calls of `wait` end. */
  release: () => void;
}

async function withDevice(
  options: { encryption?: boolean; maxPerHolder?: number },
  test: (device: Device) => Promise<void>,
): Promise<void> {
  const stores = memoryStores();
  const clock = new FakeClock();
  const log = silentLogger;
  const client = testClient({ role: "admin" });
  stores.clients.add(client);
  const gate = Promise.withResolvers<void>();
  const ran = new Map<string, string>();
  const live = new LiveConnections(options.maxPerHolder);
  const notifications = new Notifications();
  let subscribers = 0;
  const roster = new ClientRoster({
    store: stores.clients,
    onRevoked: () => {},
    onChanged: () => {},
  });
  const params = v.strictObject({ name: v.string() });
  const who = defineMethod({
    name: "who",
    access: "anyone",
    params,
    result: v.unknown(),
    run: ({ name }, { caller, role }) => {
      ran.set(name, `${role} ${caller.clientId === undefined ? "plaintext" : "session"}`);
    },
  });
  const work = defineMethod({
    name: "work",
    access: "anyone",
    params,
    result: v.unknown(),
    run: ({ name }) => {
      ran.set(name, "worked");
      clock.pass(TURN_BUDGET_MS);
    },
  });
  const wait = defineMethod({
    name: "wait",
    access: "anyone",
    params,
    result: v.unknown(),
    run: async ({ name }, { caller, role }) => {
      ran.set(name, `${role} ${caller.clientId === undefined ? "plaintext" : "session"}`);
      await gate.promise;
    },
  });
  const { clients, removedClients: removed, ledger } = stores;
  const connector = createConnector({
    isKeyRequired: () => false,
    holds: { hold: () => () => {} },
    openings: [
      new V1Opening({
        clients,
        removed,
        ledger,
        recordSession: ({ clientId, salt }) => Promise.resolve(ledger.record(clientId, salt)),
        throttle: new Throttle(),
        syncAead: platformAead,
        clock,
      }),
    ],
    dispatcher: createDispatcher({
      methods: [who, work, wait],
      roleOf: (caller) => roleOfCaller(caller, (clientId) => roster.find(clientId)),
      log,
    }),
    roster,
    lastSeen: new LastSeen({ store: stores.clients, log }),
    live,
    notifications: {
      subscribe: (sink) => {
        const unsubscribe = notifications.subscribe(sink);
        subscribers += 1;
        return () => {
          subscribers -= 1;
          unsubscribe();
        };
      },
    },
    encryption: () => options.encryption ?? false,
    metrics: createMetrics({
      connections: () => live.counts(),
      guard: () => undefined,
      eventStreams: () => 0,
      runningActions: () => 0,
      models: () => undefined,
      modelMetrics: { metrics: () => [] },
      eventLoopDelayS: () => 0,
      residentBytes: () => 0,
    }),
    audit: new AuditLog({ store: stores.audit, clock, log }),
    clock,
    log,
  });
  const opened: Connection[] = [];
  try {
    await test({
      connect: ({ isLocal = false, hasSlot = true } = {}) => {
        const socket = new FakeSocket();
        const connection = connector(socket, {
          keyId: undefined,
          address: isLocal ? "127.0.0.1" : "10.0.0.2",
          isLocal,
          connectionId: "c1",
          progressed: () => {},
          promote: () => hasSlot,
        });
        opened.push(connection);
        return [connection, socket];
      },
      notifications,
      subscribers: () => subscribers,
      ran,
      clock,
      release: gate.resolve,
    });
  } finally {
    gate.resolve();
    await settle();
    for (const connection of opened) connection.ended();
    stores.close();
  }
}

let salts = 0;

async function openSession(connection: Connection): Promise<SessionPhone> {
  const salt = new Uint8Array(16).fill(salts += 1);
  const phone = createPhone(testClient(), { salt });
  connection.receive(await phone.seal("ping"));
  await settle();
  return phone;
}

function call(method: "who" | "wait", name: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: name, method, params: { name } });
}

async function fillRunning(send: (text: string) => Promise<void> | void): Promise<void> {
  for (let i = 0; i < MAX_RUNNING_REQUESTS; i++) {
    await send(call("wait", `w${i}`));
  }
}

type Row = [isLocal: boolean, encryption: boolean, queued: boolean, when: "before" | "after"];
const ALLOWED: [...Row, ran: string | undefined][] = [
  [true, false, false, "before", "admin plaintext"],
  [true, false, false, "after", "admin session"],
  [true, false, true, "before", undefined],
  [true, false, true, "after", "admin session"],
  [true, true, false, "before", "admin plaintext"],
  [true, true, false, "after", "admin session"],
  [true, true, true, "before", undefined],
  [true, true, true, "after", "admin session"],
  [false, false, false, "before", "member plaintext"],
  [false, false, false, "after", "admin session"],
  [false, false, true, "before", undefined],
  [false, false, true, "after", "admin session"],
  // Plaintext is refused there, and no session can follow.
  [false, true, false, "before", undefined],
  [false, true, false, "after", "admin session"],
  [false, true, true, "before", undefined],
  [false, true, true, "after", "admin session"],
];

for (const [isLocal, encryption, queued, when, expected] of ALLOWED) {
  const what = `${isLocal ? "local" : "remote"}, encryption ${encryption ? "on" : "off"}, ` +
    `${queued ? "queued" : "running"} ${when} the session`;
  Deno.test(`a request keeps the caller it was accepted from: ${what}`, async () => {
    await withDevice({ encryption }, async ({ connect, ran, release }) => {
      const [connection] = connect({ isLocal });
      if (when === "before") {
        if (queued) await fillRunning((text) => connection.receive(text));
        connection.receive(call("who", "x"));
        await settle();
        await openSession(connection);
      } else {
        const phone = await openSession(connection);
        const send = async (text: string): Promise<void> => {
          connection.receive(await phone.seal(text));
        };
        if (queued) await fillRunning(send);
        await send(call("who", "x"));
      }
      await settle();
      if (queued) assert.equal(ran.get("x"), undefined);
      release();
      await settle();
      assert.equal(ran.get("x"), expected);
    });
  });
}

for (const encryption of [false, true]) {
  Deno.test(`plaintext with encryption ${encryption}: the device itself may, others as set`, async () => {
    await withDevice({ encryption }, async ({ connect, ran }) => {
      const [local] = connect({ isLocal: true });
      const [remote, socket] = connect();
      local.receive(call("who", "local"));
      remote.receive(call("who", "remote"));
      await settle();
      assert.equal(ran.get("local"), "admin plaintext");
      assert.equal(ran.get("remote"), encryption ? undefined : "member plaintext");
      assert.equal(socket.sent[0] === ENCRYPTION_REQUIRED_MESSAGE, encryption);
    });
  });
}

Deno.test("notifications reach sessions and the device; those for the device nobody else", async () => {
  await withDevice({}, async ({ connect, notifications }) => {
    const [silent, silentSocket] = connect({ isLocal: true });
    const [local, localSocket] = connect({ isLocal: true });
    const [plain, plainSocket] = connect();
    const [remote, remoteSocket] = connect();
    for (const connection of [local, plain]) connection.receive("ping");
    await openSession(remote);
    const before = remoteSocket.sent.length;
    notifications.publish("secret", {}, "local");
    notifications.publish("news", {});
    await settle();
    assert.equal(silentSocket.sent.length, 0);
    assert.deepEqual(plainSocket.sent, ["pong"]);
    assert.equal(localSocket.sent.length, 3);
    assert.equal(remoteSocket.sent.length, before + 1);
    notifications.publish("changed", {}, "admin");
    await settle();
    assert.deepEqual(plainSocket.sent, ["pong"]);
    assert.equal(localSocket.sent.length, 4);
    assert.equal(remoteSocket.sent.length, before + 2);
    silent.ended();
    notifications.publish("news", {});
  });
});

Deno.test("a connection that has ended is no longer told of notifications", async () => {
  await withDevice({}, async ({ connect, subscribers }) => {
    const [gone, cut] = [connect()[0], connect()[0]];
    await openSession(cut);
    assert.equal(subscribers(), 2);
    gone.ended();
    assert.equal(subscribers(), 1);
    cut.cut("revoked");
    cut.ended();
    assert.equal(subscribers(), 0);
  });
});

Deno.test("a session without a place is cut, and its first request does not run", async () => {
  await withDevice({}, async ({ connect, ran }) => {
    const [connection, socket] = connect({ hasSlot: false });
    const phone = createPhone(testClient(), { salt: new Uint8Array(16).fill(200) });
    connection.receive(await phone.seal(call("who", "x")));
    await settle();
    assert.ok(socket.isAborted);
    assert.deepEqual([ran.size, socket.sent.length], [0, 0]);
  });
});

Deno.test("a client with too many sessions loses its oldest, with a code that says so", async () => {
  await withDevice({ maxPerHolder: 2 }, async ({ connect }) => {
    const all = [connect(), connect(), connect()];
    for (const [connection] of all) {
      await openSession(connection);
    }
    const codes = all.map(([, { closedWith }]) => closedWith);
    assert.deepEqual(codes, [CLOSE_CODES.replaced, undefined, undefined]);
  });
});

Deno.test("who asks for much work at once gets a turn of the event loop for each, as others do", async () => {
  await withDevice({}, async ({ connect, ran, clock }) => {
    const [[flooder], [other]] = [connect(), connect()];
    const ask = (name: string): string =>
      JSON.stringify({ jsonrpc: "2.0", id: name, method: "work", params: { name } });
    for (const name of ["first", "second", "third"]) flooder.receive(ask(name));
    other.receive(ask("other"));
    await settle();
    assert.deepEqual([...ran.keys()], ["first"]);
    for (const name of ["other", "second", "third"]) {
      clock.advance(0);
      await settle();
      assert.equal([...ran.keys()].at(-1), name);
    }
  });
});
