// Frames of one connection told apart (docs/protocol.md §4), sessions used (§6), queues bounded.

import assert from "node:assert/strict";
import { platformAead } from "../../../src/edges/platform/sync_aead.ts";
import { silentLogger } from "../../../src/base/log.ts";
import {
  type Envelope,
  MAX_FIRST_FRAME_BYTES,
  MAX_FRAME_BYTES,
} from "../../../src/protocol/v1/frame.ts";
import {
  Connection,
  MAX_INBOUND_BYTES,
  MAX_INBOUND_BYTES_UNKNOWN,
  MESSAGE_OVERHEAD_BYTES,
  PLAINTEXT_IDLE_MS,
  SESSION_DEADLINE_MS,
} from "../../../src/features/session/connection.ts";
import { openByVersion } from "../../../src/features/session/opening.ts";
import { V1Opening } from "../../../src/features/session/v1_opening.ts";
import {
  MAX_QUEUED_BYTES,
  MAX_QUEUED_BYTES_UNKNOWN,
  MAX_QUEUED_FRAMES,
  MAX_STALL_MS,
} from "../../../src/features/session/outbox.ts";
import {
  MAX_RUNNING_REQUESTS,
  MAX_WAITING_BYTES,
  MAX_WAITING_BYTES_UNKNOWN,
  MAX_WAITING_REQUESTS,
} from "../../../src/features/session/request_queue.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { Throttle } from "../../../src/features/session/throttle.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket, settle } from "../../support/fake_socket.ts";
import { MemoryLedger } from "../../support/memory_ledger.ts";
import { createPhone, type SessionPhone, testClient } from "../../support/session_phone.ts";

const REQUIRED = '{"error":"required"}';
const REMOVED = "33333333-3333-4333-8333-333333333333";
const UNSUPPORTED = '{"error":"unsupported"}';

interface Fixture {
  connection: Connection;
  socket: FakeSocket;
  clock: FakeClock;
  events: string[];
  /** Requests as the handler saw them, each with its client. */
  handled: string[];
  /** Lets a request that the handler holds back go on. */
  release: () => void;
}

function setUp(
  options: {
    mustEncrypt?: boolean;
    isPaired?: boolean;
    hold?: boolean;
    isLocal?: boolean;
  } = {},
): Fixture {
  const { mustEncrypt = false, isPaired = true, hold = false, isLocal = !mustEncrypt } = options;
  const client = testClient();
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const events: string[] = [];
  const handled: string[] = [];
  const gate = Promise.withResolvers<void>();
  const v1 = new V1Opening({
    clients: { findByToken: (token) => token === client.authToken ? client : undefined },
    removed: { wasRemoved: (token) => token === REMOVED },
    ledger: new MemoryLedger(client.clientId),
    throttle: new Throttle(),
    syncAead: platformAead,
    clock,
  });
  const connection = new Connection({
    socket,
    address: "10.0.0.2",
    connectionId: "c1",
    openSession: openByVersion([v1]),
    isPaired: () => isPaired,
    requests: (clientId) => ({
      handle: async (text) => {
        handled.push(`${clientId === undefined ? "plain" : "session"} ${text}`);
        if (hold) await gate.promise;
        if (text.startsWith("large")) return `re:${text}`.padEnd(390_000, "x");
        return text === "silent" ? undefined : `re:${text}`;
      },
      busy: (text) => `busy:${text}`,
    }),
    isLocal,
    mustEncrypt: () => mustEncrypt,
    plaintextErrors: { encryptionRequired: REQUIRED, unsupportedVersion: UNSUPPORTED },
    clock,
    log: silentLogger,
    events: {
      onSession: () => events.push("session"),
      onRefused: ({ reason }) => events.push(`refused ${reason}`),
      onFrame: () => events.push("frame"),
      onEnd: () => events.push("end"),
    },
  });
  return { connection, socket, clock, events, handled, release: gate.resolve };
}

