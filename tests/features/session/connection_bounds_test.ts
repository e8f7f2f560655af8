// What waits on one connection is bounded, in both directions (docs/protocol.md §5 and §6).

import assert from "node:assert/strict";
import { MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES } from "../../../src/protocol/v1/frame.ts";
import {
  MAX_INBOUND_BYTES,
  MAX_INBOUND_BYTES_UNKNOWN,
  MESSAGE_OVERHEAD_BYTES,
} from "../../../src/features/session/inbox.ts";
import type { Connection } from "../../../src/features/session/connection.ts";
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
import { type FakeSocket, settle } from "../../support/fake_socket.ts";
import { createPhone, testClient } from "../../support/session_phone.ts";
import { open, setUp } from "./connection_fixture.ts";

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

for (const isAuthentic of [true, false]) {
  Deno.test(`who ${isAuthentic ? "is" : "is not"} proven by a first frame`, async () => {
    const gate = Promise.withResolvers<void>();
    const fixture = setUp({ recorded: gate.promise });
    const { connection, socket } = fixture;
    const phone = createPhone(testClient(), { salt: new Uint8Array(16).fill(1) });
    const first = String(await phone.seal("ping"));
    const text = "x".repeat(60_000);
    const frames = [];
    const count = MAX_INBOUND_BYTES_UNKNOWN / text.length + 1;
    for (let i = 0; i < count; i++) frames.push(await phone.seal(text));
    connection.receive(isAuthentic ? first : first.replace(/"e":"../, '"e":"AA'));
    await settle(1);
    for (const frame of frames) connection.receive(frame);
    assert.equal(socket.isAborted, false);
    gate.resolve();
    await settle();
    // Opening goes on in threads of the platform, for as long as it takes.
    while (isAuthentic && fixture.handled.length < frames.length) await settle(1);
    assert.equal(fixture.handled.length, isAuthentic ? frames.length : 0);
    connection.ended();
    // The last answers are still being sealed.
    await settle();
  });
}

Deno.test("a flood of messages behind a first frame that is being judged cuts the connection", async () => {
  const { connection, socket } = setUp();
  const phone = createPhone(testClient(), { salt: new Uint8Array(16).fill(1) });
  connection.receive(await phone.seal("ping"));
  const count = Math.ceil(MAX_INBOUND_BYTES_UNKNOWN / 60_000);
  for (let i = 0; i < count; i++) connection.receive("x".repeat(60_000));
  assert.ok(socket.isAborted);
  // The first frame is still being judged.
  await settle();
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
    while (fixture.handled.length <= i && !fixture.socket.isAborted) await settle(1);
  }
  assert.equal(fixture.socket.isAborted, false);
  assert.equal(fixture.handled.length, 12);
  fixture.connection.ended();
  await settle();
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
  while (fixture.handled.length < MAX_RUNNING_REQUESTS) await settle(1);
  await settle(40);
  assert.equal(fixture.handled.length, MAX_RUNNING_REQUESTS);
  fixture.release();
  while (fixture.handled.length < MAX_RUNNING_REQUESTS + 2) await settle(1);
  fixture.connection.ended();
  await settle();
});
