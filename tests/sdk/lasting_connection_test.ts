// connect() with `reconnect`: sessions one after the other, by a clock that stands still
// (docs/api/encryption.md, "The life of a connection").

import assert from "node:assert/strict";
import { deferred } from "../../src/base/deferred.ts";
import { type JsonObject, parseJsonObject } from "../../src/base/json.ts";
import {
  type ClientError,
  connect,
  type Connection,
  type ConnectOptions,
  connectPlain,
  DEFAULT_TIMEOUT_MS,
} from "../../src/sdk/connect.ts";
import {
  FIRST_RETRY_MS,
  HEARTBEAT_PERIOD_MS,
  LONGEST_RETRY_MS,
  openLastingConnection,
} from "../../src/sdk/lasting_connection.ts";
import { NotificationFeed } from "../../src/sdk/notification_feed.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "../support/fake_socket.ts";
import { seededRandom } from "../support/seeded_random.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import { CREDENTIALS } from "./connected.ts";
import { expectClientError } from "./expect_client_error.ts";
import { FakeSession } from "./fake_device.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

interface World {
  clock: FakeClock;
  /** The client's sockets, oldest first, and the device's ends of them. */
  sockets: FakeWebSocket[];
  sessions: FakeSession[];
  requests: JsonObject[];
  /** The waits that were told. */
  waits: number[];
  errors: ClientError[];
  /** How often there was a session again. */
  reconnected: number;
  /** What a socket finds: a device, nobody, or a device that says a text and closes. */
  device: "there" | "away" | string;
  options: ConnectOptions;
}

function setUpWorld(overrides: Partial<ConnectOptions> = {}): World {
  const clock = new FakeClock();
  const world: World = {
    ...{ clock, sockets: [], sessions: [], requests: [], waits: [], errors: [] },
    reconnected: 0,
    device: "there",
    options: {
      url: "ws://192.168.1.5:7497/api/v0.1",
      credentials: CREDENTIALS,
      reconnect: true,
      random: seededRandom(3),
      clock,
      webSocket: () => makeSocket(world),
      onLost: (error, retryInMs) => {
        world.errors.push(error);
        world.waits.push(retryInMs);
      },
      onReconnected: () => world.reconnected++,
      ...overrides,
    },
  };
  return world;
}

function makeSocket({ sockets, sessions, requests, device }: World): FakeWebSocket {
  const { authToken, pairingKey } = CREDENTIALS;
  const socket = new FakeWebSocket();
  sockets.push(socket);
  const session = new FakeSession({
    clients: new Map([[authToken, { authToken, pairingKey }]]),
    transport: {
      send: (message) => socket.deliver(message),
      close: (code) => socket.drop(code),
    },
    onRequest: (request) => requests.push(request),
  });
  sessions.push(session);
  socket.peer = (message) => {
    if (device === "there") return session.receive(message);
    socket.deliver(device);
    socket.drop(1008);
  };
  queueMicrotask(() => device === "away" ? socket.fail() : socket.open());
  return socket;
}

// WebCrypto answers in its own time: until nothing is left to do but wait.
async function quiet(world: World): Promise<void> {
  await settle();
  await world.sessions.at(-1)?.settled();
  await settle();
}

async function comeBack(world: World, count: number): Promise<void> {
  world.clock.advance(world.waits.at(-1) ?? assert.fail("Nothing was lost"));
  while (world.reconnected < count) await settle(1);
}

Deno.test("a lost session is followed by one with a fresh salt, in both envelopes", async () => {
  for (const envelope of ["json", "binary"] as const) {
    const world = setUpWorld({ envelope });
    const connection = await connect(world.options);
    for (const count of [1, 2, 3]) {
      world.sockets.at(-1)?.drop(1006);
      await settle();
      await comeBack(world, count);
    }
    const salts = world.sockets.map(({ sent: [first] }) =>
      typeof first === "string" ? parseJsonObject(first)?.["s"] : first?.slice(1, 17).toHex()
    );
    assert.equal(salts.length, 4);
    assert.equal(new Set(salts).size, 4);
    const call = connection.call("echo", 5);
    await connection.ping();
    world.sessions.at(-1)?.answer(world.requests.at(-1) ?? {}, "five");
    assert.equal(await call, "five");
    connection.close();
    assert.equal(world.clock.timerCount, 0);
  }
});

