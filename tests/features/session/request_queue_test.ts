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

Deno.test("requests that are done at once take no place, and those that waited go in order", async () => {
  const { queue, endOne } = setUp();
  const ran: number[] = [];
  for (let i = 0; i < MAX_WAITING_REQUESTS; i++) {
    assert.equal(queue.push({ length: 0, run: () => void ran.push(i) }), true);
  }
  assert.equal(ran.length, 0);
  await endOne();
  assert.deepEqual(ran, Array.from({ length: MAX_WAITING_REQUESTS }, (_, i) => i));
  for (let i = 1; i < MAX_RUNNING_REQUESTS; i++) await endOne();
  assert.equal(queue.isIdle, true);
  for (let i = 0; i <= MAX_RUNNING_REQUESTS; i++) {
    assert.equal(queue.push({ length: MAX_BYTES, run: () => void ran.push(-1) }), true);
    assert.equal(queue.isIdle, true);
  }
  assert.equal(ran.filter((i) => i === -1).length, MAX_RUNNING_REQUESTS + 1);
  await queue.idle();
});

Deno.test("idle() ends with a request that is done at once behind one that is not", async () => {
  const queue = new RequestQueue(() => MAX_BYTES);
  const slow = Promise.withResolvers<void>();
  queue.push({ length: 0, run: () => slow.promise });
  const idle = queue.idle();
  queue.push({ length: 0, run: () => {} });
  assert.equal(queue.isIdle, false);
  slow.resolve();
  await idle;
  assert.equal(queue.isIdle, true);
});

Deno.test("idle() that is asked within a request ends with it, also where that is done at once", async () => {
  const queue = new RequestQueue(() => MAX_BYTES);
  let idle: Promise<void> | undefined;
  queue.push({
    length: 0,
    run: () => {
      idle = queue.idle();
    },
  });
  await idle;
  assert.ok(idle !== undefined && queue.isIdle);
});