async function open(
  fixture: Fixture,
  options: { envelope?: Envelope; salt?: number } = {},
): Promise<SessionPhone> {
  const { envelope = "json", salt = 1 } = options;
  const phone = await createPhone(testClient(), { salt: new Uint8Array(16).fill(salt), envelope });
  fixture.connection.receive(await phone.seal("ping"));
  await settle();
  const pong = fixture.socket.sent.at(-1);
  assert.ok(pong !== undefined);
  assert.equal(await phone.open(pong), "pong");
  return phone;
}

async function texts(fixture: Fixture, phone: SessionPhone, from = 1): Promise<string[]> {
  const opened: string[] = [];
  for (const message of fixture.socket.sent.slice(from)) {
    opened.push(await phone.open(message) ?? "(broken)");
  }
  return opened;
}

Deno.test("plaintext is answered where it is allowed, ping with pong", async () => {
  const { connection, socket, handled } = setUp();
  connection.receive("hello");
  connection.receive("ping");
  await settle();
  assert.deepEqual(handled, ["plain hello"]);
  assert.deepEqual(socket.sent.toSorted(), ["pong", "re:hello"]);
  connection.ended();
});

Deno.test("plaintext is refused where it is not, with the plaintext error and a close", async () => {
  for (const text of ["hello", "ping", "{}", '{"v":"1","e":"x","t":"y","s":"z"}', "[1]", ""]) {
    const { connection, socket, handled, events } = setUp({ mustEncrypt: true });
    connection.receive(text);
    await settle();
    assert.deepEqual(socket.sent, [REQUIRED]);
    assert.equal(socket.closedWith, CLOSE_CODES.policy);
    assert.deepEqual(handled, []);
    assert.deepEqual(events, ["refused encryption_required", "end"]);
  }
});

Deno.test("another version is told in plaintext, also after a binary frame", async () => {
  const phone = await createPhone(testClient(), { salt: new Uint8Array(16), envelope: "binary" });
  const frame = await phone.seal("x");
  assert.ok(typeof frame !== "string");
  frame[0] = 2;
  const json = '{"v":2,"e":"AA==","t":"x","s":"AA=="}';
  for (const message of [frame, json]) {
    const { connection, socket } = setUp({ mustEncrypt: true });
    connection.receive(message);
    await settle();
    assert.deepEqual(socket.sent, [UNSUPPORTED]);
    assert.equal(socket.closedWith, CLOSE_CODES.policy);
  }
});

Deno.test("a refused first frame closes without a message and never says -32002", async () => {
  const { connection, socket, events } = setUp({ mustEncrypt: true });
  connection.receive('{"v":1,"e":"AAAA","t":"nobody","s":"AAAA"}');
  await settle();
  assert.deepEqual(socket.sent, []);
  assert.equal(socket.closedWith, CLOSE_CODES.policy);
  assert.deepEqual(events, ["refused unknown_token", "end"]);
});

Deno.test("binary before a session that is no first frame closes", async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(17), new Uint8Array(18)]) {
    const { connection, socket, handled } = setUp();
    connection.receive(bytes);
    await settle();
    assert.equal(socket.closedWith, CLOSE_CODES.policy);
    assert.deepEqual([socket.sent, handled], [[], []]);
  }
});

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`a ${envelope} session answers and notifies in its own kind, in order`, async () => {
    const fixture = setUp({ mustEncrypt: true });
    const phone = await open(fixture, { envelope });
    const frames = [];
    for (let i = 0; i < 50; i++) frames.push(await phone.seal(`r${i}`));
    for (const frame of frames) fixture.connection.receive(frame);
    fixture.connection.notify("news");
    await settle(200);
    const answers = await texts(fixture, phone);
    assert.equal(answers.length, 51);
    assert.deepEqual(
      answers.toSorted(),
      ["news", ...Array.from({ length: 50 }, (_, i) => `re:r${i}`)].toSorted(),
    );
    assert.ok(fixture.handled.every((entry) => entry.startsWith("session ")));
    fixture.connection.ended();
  });

  Deno.test(`a ${envelope} session closes on a frame of the other kind`, async () => {
    const fixture = setUp();
    const phone = await open(fixture, { envelope });
    const frame = await phone.seal("x");
    const other = typeof frame === "string" ? new Uint8Array(40) : '{"e":"AAAA"}';
    fixture.connection.receive(other);
    await settle();
    assert.equal(fixture.socket.closedWith, CLOSE_CODES.policy);
    assert.deepEqual(fixture.handled, []);
  });
}