Deno.test("notifications() goes on over sessions, and ends with the connection", async () => {
  const world = setUpWorld();
  const heard: unknown[] = [];
  world.options.onNotification = (method, params) => heard.push([method, params]);
  const connection = await connect(world.options);
  const read: unknown[] = [];
  const reading = (async () => {
    for await (const { method, params } of connection.notifications()) read.push([method, params]);
  })();
  for (const count of [1, 2]) {
    world.sessions.at(-1)?.notify("news", count);
    await connection.ping();
    world.sockets.at(-1)?.drop(1001);
    await settle();
    await comeBack(world, count);
  }
  world.sessions.at(-1)?.notify("news", 3);
  await connection.ping();
  connection.close();
  await reading;
  assert.deepEqual(read, [["news", 1], ["news", 2], ["news", 3]]);
  assert.deepEqual(heard, read);
  assert.equal((await connection.closed).isOwn, true);
});

Deno.test("waits double up to 30 s, each cut by up to half, and begin anew after a lasting session", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  world.device = "away";
  world.sockets[0]?.drop(1006);
  await settle();
  for (let i = 0; i < 7; i++) {
    world.clock.advance(world.waits.at(-1) ?? 0);
    await settle();
  }
  const longest = [1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1000);
  assert.equal(world.waits.length, longest.length);
  for (const [i, longestMs] of longest.entries()) {
    const waitMs = world.waits[i] ?? 0;
    assert.ok(waitMs >= longestMs / 2 && waitMs <= longestMs, `${i}: ${waitMs}`);
  }
  assert.notEqual(world.waits[6], world.waits[7], "Waits are drawn");
  assert.deepEqual([...new Set(world.errors.map(({ code }) => code))], [
    "connection_closed",
    "unreachable",
  ]);
  // A session that ends at once is no success; one that lasts is.
  world.device = "there";
  await comeBack(world, 1);
  world.sockets.at(-1)?.drop(1006);
  await settle();
  assert.ok((world.waits.at(-1) ?? 0) >= LONGEST_RETRY_MS / 2);
  await comeBack(world, 2);
  for (let passed = 0; passed < LONGEST_RETRY_MS; passed += HEARTBEAT_PERIOD_MS) {
    world.clock.advance(HEARTBEAT_PERIOD_MS);
    await connection.ping();
  }
  world.sockets.at(-1)?.drop(1006);
  await settle();
  assert.ok((world.waits.at(-1) ?? 0) <= FIRST_RETRY_MS);
  connection.close();
  assert.equal(world.clock.timerCount, 0);
});

Deno.test("an open call fails with its session, and one made meanwhile waits for the next", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  const open = connection.call("run");
  open.catch(() => {});
  await connection.ping();
  world.sockets[0]?.drop(1006);
  await expectClientError(open, "connection_closed");
  const waiting = connection.call("list");
  const pinging = connection.ping();
  await comeBack(world, 1);
  await pinging;
  assert.deepEqual(world.requests.map(({ method }) => method), ["run", "list"]);
  world.sessions.at(-1)?.answer(world.requests[1] ?? {}, "all");
  assert.equal(await waiting, "all");
  connection.close();
  await expectClientError(connection.call("late"), "connection_closed");
  await expectClientError(connection.ping(), "connection_closed");
});

Deno.test("a call that finds no session gives up in its time or by its signal", async () => {
  const world = setUpWorld({ timeoutMs: 300 });
  const connection = await connect(world.options);
  world.device = "away";
  world.sockets[0]?.drop(1006);
  await settle();
  const [late, slow] = [connection.call("a"), connection.call("b", {}, { timeoutMs: 400 })];
  const controller = new AbortController();
  const given = connection.call("c", {}, { signal: controller.signal });
  [late, slow, given].forEach((call) => call.catch(() => {}));
  controller.abort(new Error("Enough"));
  await assert.rejects(given, (error) => error === controller.signal.reason);
  world.clock.advance(300);
  await expectClientError(late, "timeout");
  world.clock.advance(100);
  await expectClientError(slow, "timeout");
  connection.close();
  assert.equal(world.clock.timerCount, 0);
});

Deno.test("the time that a call has waited for a session is part of its timeout", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  world.sockets[0]?.drop(1006);
  await settle();
  const call = connection.call("a");
  call.catch(() => {});
  await comeBack(world, 1);
  await quiet(world);
  world.clock.advance(DEFAULT_TIMEOUT_MS - (world.waits[0] ?? 0));
  await expectClientError(call, "timeout");
  connection.close();
});

