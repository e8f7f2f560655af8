// What a queue of requests holds and gives back (docs/protocol.md §6).

import assert from "node:assert/strict";
import {
  type AcceptedRequest,
  MAX_RUNNING_REQUESTS,
  MAX_WAITING_REQUESTS,
  RequestQueue,
} from "../../../src/features/session/request_queue.ts";
import { TURN_BUDGET_MS, TurnBudget } from "../../../src/features/session/turn_budget.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const MAX_BYTES = 10_000;

interface Fixture {
  queue: RequestQueue;
  /** Ends that of the running requests which began first. */
  endOne(): Promise<void>;
  request(length: number): AcceptedRequest;
}

function setUp(): Fixture {
  const running: (() => void)[] = [];
  const queue = new RequestQueue({
    maxWaitingBytes: () => MAX_BYTES,
    turn: new TurnBudget(new FakeClock()),
  });
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
  const queue = new RequestQueue({
    maxWaitingBytes: () => MAX_BYTES,
    turn: new TurnBudget(new FakeClock()),
  });
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
  const queue = new RequestQueue({
    maxWaitingBytes: () => MAX_BYTES,
    turn: new TurnBudget(new FakeClock()),
  });
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

interface Busy {
  clock: FakeClock;
  /** The requests that began, in order. */
  begun: string[];
  /** A queue of one connection, whose requests work for so long. */
  connect(name: string): { queue: RequestQueue; ask(n: number, workMs: number): boolean };
}

function share(): Busy {
  const clock = new FakeClock();
  const turn = new TurnBudget(clock);
  const begun: string[] = [];
  return {
    clock,
    begun,
    connect: (name) => {
      const queue = new RequestQueue({ maxWaitingBytes: () => MAX_BYTES, turn });
      const ask = (n: number, workMs: number): boolean =>
        queue.push({
          length: 1,
          run: () => {
            begun.push(`${name}${n}`);
            clock.pass(workMs);
          },
        });
      return { queue, ask };
    },
  };
}

Deno.test("long requests of one read are spread over turns, and connections alternate", () => {
  const { clock, begun, connect } = share();
  const [a, b] = [connect("a"), connect("b")];
  for (let n = 0; n < 3; n++) assert.equal(a.ask(n, TURN_BUDGET_MS), true);
  for (let n = 0; n < 3; n++) assert.equal(b.ask(n, TURN_BUDGET_MS), true);
  assert.deepEqual(begun, ["a0"]);
  for (const next of ["a1", "b0", "a2", "b1", "b2"]) {
    clock.advance(0);
    assert.equal(begun.at(-1), next);
  }
  assert.equal(begun.length, 6);
  assert.deepEqual([a.queue.isIdle, b.queue.isIdle, clock.timerCount], [true, true, 0]);
});

Deno.test("short requests share a turn, and what others did long ago costs nobody a turn", () => {
  const { clock, begun, connect } = share();
  const { ask } = connect("a");
  for (let n = 0; n < 200; n++) ask(n, 0.5);
  assert.deepEqual([begun.length, clock.timerCount], [200, 0]);
  ask(200, 3 * TURN_BUDGET_MS);
  clock.pass(TURN_BUDGET_MS);
  ask(201, 0);
  assert.deepEqual([begun.length, clock.timerCount], [202, 0]);
});

Deno.test("nobody overtakes what waits for a turn on its connection", () => {
  const { clock, begun, connect } = share();
  const { ask } = connect("a");
  ask(0, TURN_BUDGET_MS);
  ask(1, 0);
  clock.pass(TURN_BUDGET_MS);
  ask(2, 0);
  assert.deepEqual(begun, ["a0"]);
  clock.advance(0);
  assert.deepEqual(begun, ["a0", "a1", "a2"]);
});

Deno.test("who waits for a turn is waited for, counts against the bounds, and is forgotten at the end", async () => {
  const { clock, begun, connect } = share();
  const { queue, ask } = connect("a");
  ask(0, TURN_BUDGET_MS);
  for (let n = 1; n <= MAX_WAITING_REQUESTS; n++) assert.equal(ask(n, 0), true);
  assert.equal(ask(-1, 0), false);
  assert.equal(queue.isIdle, false);
  let isOver = false;
  const idle = queue.idle().then(() => isOver = true);
  await Promise.resolve();
  assert.equal(isOver, false);
  queue.dropWaiting();
  await idle;
  clock.advance(0);
  assert.deepEqual(begun, ["a0"]);
  assert.equal(ask(1, 0), true);
  assert.deepEqual(begun, ["a0", "a1"]);
});
