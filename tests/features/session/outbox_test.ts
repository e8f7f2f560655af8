// What the queue of frames to a peer holds and gives back (docs/protocol.md §5).

import assert from "node:assert/strict";
import { MAX_QUEUED_FRAMES, Outbox } from "../../../src/features/session/outbox.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket } from "../../support/fake_socket.ts";

const MAX_BYTES = 10_000;

function setUp(sealsAtOnce: boolean): { outbox: Outbox; socket: FakeSocket } {
  const socket = new FakeSocket();
  const outbox = new Outbox({
    socket,
    clock: new FakeClock(),
    seal: (text) => sealsAtOnce ? text : Promise.resolve(text),
    maxBytes: () => MAX_BYTES,
    onFailure: (reason) => assert.fail(reason),
  });
  return { outbox, socket };
}

const ROWS = [
  ["reads at once", { isRead: true, sealsAtOnce: false }],
  ["reads late", { isRead: false, sealsAtOnce: false }],
  ["reads late what is sealed at once", { isRead: false, sealsAtOnce: true }],
] as const;
for (const [peer, { isRead, sealsAtOnce }] of ROWS) {
  Deno.test(`a queue is empty again for a peer that ${peer}: frames`, async () => {
    const { outbox, socket } = setUp(sealsAtOnce);
    for (let round = 0; round < 3; round++) {
      socket.isRead = isRead;
      for (let i = 0; i < MAX_QUEUED_FRAMES; i++) assert.equal(outbox.push("x"), true);
      assert.equal(outbox.push("x"), false);
      await outbox.flushed();
      assert.equal(outbox.push("x"), isRead);
      socket.drain();
      await outbox.flushed();
    }
  });

  Deno.test(`a queue is empty again for a peer that ${peer}: bytes`, async () => {
    const { outbox, socket } = setUp(sealsAtOnce);
    for (let round = 0; round < 3; round++) {
      socket.isRead = isRead;
      // The first would fit in any case.
      assert.equal(outbox.push("x"), true);
      assert.equal(outbox.push("x".repeat(MAX_BYTES - 1)), true);
      assert.equal(outbox.push("x"), false);
      await outbox.flushed();
      assert.equal(outbox.push("x"), isRead);
      socket.drain();
      await outbox.flushed();
    }
  });
}

Deno.test("a text is sent at once where nothing waits before it, else behind what does", async () => {
  const socket = new FakeSocket();
  const gate = Promise.withResolvers<void>();
  const outbox = new Outbox({
    socket,
    clock: new FakeClock(),
    seal: (text) => text === "slow" ? gate.promise.then(() => text) : text,
    maxBytes: () => MAX_BYTES,
    onFailure: (reason) => assert.fail(reason),
  });
  outbox.push("first");
  assert.equal(outbox.pushInTurn("second"), undefined);
  assert.deepEqual(socket.sent, ["first", "second"]);
  for (const text of ["slow", "third"]) outbox.push(text);
  assert.equal(outbox.pushInTurn("fourth"), undefined);
  assert.deepEqual(socket.sent, ["first", "second"]);
  gate.resolve();
  await outbox.flushed();
  assert.deepEqual(socket.sent, ["first", "second", "slow", "third", "fourth"]);
  outbox.push("last");
  assert.equal(socket.sent.at(-1), "last");
});

for (const how of ["throws", "rejects"] as const) {
  Deno.test(`a cipher that ${how} fails the queue once and sends nothing more`, async () => {
    const socket = new FakeSocket();
    const failures: string[] = [];
    const outbox = new Outbox({
      socket,
      clock: new FakeClock(),
      seal: () => {
        if (how === "throws") throw new RangeError("counter");
        return Promise.reject(new RangeError("counter"));
      },
      maxBytes: () => MAX_BYTES,
      onFailure: (reason) => {
        failures.push(reason);
        outbox.close();
      },
    });
    outbox.push("a");
    outbox.push("b");
    await outbox.flushed();
    assert.deepEqual([failures, socket.sent], [["send_failed"], []]);
  });
}
