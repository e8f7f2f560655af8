// Frames of one connection told apart (docs/protocol.md §4), sessions used (§6).

import assert from "node:assert/strict";
import { MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES } from "../../../src/protocol/v1/frame.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { settle } from "../../support/fake_socket.ts";
import { createPhone, testClient } from "../../support/session_phone.ts";
import { open, REMOVED, REQUIRED, setUp, texts, UNSUPPORTED } from "./connection_fixture.ts";

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
  const phone = createPhone(testClient(), { salt: new Uint8Array(16), envelope: "binary" });
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

Deno.test("a client removed while its first frame was judged is cut", async () => {
  const fixture = setUp({ isPaired: false });
  const phone = createPhone(testClient(), { salt: new Uint8Array(16) });
  fixture.connection.receive(await phone.seal("x"));
  await settle();
  assert.ok(fixture.socket.isAborted);
  assert.deepEqual(fixture.handled, []);
});

Deno.test("a client that was removed here is told so, and only it", async () => {
  const { connection, socket, events } = setUp({ mustEncrypt: true });
  connection.receive(`{"v":1,"e":"AAAA","t":"${REMOVED}","s":"AAAA"}`);
  await settle();
  assert.deepEqual(socket.sent, [REQUIRED]);
  assert.equal(socket.closedWith, CLOSE_CODES.policy);
  assert.deepEqual(events, ["refused removed_token", "end"]);
});