const [ENCRYPTION_REQUIRED = "", UNSUPPORTED_VERSION = ""] = vectors.plaintext_errors.map((
  { frame },
) => frame);

for (
  const [code, text] of [
    ["client_removed", ENCRYPTION_REQUIRED],
    ["unsupported_version", UNSUPPORTED_VERSION],
  ] as const
) {
  Deno.test(`${code} ends the connection for good`, async () => {
    const infos: unknown[] = [];
    const world = setUpWorld({ onClose: (info) => infos.push(info) });
    const connection = await connect(world.options);
    const waiting = deferred<void>();
    const reading = (async () => {
      const notifications = connection.notifications();
      waiting.resolve();
      for await (const _ of notifications);
    })();
    reading.catch(() => {});
    await waiting.promise;
    world.device = text;
    world.sockets[0]?.drop(1006);
    await settle();
    const call = connection.call("a");
    call.catch(() => {});
    world.clock.advance(world.waits[0] ?? 0);
    const { error, isOwn } = await connection.closed;
    assert.deepEqual([error.code, isOwn], [code, false]);
    for (const failed of [call, reading, connection.call("b")]) {
      await expectClientError(failed, code);
    }
    assert.equal(world.clock.timerCount, 0);
    assert.equal(infos.length, 1);
  });
}

Deno.test("a session that a newer one replaced is not followed by another", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  world.sessions[0]?.close(4000);
  const { error, code } = await connection.closed;
  assert.deepEqual([error.code, code], ["connection_closed", 4000]);
  assert.match(error.message, /newer connection/);
  assert.deepEqual(world.waits, []);
  assert.equal(world.clock.timerCount, 0);
});

Deno.test("an unanswered heartbeat ends the session and not the connection", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  const [first] = world.sockets;
  assert.ok(first !== undefined);
  first.peer = () => {};
  world.clock.advance(HEARTBEAT_PERIOD_MS);
  await settle();
  world.clock.advance(DEFAULT_TIMEOUT_MS);
  await settle();
  assert.equal(world.errors[0]?.code, "timeout");
  assert.equal(first.closeCount, 1);
  await comeBack(world, 1);
  connection.close();
});

Deno.test("the first session's failure is thrown, and nothing is tried again", async () => {
  const world = setUpWorld();
  world.device = "away";
  await expectClientError(connect(world.options), "unreachable");
  assert.equal(world.sockets.length, 1);
  assert.equal(world.clock.timerCount, 0);
});

Deno.test("a signal ends the connection while it opens, while it is open and while it is away", async () => {
  const reason = new Error("Enough");
  const early = AbortSignal.abort(reason);
  const refused = setUpWorld({ signal: early });
  await assert.rejects(connect(refused.options), (error) => error === reason);
  assert.equal(refused.sockets.length, 0);

  const opening = new AbortController();
  const slow = setUpWorld({ signal: opening.signal });
  const connecting = connect(slow.options);
  opening.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
  assert.deepEqual([slow.sockets[0]?.closeCount, slow.clock.timerCount], [1, 0]);

  const open = new AbortController();
  const lively = setUpWorld({ signal: open.signal });
  const connection = await connect(lively.options);
  open.abort(reason);
  assert.equal((await connection.closed).isOwn, true);
  assert.deepEqual([lively.sockets[0]?.closeCount, lively.clock.timerCount], [1, 0]);

  const away = new AbortController();
  const lost = setUpWorld({ signal: away.signal });
  const lasting = await connect(lost.options);
  lost.sockets[0]?.drop(1006);
  await settle();
  away.abort(reason);
  await lasting.closed;
  assert.equal(lost.clock.timerCount, 0);
  assert.equal(lost.sockets.length, 1);
});

Deno.test("close() while a session is being opened opens none", async () => {
  const world = setUpWorld();
  const connection = await connect(world.options);
  world.sockets[0]?.drop(1006);
  await settle();
  world.clock.advance(world.waits[0] ?? 0);
  connection.close();
  await settle();
  assert.equal(world.sockets[1]?.closeCount, 1);
  assert.equal(world.reconnected, 0);
  assert.equal(world.clock.timerCount, 0);
});

