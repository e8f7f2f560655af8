// Peers of other hosts without a session share what they may hold in memory (docs/protocol.md §5).

import assert from "node:assert/strict";
import {
  MAX_INBOUND_BYTES_UNKNOWN,
  MESSAGE_OVERHEAD_BYTES,
} from "../../../src/features/session/inbox.ts";
import { MAX_QUEUED_BYTES_UNKNOWN } from "../../../src/features/session/outbox.ts";
import {
  MAX_RUNNING_REQUESTS,
  MAX_WAITING_BYTES_UNKNOWN,
  MAX_WAITING_REQUESTS,
} from "../../../src/features/session/request_queue.ts";
import {
  MAX_STRANGER_BYTES,
  OWN_ANSWER_BYTES,
  OWN_INBOUND_BYTES,
  StrangerRoom,
} from "../../../src/features/session/stranger_room.ts";
import { settle } from "../../support/fake_socket.ts";
import { type Fixture, open, setUp } from "./connection_fixture.ts";

const STRANGERS = 40;
const STRANGER = { isLocal: false } as const;
const TEXT = "x".repeat(60_000);
const COST = TEXT.length + MESSAGE_OVERHEAD_BYTES;

async function end(...fixtures: readonly Fixture[]): Promise<void> {
  for (const { connection, release } of fixtures) {
    connection.ended();
    release();
  }
  await settle();
}

Deno.test("strangers that read nothing hold little together, and give it back", async () => {
  const strangers = new StrangerRoom();
  const fixtures = Array.from({ length: STRANGERS }, () => {
    const fixture = setUp({ ...STRANGER, hold: true, strangers });
    fixture.socket.isRead = false;
    return fixture;
  });
  const most = MAX_INBOUND_BYTES_UNKNOWN + MAX_QUEUED_BYTES_UNKNOWN + MAX_WAITING_BYTES_UNKNOWN;
  let taken = 0;
  for (let i = 0; i < MAX_RUNNING_REQUESTS + most / TEXT.length; i++) {
    for (const { connection, socket } of fixtures) {
      if (socket.isAborted) continue;
      connection.receive(TEXT);
      if (!socket.isAborted) taken += COST;
    }
    await settle(1);
    assert.ok(strangers.bytes <= MAX_STRANGER_BYTES + STRANGERS * COST);
  }
  assert.ok(fixtures.every(({ socket }) => socket.isAborted));
  const own = OWN_INBOUND_BYTES + MAX_QUEUED_BYTES_UNKNOWN + MAX_WAITING_BYTES_UNKNOWN +
    MAX_RUNNING_REQUESTS * COST;
  assert.ok(taken <= STRANGERS * (own + COST) + MAX_STRANGER_BYTES);
  await end(...fixtures);
  assert.equal(strangers.bytes, 0);
});

Deno.test("a stranger's requests that run and wait fit whatever the others hold", async () => {
  const strangers = new StrangerRoom();
  strangers.change(MAX_STRANGER_BYTES + 1);
  const fixture = setUp({ ...STRANGER, hold: true, strangers });
  const { connection, socket, handled } = fixture;
  const count = MAX_RUNNING_REQUESTS + MAX_WAITING_REQUESTS;
  for (let i = 0; i < count; i++) connection.receive("r".padEnd(200, "x"));
  await settle();
  fixture.release();
  for (let i = 0; i < 50 && handled.length < count; i++) {
    await settle();
    fixture.clock.advance(20);
  }
  assert.equal(socket.isAborted, false);
  assert.equal(handled.length, count);
  await end(fixture);
  assert.equal(strangers.bytes, MAX_STRANGER_BYTES + 1);
});

Deno.test("a stranger beyond its own is cut where the others have taken the room", async () => {
  for (const isFull of [true, false]) {
    const strangers = new StrangerRoom();
    if (isFull) strangers.change(MAX_STRANGER_BYTES);
    const fixture = setUp({ ...STRANGER, strangers });
    const { connection, socket } = fixture;
    const most = isFull ? OWN_INBOUND_BYTES : MAX_INBOUND_BYTES_UNKNOWN;
    for (let i = 0; i < Math.floor(most / COST); i++) connection.receive(TEXT);
    assert.equal(socket.isAborted, false);
    connection.receive(TEXT);
    assert.ok(socket.isAborted);
    await end(fixture);
    assert.equal(strangers.bytes, isFull ? MAX_STRANGER_BYTES : 0);
  }
});

