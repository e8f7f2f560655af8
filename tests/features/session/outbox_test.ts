// What the queue of frames to a peer holds and gives back (docs/protocol.md §5).

import assert from "node:assert/strict";
import { MAX_QUEUED_FRAMES, Outbox } from "../../../src/features/session/outbox.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket } from "../../support/fake_socket.ts";

const MAX_BYTES = 10_000;

function setUp(): { outbox: Outbox; socket: FakeSocket } {
  const socket = new FakeSocket();
  const outbox = new Outbox({
    socket,
    clock: new FakeClock(),
    seal: (text) => text,
    maxBytes: () => MAX_BYTES,
    onFailure: (reason) => assert.fail(reason),
  });
  return { outbox, socket };
}

for (const isRead of [true, false]) {
  const peer = isRead ? "reads at once" : "reads late";
  Deno.test(`a queue is empty again for a peer that ${peer}: frames`, async () => {
    const { outbox, socket } = setUp();
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
    const { outbox, socket } = setUp();
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