Deno.test("a session may open after plaintext, and what follows is encrypted", async () => {
  const fixture = setUp();
  fixture.connection.receive("hello");
  await settle();
  const phone = await open(fixture);
  fixture.connection.receive(await phone.seal("x"));
  await settle();
  assert.deepEqual(fixture.handled, ["plain hello", "session x"]);
  assert.deepEqual(await texts(fixture, phone, 2), ["re:x"]);
  fixture.connection.ended();
});

Deno.test("after a session, plaintext and broken frames close and nothing more runs", async () => {
  for (const bad of ["hello", "ping", "{}", '{"e":""}', '{"e":5}', '{"e":"AAAA"}', "[]"]) {
    const fixture = setUp();
    const phone = await open(fixture);
    const good = await phone.seal("after");
    fixture.connection.receive(bad);
    fixture.connection.receive(good);
    await settle();
    assert.equal(fixture.socket.closedWith, CLOSE_CODES.policy, bad);
    assert.deepEqual(fixture.handled, []);
    assert.equal(fixture.socket.sent.length, 1);
  }
});

Deno.test("a repeated frame closes: counters only go forward", async () => {
  const fixture = setUp();
  const phone = await open(fixture);
  const frame = await phone.seal("once");
  fixture.connection.receive(frame);
  fixture.connection.receive(frame);
  await settle();
  assert.deepEqual(fixture.handled, ["session once"]);
  assert.equal(fixture.socket.closedWith, CLOSE_CODES.policy);
});

Deno.test("other keys beside e are ignored after the first frame", async () => {
  const fixture = setUp();
  const phone = await open(fixture);
  const frame = JSON.parse(String(await phone.seal("x")));
  fixture.connection.receive(JSON.stringify({ ...frame, v: 9, t: "other", s: "" }));
  await settle();
  assert.deepEqual(fixture.handled, ["session x"]);
  fixture.connection.ended();
});

Deno.test("messages over 64 KiB close before a session and pass after it", async () => {
  const before = setUp();
  before.connection.receive("x".repeat(MAX_FIRST_FRAME_BYTES));
  before.connection.receive("y".repeat(MAX_FIRST_FRAME_BYTES + 1));
  await settle();
  assert.equal(before.handled.length, 1);
  assert.equal(before.socket.closedWith, CLOSE_CODES.tooBig);

  const after = setUp();
  const phone = await open(after);
  const text = "x".repeat(2 * MAX_FIRST_FRAME_BYTES);
  after.connection.receive(await phone.seal(text));
  await settle();
  assert.deepEqual(after.handled, [`session ${text}`]);
  after.connection.receive("x".repeat(MAX_FRAME_BYTES + 1));
  await settle();
  assert.equal(after.socket.closedWith, CLOSE_CODES.tooBig);
});

Deno.test("the limit counts bytes of UTF-8, not characters", async () => {
  const { connection, socket } = setUp();
  connection.receive("€".repeat(MAX_FIRST_FRAME_BYTES / 3 + 1));
  await settle();
  assert.equal(socket.closedWith, CLOSE_CODES.tooBig);
});

Deno.test("a peer that must open a session gets nothing before, and is cut after 10 s", async () => {
  const { connection, socket, clock } = setUp({ mustEncrypt: true });
  connection.notify("news");
  await settle();
  clock.advance(SESSION_DEADLINE_MS - 1);
  assert.equal(socket.isAborted, false);
  clock.advance(1);
  assert.ok(socket.isAborted);
  assert.deepEqual(socket.sent, []);
});

