// What the service does while a session lives and when it ends: who is cut with a client, what is
// written of it, and what is given back.

import assert from "node:assert/strict";
import type { Edges } from "../../src/app/edges.ts";
import { LINE_RATE } from "../../src/base/limited_log.ts";
import { type LogFields, silentLogger } from "../../src/base/log.ts";
import { THROTTLE_FAILURES } from "../../src/features/session/throttle.ts";
import { memoryStores, REMOTE } from "../support/app_in_process.ts";
import { guardedStub } from "../support/guarded_stub.ts";
import { testClient } from "../support/session_phone.ts";
import {
  call,
  freshPhone,
  newKey,
  rpc,
  sendFirstFrame,
  withWorld,
  type World,
} from "./session_world.ts";

const CLIENT = testClient();
const { clientId } = CLIENT;
const OTHER = testClient({
  clientId: "44444444-4444-4444-8444-444444444444",
  authToken: "55555555-5555-4555-8555-555555555555",
  role: "admin",
});

// Each with whom it concerns.
const CUTS: [what: string, act: (world: World) => Promise<unknown>, isCut: boolean][] = [
  ["deleting a client", (world) => call(world, "clients.delete", { clientId }), true],
  ["another role", (world) => call(world, "clients.update", { clientId, role: "member" }), true],
  ["the same role", (world) => call(world, "clients.update", { clientId, role: "admin" }), false],
  ["a new name", (world) => call(world, "clients.update", { clientId, clientName: "A" }), false],
];
for (const [what, act, isCut] of CUTS) {
  Deno.test(`${what} ${isCut ? "cuts" : "leaves"} all its sessions, and leaves everybody else's`, async () => {
    await withWorld({ others: [OTHER] }, async (world) => {
      const own = [await world.open(), await world.open()];
      const [other, plain] = [await world.open(), await world.open({ isLocal: true })];
      for (const socket of own) assert.equal((await sendFirstFrame(socket)).length, 1);
      assert.equal((await sendFirstFrame(other, OTHER)).length, 1);
      assert.deepEqual(await plain.say("ping"), ["pong"]);
      await act(world);
      // At once, and not with the next message.
      assert.deepEqual(own.map(({ isClosed }) => isClosed), [isCut, isCut]);
      assert.deepEqual([other.isClosed, plain.isClosed], [false, false]);
      const before = own.map(({ sent }) => sent.length);
      const after = await Promise.all(own.map((socket) => socket.say("{}")));
      if (isCut) assert.deepEqual(after, [[], []], String(before));
    });
  });
}

Deno.test("the buttons cut the sessions of all clients", async () => {
  let revokeAll = (): void => {};
  const watchButtons: Edges["watchButtons"] = (_buttons, given) => {
    ({ revokeAll } = given);
    return () => {};
  };
  await withWorld({ others: [OTHER], edges: { watchButtons } }, async (world) => {
    const sockets = [await world.open(), await world.open()];
    for (const [at, client] of [CLIENT, OTHER].entries()) {
      const socket = sockets[at];
      assert.ok(socket);
      assert.equal((await sendFirstFrame(socket, client)).length, 1);
    }
    revokeAll();
    assert.deepEqual(sockets.map(({ isClosed }) => isClosed), [true, true]);
  });
});

Deno.test("a client removed in the moment after its first frame was judged gets no session", async () => {
  let revokeAll = (): void => {};
  const watchButtons: Edges["watchButtons"] = (_buttons, given) => {
    ({ revokeAll } = given);
    return () => {};
  };
  const stores = memoryStores();
  const { ledger } = stores;
  let recorded = 0;
  const openStores: Edges["openStores"] = () => ({
    ...stores,
    ledger: {
      has: (...salt) => ledger.has(...salt),
      record: (...salt) => {
        recorded += 1;
        // Before whoever waits for the verdict goes on.
        queueMicrotask(revokeAll);
        return ledger.record(...salt);
      },
    },
  });
  stores.clients.add(testClient({ role: "admin" }));
  await withWorld({ edges: { watchButtons, openStores } }, async (world) => {
    const socket = await world.open();
    assert.deepEqual(await sendFirstFrame(socket), []);
    assert.equal(recorded, 1);
    assert.equal(socket.isClosed, true);
    const { entries } = await call(world, "audit") as { entries: { event: string }[] };
    // The session was recorded with its salt; nothing came of it.
    assert.deepEqual(entries.map(({ event }) => event), ["session_opened", "client_removed"]);
  });
});