Deno.test("a network that is back is tried at once, and an open session is asked", async () => {
  const clock = new FakeClock();
  let isBack: () => void = () => assert.fail("Nobody watches");
  let watchers = 0;
  const sockets = setUpWorld();
  const feed = new NotificationFeed();
  const waits: number[] = [];
  let reconnected = 0;
  const connection = await openLastingConnection({
    openSession: (signal) => connect({ ...sockets.options, reconnect: false, signal }),
    ...{ feed, clock, random: seededRandom(1), timeoutMs: 1000, signal: undefined },
    onLost: (_error, retryInMs) => waits.push(retryInMs),
    onReconnected: () => reconnected++,
    watchNetwork: (heard) => {
      isBack = heard;
      watchers += 1;
      return () => watchers -= 1;
    },
  });
  const sent = (): number => sockets.sockets.at(-1)?.sent.length ?? 0;
  const before = sent();
  isBack();
  while (sent() === before) await settle(1);
  sockets.sockets[0]?.drop(1006);
  await settle();
  assert.equal(waits.length, 1);
  isBack();
  isBack();
  while (reconnected === 0) await settle(1);
  assert.equal(sockets.sockets.length, 2);
  connection.close();
  assert.equal(watchers, 0);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a session that opens just when the connection ends is none", async () => {
  const world = setUpWorld();
  const opened = [deferred<Connection>(), deferred<Connection>()];
  let reconnected = 0;
  let lost = 0;
  let tries = 0;
  const connection = await openLastingConnection({
    openSession: () => {
      if (tries === 0) opened[0]?.resolve(connect({ ...world.options, reconnect: false }));
      return opened[tries++]?.promise ?? assert.fail("Tried too often");
    },
    ...{ feed: new NotificationFeed(), clock: world.clock, random: seededRandom(1) },
    ...{ timeoutMs: 1000, signal: undefined },
    onLost: () => lost++,
    onReconnected: () => reconnected++,
    watchNetwork: () => () => {},
  });
  world.sockets[0]?.drop(1006);
  await settle();
  world.clock.advance(FIRST_RETRY_MS);
  assert.deepEqual([tries, lost], [2, 1]);
  opened[1]?.resolve(await connect({ ...world.options, reconnect: false }));
  connection.close();
  await settle();
  assert.deepEqual([reconnected, lost, world.clock.timerCount], [0, 1, 0]);
});

Deno.test("a device that begins to want encryption ends a connection without it for good", async () => {
  const world = setUpWorld();
  const sockets: FakeWebSocket[] = [];
  const connection = await connectPlain({
    ...world.options,
    webSocket: () => {
      const socket = new FakeWebSocket();
      sockets.push(socket);
      socket.peer = () => socket.deliver("pong");
      queueMicrotask(() => socket.open());
      return socket;
    },
  });
  sockets[0]?.deliver(ENCRYPTION_REQUIRED);
  assert.equal((await connection.closed).error.code, "encryption_required");
  assert.deepEqual([sockets.length, world.waits.length, world.clock.timerCount], [1, 0, 0]);
});

Deno.test("a connection leaves nothing on a signal that outlives it", async () => {
  for (const reconnect of [true, false]) {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_type: string, listener: unknown) =>
      void listeners.delete(listener);
    const world = setUpWorld({ signal, reconnect });
    const connection = await connect(world.options);
    assert.equal(listeners.size, 1);
    connection.close();
    await settle();
    assert.equal(listeners.size, 0);
    world.device = "away";
    await expectClientError(connect(world.options), "unreachable");
    await settle();
    assert.equal(listeners.size, 0);
  }
});

Deno.test("a signal ends one session too, before, while and after it opens", async () => {
  const reason = new Error("Enough");
  const early = setUpWorld({ reconnect: false, signal: AbortSignal.abort(reason) });
  await assert.rejects(connect(early.options), (error) => error === reason);
  assert.equal(early.sockets.length, 0);
  const opening = new AbortController();
  const slow = setUpWorld({ reconnect: false, signal: opening.signal });
  const connecting = connect(slow.options);
  opening.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
  const open = new AbortController();
  const lively = setUpWorld({ reconnect: false, signal: open.signal });
  const connection = await connect(lively.options);
  open.abort(reason);
  assert.equal((await connection.closed).isOwn, true);
  assert.deepEqual([slow, lively].map(({ sockets }) => sockets[0]?.closeCount), [1, 1]);
});