Deno.test("the device itself is notified once it has said something, and stays", async () => {
  const { connection, socket, clock } = setUp();
  connection.notify("too early");
  connection.receive("ping");
  await settle();
  connection.notify("news");
  await settle();
  clock.advance(10 * PLAINTEXT_IDLE_MS);
  assert.deepEqual(socket.sent, ["pong", "news"]);
  assert.equal(socket.isAborted, false);
  connection.ended();
});

Deno.test("a client removed while its first frame was judged is cut", async () => {
  const fixture = setUp({ isPaired: false });
  const phone = await createPhone(testClient(), { salt: new Uint8Array(16) });
  fixture.connection.receive(await phone.seal("x"));
  await settle();
  assert.ok(fixture.socket.isAborted);
  assert.deepEqual(fixture.handled, []);
});

Deno.test("requests beyond those that run and wait are answered busy", async () => {
  const fixture = setUp({ hold: true });
  const count = MAX_RUNNING_REQUESTS + MAX_WAITING_REQUESTS;
  for (let i = 0; i <= count; i++) fixture.connection.receive(`r${i}`);
  await settle();
  assert.deepEqual(fixture.socket.sent, [`busy:r${count}`]);
  fixture.connection.ended();
  fixture.release();
  await settle();
});

Deno.test("answers wait for a slow reader instead of cutting it", async () => {
  const { connection, socket, clock } = setUp();
  socket.isRead = false;
  for (let i = 0; i < 400; i++) connection.receive(`r${i}`);
  await settle(100);
  assert.ok(socket.sent.length <= MAX_QUEUED_FRAMES);
  assert.equal(socket.isAborted, false);
  for (let i = 0; i < 20; i++) {
    socket.drain();
    clock.advance(50);
    await settle(50);
  }
  assert.equal(socket.sent.length, 400);
  connection.ended();
});

Deno.test("a reader that takes nothing while answers wait is cut", async () => {
  const { connection, socket, clock } = setUp();
  socket.isRead = false;
  for (let i = 0; i < 400; i++) connection.receive(`r${i}`);
  await settle(100);
  clock.advance(MAX_STALL_MS - 100);
  assert.equal(socket.isAborted, false);
  clock.advance(200);
  assert.ok(socket.isAborted);
});

Deno.test("notifications that find the queue full in frames cut the reader", async () => {
  const { connection, socket } = setUp();
  connection.receive("silent");
  await settle();
  socket.isRead = false;
  for (let i = 0; i < MAX_QUEUED_FRAMES; i++) connection.notify("news");
  await settle(50);
  assert.equal(socket.isAborted, false);
  connection.notify("news");
  assert.ok(socket.isAborted);
});

Deno.test("notifications that find the queue full in bytes cut the reader", async () => {
  const { connection, socket } = setUp();
  connection.receive("silent");
  await settle();
  socket.isRead = false;
  const half = "x".repeat(MAX_QUEUED_BYTES_UNKNOWN / 2);
  connection.notify(half);
  connection.notify(half);
  await settle();
  assert.equal(socket.isAborted, false);
  connection.notify("x");
  assert.ok(socket.isAborted);
});

Deno.test("a peer with a session may leave more unread", async () => {
  const fixture = setUp();
  await open(fixture, { envelope: "binary" });
  fixture.socket.isRead = false;
  const half = "x".repeat(MAX_QUEUED_BYTES / 2 - 1024);
  fixture.connection.notify(half);
  fixture.connection.notify(half);
  // Sealing goes on in threads of the platform, for as long as it takes.
  while (fixture.socket.sent.length < 3) await settle(1);
  assert.equal(fixture.socket.isAborted, false);
  fixture.connection.notify("x".repeat(4096));
  assert.ok(fixture.socket.isAborted);
});