Deno.test("a message that is too much gives its bytes back", async () => {
  const strangers = new StrangerRoom();
  const fixture = setUp({ ...STRANGER, strangers });
  fixture.connection.receive("x".repeat(MAX_INBOUND_BYTES_UNKNOWN));
  assert.ok(fixture.socket.isAborted);
  assert.equal(strangers.bytes, 0);
  await end(fixture);
});

Deno.test("the device itself and a session have no part in the strangers' room", async () => {
  const strangers = new StrangerRoom();
  strangers.change(MAX_STRANGER_BYTES);
  const local = setUp({ isLocal: true, strangers });
  const session = setUp({ ...STRANGER, mustEncrypt: true, strangers });
  await open(session);
  for (const { connection, socket } of [local, session]) {
    for (let i = 0; i < Math.floor(MAX_INBOUND_BYTES_UNKNOWN / COST); i++) connection.receive(TEXT);
    assert.equal(socket.isAborted, false);
    assert.equal(strangers.bytes, MAX_STRANGER_BYTES);
  }
  await end(local, session);
});

Deno.test("large answers that wait for strangers share the room; beyond it they are busy", async () => {
  const strangers = new StrangerRoom();
  const fixtures = Array.from({ length: 3 }, () => setUp({ ...STRANGER, strangers }));
  for (const { connection, socket } of fixtures) {
    socket.isRead = false;
    for (let i = 0; i < MAX_RUNNING_REQUESTS; i++) connection.receive(`large ${i}`);
    await settle(100);
    assert.ok(strangers.bytes <= MAX_STRANGER_BYTES);
  }
  const [first, , last] = fixtures.map(({ socket }) => socket.sent);
  for (let i = 0; i < 100; i++) {
    for (const { socket, clock } of fixtures) {
      socket.bufferedBytes = 0;
      clock.advance(20);
    }
    await settle(3);
  }
  assert.equal(first?.filter((text) => String(text).startsWith("re:")).length, 16);
  assert.equal(last?.length, MAX_RUNNING_REQUESTS);
  assert.deepEqual(last?.slice(1), last?.slice(1).map((_, i) => `busy:large ${i + 1}`));
  assert.equal(strangers.bytes, 0);
  await end(...fixtures);
});

Deno.test("large answers to the device itself wait however full the room is", async () => {
  const strangers = new StrangerRoom();
  strangers.change(MAX_STRANGER_BYTES);
  const fixture = setUp({ isLocal: true, strangers });
  const { connection, socket, clock } = fixture;
  socket.isRead = false;
  for (let i = 0; i < MAX_RUNNING_REQUESTS; i++) connection.receive(`large ${i}`);
  for (let i = 0; i < 100 && socket.sent.length < MAX_RUNNING_REQUESTS; i++) {
    await settle(3);
    socket.bufferedBytes = 0;
    clock.advance(20);
  }
  assert.equal(socket.sent.length, MAX_RUNNING_REQUESTS);
  assert.ok(socket.sent.every((text) => String(text).startsWith("re:large")));
  assert.equal(strangers.bytes, MAX_STRANGER_BYTES);
  await end(fixture);
});

Deno.test("a small answer of a stranger is never busy for the others' sake", async () => {
  const strangers = new StrangerRoom();
  strangers.change(MAX_STRANGER_BYTES);
  const handle = (text: string): string => text.padEnd(OWN_ANSWER_BYTES, "x");
  const fixture = setUp({ ...STRANGER, strangers, handle });
  const { connection, socket, clock } = fixture;
  socket.isRead = false;
  for (let i = 0; i < 300; i++) connection.receive(`r${i}`);
  for (let i = 0; i < 100 && socket.sent.length < 300; i++) {
    await settle();
    socket.bufferedBytes = 0;
    clock.advance(20);
  }
  assert.equal(socket.sent.length, 300);
  assert.ok(socket.sent.every((text) => text.length === OWN_ANSWER_BYTES));
  await end(fixture);
});

Deno.test("a large answer to a stranger that reads is sent however full the room is", async () => {
  const strangers = new StrangerRoom();
  strangers.change(MAX_STRANGER_BYTES);
  const fixture = setUp({ ...STRANGER, strangers });
  for (let i = 0; i < 3; i++) {
    fixture.connection.receive(`large ${i}`);
    await settle();
  }
  assert.ok(fixture.socket.sent.every((text) => String(text).startsWith("re:large")));
  assert.equal(fixture.socket.sent.length, 3);
  await end(fixture);
});
