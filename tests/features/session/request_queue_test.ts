// What a queue of requests holds and gives back (docs/protocol.md §6).

import assert from "node:assert/strict";
import {
  type AcceptedRequest,
  MAX_RUNNING_REQUESTS,
  MAX_WAITING_REQUESTS,
  RequestQueue,
} from "../../../src/features/session/request_queue.ts";

const MAX_BYTES = 10_000;

interface Fixture {
  queue: RequestQueue;
  /** Ends that of the running requests which began first. */
  endOne(): Promise<void>;
  request(length: number): AcceptedRequest;
}

function setUp(): Fixture {
  const running: (() => void)[] = [];
  const queue = new RequestQueue(() => MAX_BYTES);
  const request = (length: number): AcceptedRequest => ({
    length,
    run: () => new Promise<void>((resolve) => running.push(resolve)),
  });
  for (let i = 0; i < MAX_RUNNING_REQUESTS; i++) assert.equal(queue.push(request(MAX_BYTES)), true);
  return {
    queue,
    request,
    endOne: async () => {
      running.shift()?.();
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

Deno.test("a waiting request gives its bytes back when it begins", async () => {
  const { queue, request, endOne } = setUp();
  for (let round = 0; round < 3; round++) {
    assert.equal(queue.push(request(MAX_BYTES)), true);
    assert.equal(queue.push(request(1)), false);
    await endOne();
  }
  assert.equal(queue.push(request(MAX_BYTES + 1)), false);
});

Deno.test("dropWaiting() gives places and bytes back, and what was dropped never runs", async () => {
  const { queue, request, endOne } = setUp();
  const dropped: AcceptedRequest = { length: 0, run: () => assert.fail("it was dropped") };
  for (let i = 0; i < MAX_WAITING_REQUESTS; i++) assert.equal(queue.push(dropped), true);
  assert.equal(queue.push(request(0)), false);
  queue.dropWaiting();
  assert.equal(queue.push(request(MAX_BYTES)), true);
  assert.equal(queue.push(request(1)), false);
  queue.dropWaiting();
  assert.equal(queue.push(request(MAX_BYTES)), true);
  const idle = queue.idle();
  for (let i = 0; i <= MAX_RUNNING_REQUESTS; i++) {
    assert.equal(queue.isIdle, false);
    await endOne();
  }
  await idle;
  assert.equal(queue.isIdle, true);
});