Deno.test("requests of a peer without a session wait in few bytes", async () => {
  const fixture = setUp({ hold: true });
  const large = "x".repeat(MAX_FIRST_FRAME_BYTES);
  const waiting = MAX_WAITING_BYTES_UNKNOWN / MAX_FIRST_FRAME_BYTES;
  for (let i = 0; i < MAX_RUNNING_REQUESTS + waiting; i++) fixture.connection.receive(large);
  await settle();
  assert.deepEqual(fixture.socket.sent, []);
  fixture.connection.receive("one more");
  await settle();
  assert.deepEqual(fixture.socket.sent, ["busy:one more"]);
  fixture.connection.ended();
  fixture.release();
  await settle();
});

Deno.test("a flood of messages cuts the connection, small and large ones", () => {
  for (const size of [0, 1000, 60_000]) {
    const { connection, socket } = setUp();
    floodOnce({ connection, socket, size, maxBytes: MAX_INBOUND_BYTES_UNKNOWN });
  }
});

Deno.test("a session may have more waiting before a flood cuts it", async () => {
  const fixture = setUp();
  await open(fixture, { envelope: "json" });
  const { connection, socket } = fixture;
  floodOnce({ connection, socket, size: 60_000, maxBytes: MAX_INBOUND_BYTES });
});

interface Flood {
  connection: Connection;
  socket: FakeSocket;
  size: number;
  maxBytes: number;
}

// As many messages as fit, and the one that is too much.
function floodOnce({ connection, socket, size, maxBytes }: Flood): void {
  const count = Math.floor(maxBytes / (size + MESSAGE_OVERHEAD_BYTES));
  for (let i = 0; i < count; i++) connection.receive("x".repeat(size));
  assert.equal(socket.isAborted, false);
  connection.receive("x".repeat(size));
  assert.ok(socket.isAborted);
}

Deno.test("6,000 messages at once are each answered or told that the device is busy", async () => {
  const fixture = setUp({ hold: true });
  const { connection, socket, clock } = fixture;
  const taken = MAX_RUNNING_REQUESTS + MAX_WAITING_REQUESTS;
  for (let i = 0; i < 6000; i++) connection.receive(`r${i}`);
  for (let i = 0; i < 100 && socket.sent.length < 6000 - taken; i++) {
    await settle();
    clock.advance(20);
  }
  assert.equal(socket.isAborted, false);
  const busy = Array.from({ length: 6000 - taken }, (_, i) => `busy:r${i + taken}`);
  assert.deepEqual(socket.sent, busy);
  connection.ended();
  fixture.release();
  await settle();
});

Deno.test("64 large answers at once reach a reader that takes them by and by", async () => {
  const { connection, socket, clock } = setUp();
  socket.isRead = false;
  for (let i = 0; i < 64; i++) connection.receive(`large ${i}`);
  let most = 0;
  for (let i = 0; i < 400 && socket.sent.length < 64; i++) {
    await settle(3);
    most = Math.max(most, socket.bufferedBytes);
    socket.bufferedBytes = Math.max(0, socket.bufferedBytes - 390_000);
    clock.advance(20);
  }
  assert.equal(socket.isAborted, false);
  assert.equal(socket.sent.length, 64);
  assert.ok(most <= MAX_QUEUED_BYTES_UNKNOWN / 2);
  connection.ended();
});

for (const isRead of [true, false]) {
  Deno.test(`busy answers to a peer that ${isRead ? "reads" : "does not read"} count until they are queued`, async () => {
    const fixture = setUp({ hold: true });
    const { connection, socket } = fixture;
    socket.isRead = isRead;
    const text = "x".repeat(60_000);
    const most = MAX_INBOUND_BYTES_UNKNOWN + MAX_QUEUED_BYTES_UNKNOWN + MAX_WAITING_BYTES_UNKNOWN;
    const count = Math.ceil(most / text.length) + MAX_RUNNING_REQUESTS;
    for (let i = 0; i < count && !socket.isAborted; i++) {
      connection.receive(text);
      await settle(1);
    }
    assert.equal(socket.isAborted, !isRead);
    connection.ended();
    fixture.release();
    await settle();
  });
}