Deno.test("every frame of a session moves the time its client was last seen", async () => {
  await withWorld({}, async (world) => {
    const socket = await world.open();
    const phone = freshPhone();
    const lastSeen = async (): Promise<unknown> => {
      const { clients } = await call(world, "clients") as { clients: { lastSeenAt: number }[] };
      return clients.map(({ lastSeenAt }) => lastSeenAt);
    };
    for (let i = 0; i < 2; i++) {
      world.clock.advance(5000);
      await socket.say(await phone.seal("ping"));
      assert.deepEqual(await lastSeen(), [Math.floor(world.clock.wallMs() / 1000)]);
    }
    const atMs = world.clock.wallMs();
    world.clock.advance(60_000);
    assert.deepEqual(world.stores.clients.list().map(({ lastSeenAtMs }) => lastSeenAtMs), [atMs]);
  });
});

Deno.test("failures that begin a throttle are in the audit log, those before are not", async () => {
  await withWorld({}, async (world) => {
    const wrong = testClient({ pairingKey: new Uint8Array(32).fill(8) });
    const throttled = async (): Promise<unknown[]> => {
      const { entries } = await call(world, "audit", { refusals: true }) as {
        entries: { event: string; details: unknown }[];
      };
      return entries.filter(({ event }) => event === "session_throttled")
        .map(({ details }) => details);
    };
    for (let i = 1; i < THROTTLE_FAILURES; i++) await sendFirstFrame(await world.open(), wrong);
    assert.deepEqual(await throttled(), []);
    await sendFirstFrame(await world.open(), wrong);
    assert.deepEqual(await throttled(), [{ clientId, address: REMOTE }]);
  });
});

Deno.test("the guard hears of each message that was dealt with", async () => {
  let progressed = 0;
  const guarded = guardedStub({ progressed: () => void (progressed += 1) });
  await withWorld({}, async (world) => {
    const socket = await world.open({ guarded });
    const before = progressed;
    await socket.say("ping");
    assert.equal(progressed, before + 1);
    await socket.say(rpc("version"));
    await socket.say("not JSON");
    assert.equal(progressed, before + 3);
  });
});

Deno.test("a socket of an API key gives its hold back when it ends", async () => {
  await withWorld({}, async (world) => {
    const key = await newKey(world);
    const timers = world.clock.timerCount;
    const sockets = [await world.open({ key }), await world.open({ key })];
    assert.ok(world.clock.timerCount > timers);
    for (const socket of sockets) socket.close();
    // The look at keys in use ends with the last that holds one.
    assert.equal(world.clock.timerCount, timers);
  });
});

Deno.test("refused sessions of one address fill neither the log nor other addresses' share", async () => {
  const lines: LogFields[] = [];
  const log = {
    ...silentLogger,
    info: (message: string, fields: LogFields = {}) => {
      if (message === "Session refused") lines.push(fields);
    },
  };
  await withWorld({ options: { log: () => log } }, async (world) => {
    const stranger = testClient({ authToken: "33333333-3333-4333-8333-333333333333" });
    for (let i = 0; i < LINE_RATE.burst + 3; i++) {
      await sendFirstFrame(await world.open(), stranger);
    }
    const of = ({ address, reason, unwritten }: LogFields): unknown => [address, reason, unwritten];
    const line = [REMOTE, "unknown_token", undefined];
    assert.deepEqual(lines.splice(0).map(of), Array(LINE_RATE.burst).fill(line));
    await sendFirstFrame(await world.open({ from: "192.0.2.8" }), stranger);
    world.clock.advance(1000 / LINE_RATE.perSecond);
    await sendFirstFrame(await world.open(), stranger);
    assert.deepEqual(lines.map(of), [["192.0.2.8", "unknown_token", undefined], [
      REMOTE,
      line[1],
      3,
    ]]);
    const metrics = await (await world.request("/metrics")).text();
    assert.match(metrics, new RegExp(`unknown_token"\\} ${LINE_RATE.burst + 5}\n`));
  });
});

Deno.test("a client that opens sessions all the time does not fill the log", async () => {
  const lines: LogFields[] = [];
  const log = {
    ...silentLogger,
    info: (message: string, fields: LogFields = {}) => {
      if (message === "Session opened") lines.push(fields);
    },
  };
  await withWorld({ others: [OTHER], options: { log: () => log } }, async (world) => {
    const open = async (client = CLIENT): Promise<void> => {
      const socket = await world.open();
      await sendFirstFrame(socket, client);
      socket.close();
    };
    for (let i = 0; i < LINE_RATE.burst + 3; i++) await open();
    const line = { clientId, address: REMOTE };
    assert.deepEqual(lines.splice(0), Array(LINE_RATE.burst).fill(line));
    await open(OTHER);
    world.clock.advance(1000 / LINE_RATE.perSecond);
    await open();
    assert.deepEqual(lines, [
      { ...line, clientId: OTHER.clientId },
      { ...line, unwritten: 3 },
    ]);
  });
});