Deno.test("what was dealt with gives its bytes back", async () => {
  const fixture = setUp();
  const phone = await open(fixture, { envelope: "binary" });
  const text = "x".repeat(MAX_FRAME_BYTES / 2);
  for (let i = 0; i < 12; i++) {
    fixture.connection.receive(await phone.seal(text));
    await settle(10);
  }
  assert.equal(fixture.socket.isAborted, false);
  assert.equal(fixture.handled.length, 12);
  fixture.connection.ended();
});

Deno.test("requests that waited and ran leave their room to others", async () => {
  const fixture = setUp({ hold: true });
  const phone = await open(fixture, { envelope: "binary" });
  const large = "x".repeat(MAX_WAITING_BYTES / 2);
  for (let i = 0; i < MAX_RUNNING_REQUESTS; i++) {
    fixture.connection.receive(await phone.seal("silent"));
  }
  for (let i = 0; i < 2; i++) {
    fixture.connection.receive(await phone.seal(large.slice(0, MAX_FRAME_BYTES - 100)));
  }
  await settle(40);
  assert.equal(fixture.handled.length, MAX_RUNNING_REQUESTS);
  fixture.release();
  await settle(40);
  assert.equal(fixture.handled.length, MAX_RUNNING_REQUESTS + 2);
  fixture.connection.ended();
});

Deno.test("a client that was removed here is told so, and only it", async () => {
  const { connection, socket, events } = setUp({ mustEncrypt: true });
  connection.receive(`{"v":1,"e":"AAAA","t":"${REMOVED}","s":"AAAA"}`);
  await settle();
  assert.deepEqual(socket.sent, [REQUIRED]);
  assert.equal(socket.closedWith, CLOSE_CODES.policy);
  assert.deepEqual(events, ["refused removed_token", "end"]);
});

Deno.test("a remote peer without a session hears nothing, and ends after 2 quiet minutes", async () => {
  const { connection, socket, clock } = setUp({ isLocal: false });
  connection.receive("hello");
  await settle();
  connection.notify("news");
  clock.advance(PLAINTEXT_IDLE_MS - 1);
  connection.receive("ping");
  await settle();
  clock.advance(PLAINTEXT_IDLE_MS - 1);
  assert.equal(socket.closedWith, undefined);
  clock.advance(1);
  assert.equal(socket.closedWith, CLOSE_CODES.policy);
  assert.deepEqual(socket.sent, ["re:hello", "pong"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a remote peer may wait for its answer, and rest in a session", async () => {
  const fixture = setUp({ isLocal: false, hold: true });
  fixture.connection.receive("slow");
  await settle();
  fixture.clock.advance(2 * PLAINTEXT_IDLE_MS);
  assert.equal(fixture.socket.closedWith, undefined);
  await open(fixture);
  fixture.clock.advance(10 * PLAINTEXT_IDLE_MS);
  assert.equal(fixture.socket.closedWith, undefined);
  fixture.connection.ended();
  fixture.release();
  await settle();
});

Deno.test("shutDown() answers what runs, then closes with 1001", async () => {
  const { connection, socket, release } = setUp({ hold: true });
  connection.receive("slow");
  await settle();
  const down = connection.shutDown();
  connection.receive("late");
  await settle();
  assert.equal(socket.closedWith, undefined);
  release();
  await down;
  assert.deepEqual(socket.sent, ["re:slow"]);
  assert.equal(socket.closedWith, CLOSE_CODES.goingAway);
});

Deno.test("a socket that fails to send cuts the connection", async () => {
  const { connection, socket } = setUp();
  connection.receive("silent");
  await settle();
  socket.send = () => {
    throw new Error("broken pipe");
  };
  connection.notify("news");
  await settle();
  assert.ok(socket.isAborted);
});

Deno.test("ended() may come twice and lets everything go", async () => {
  const { connection, events, clock } = setUp();
  connection.receive("hello");
  await settle();
  connection.ended();
  connection.ended();
  connection.receive("late");
  connection.notify("late");
  await settle();
  assert.deepEqual(events, ["end"]);
  assert.equal(clock.timerCount, 0);
});
