// Places and their queue.

import assert from "node:assert/strict";
import {
  Semaphore,
  type SlotLimits,
  type SlotUser,
} from "../../../src/features/models/semaphore.ts";
import { refused } from "./gateway_world.ts";

const never = new AbortController().signal;
const A = { keyId: "a" };
const B = { keyId: "b" };

interface World {
  slots: Semaphore;
  /** The names of requests in the order in which they got a place. */
  order: string[];
  /** Asks for a place under a name; the release. */
  enter(name: string, user?: SlotUser, signal?: AbortSignal): Promise<() => void>;
}

function world(limits: SlotLimits | (() => SlotLimits)): World {
  const slots = new Semaphore(typeof limits === "function" ? limits : () => limits);
  const order: string[] = [];
  return {
    slots,
    order,
    enter: async (name, user = A, signal = never) => {
      const release = await slots.acquire(signal, user);
      order.push(name);
      return release;
    },
  };
}

/** Lets every request go as soon as it has its place, one after the other; the order. */
async function drain(entering: readonly Promise<() => void>[]): Promise<void> {
  await Promise.allSettled(entering.map(async (one) => (await one)()));
}

Deno.test("places go to those who wait in their turn, and those who leave miss nothing", async () => {
  const { slots, order, enter } = world({ max: 1, queue: 3 });
  const first = await slots.acquire(never, A);
  const leaving = new AbortController();
  const waiting = [enter("a"), enter("b", A, leaving.signal), enter("c")];
  assert.deepEqual(slots.counts(), { free: 0, waiting: 3 });
  leaving.abort(new Error("left"));
  await assert.rejects(async () => await waiting[1], /left/);
  assert.deepEqual(slots.counts(), { free: 0, waiting: 2 });
  first();
  first();
  const second = await waiting[0];
  assert.deepEqual(order, ["a"]);
  second?.();
  (await waiting[2])?.();
  assert.deepEqual(order, ["a", "c"]);
  assert.deepEqual(slots.counts(), { free: 1, waiting: 0 });
});

Deno.test("a full queue refuses, and whoever left before asking is not let in", async () => {
  const { slots } = world({ max: 1, queue: 0 });
  await assert.rejects(slots.acquire(AbortSignal.abort(new Error("left")), A), /left/);
  const release = await slots.acquire(never, A);
  assert.equal((await refused(slots.acquire(never, B), "unavailable")).retryAfterS, 1);
  release();
  (await slots.acquire(never, A))();
});

Deno.test("places go round the keys, and a key that asks for much waits for itself", async () => {
  const { slots, order, enter } = world({ max: 1, queue: 10 });
  const first = await slots.acquire(never, A);
  const waiting = [
    ...["a1", "a2", "a3", "a4"].map((name) => enter(name, A)),
    ...["b1", "b2"].map((name) => enter(name, B)),
    enter("c1", { keyId: "c" }),
  ];
  first();
  await drain(waiting);
  assert.deepEqual(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
  assert.deepEqual(slots.counts(), { free: 1, waiting: 0 });
});

Deno.test("where the queue is full the key that waits with most makes room", async () => {
  const { slots, order, enter } = world({ max: 1, queue: 4 });
  const first = await slots.acquire(never, A);
  const ofA = ["a1", "a2", "a3", "a4"].map((name) => enter(name, A));
  const newest = refused(ofA[3] ?? Promise.resolve(), "unavailable");
  const next = refused(ofA[2] ?? Promise.resolve(), "unavailable");
  const b1 = enter("b1", B);
  assert.equal((await newest).retryAfterS, 1);
  const b2 = enter("b2", B);
  await next;
  // Both wait with two: neither is taken from for the other.
  await refused(enter("b3", B), "unavailable");
  await refused(enter("a5", A), "unavailable");
  assert.deepEqual(slots.counts(), { free: 0, waiting: 4 });
  first();
  await drain([...ofA, b1, b2]);
  assert.deepEqual(order, ["a1", "b1", "a2", "b2"]);
});

Deno.test("no request is pushed out for one of a key that would then wait with as many", async () => {
  const { slots, enter } = world({ max: 1, queue: 3 });
  const first = await slots.acquire(never, A);
  const waiting = [enter("a1", A), enter("a2", A), enter("b1", B)];
  await refused(enter("b2", B), "unavailable");
  first();
  await drain(waiting);
});

Deno.test("a weight is a share of the places and of the queue", async () => {
  const { slots, order, enter } = world({ max: 4, queue: 100 });
  const held = await Promise.all([1, 2, 3, 4].map(() => slots.acquire(never, { keyId: "c" })));
  const heavy = { keyId: "a", weight: 3 };
  for (let n = 0; n < 6; n++) void enter("a", heavy);
  for (let n = 0; n < 6; n++) void enter("b", B);
  for (const release of held) release();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(order.toSorted(), ["a", "a", "a", "b"]);

  const full = world({ max: 1, queue: 4 });
  await full.slots.acquire(never, A);
  const light = [1, 2].map(() => full.enter("b", B));
  for (let n = 0; n < 2; n++) void full.enter("a", heavy);
  // Two of weight three are less than two of weight one.
  const evicted = refused(light[1] ?? Promise.resolve(), "unavailable");
  void full.enter("a", heavy);
  await evicted;
  // Three of weight three are as few as one of weight one, and make no room for a second.
  await refused(full.enter("b", B), "unavailable");
});

Deno.test("a key has no more places at once than it may, though others are free", async () => {
  const { slots, order, enter } = world({ max: 4, queue: 4 });
  const one = { keyId: "a", concurrent: 1 };
  const first = await enter("a1", one);
  const second = enter("a2", one);
  const other = await enter("b1", B);
  assert.deepEqual([order, slots.counts()], [["a1", "b1"], { free: 2, waiting: 1 }]);
  other();
  await Promise.resolve();
  assert.equal(slots.counts().waiting, 1);
  first();
  (await second)();
  assert.deepEqual(order, ["a1", "b1", "a2"]);
});

Deno.test("places and queue may change: more are given at once, fewer as they come back", async () => {
  let limits = { max: 1, queue: 2 };
  const { slots, order, enter } = world(() => limits);
  const waiting = [await enter("1")].map((release) => Promise.resolve(release));
  waiting.push(enter("2"), enter("3"));
  limits = { max: 3, queue: 2 };
  waiting.push(enter("4", B));
  await Promise.all(waiting.slice(0, 3));
  assert.deepEqual(order, ["1", "2", "3"]);
  limits = { max: 1, queue: 0 };
  await refused(enter("5", B), "unavailable");
  (await waiting[0])?.();
  // Still one more than there may be.
  assert.deepEqual(slots.counts(), { free: 0, waiting: 1 });
  await drain(waiting);
  assert.deepEqual(order, ["1", "2", "3", "4"]);
  assert.equal(slots.counts().free, 1);
});

Deno.test("nobody is passed over for ever by a key that comes anew each time", async () => {
  const { slots, order, enter } = world({ max: 1, queue: 10 });
  let release = await slots.acquire(never, B);
  const waiting = enter("patient", A);
  for (let n = 0; n < 3 && order.length < 1; n++) {
    // Each time another key that has never been served.
    const next = enter("new", { keyId: `new${n}` });
    release();
    release = await Promise.race([next, waiting]);
  }
  assert.equal(order[0], "patient");
});

Deno.test("requests that wait get what a raised limit gives, without another that comes or ends", async () => {
  let limits = { max: 1, queue: 4 };
  const { slots, order, enter } = world(() => limits);
  await enter("1");
  const waiting = [enter("2"), enter("3", B), enter("4")];
  await Promise.resolve();
  assert.deepEqual(order, ["1"]);
  limits = { max: 3, queue: 4 };
  slots.limitsChanged();
  await Promise.all(waiting.slice(0, 2));
  assert.deepEqual(order, ["1", "3", "2"]);
  assert.deepEqual(slots.counts(), { free: 0, waiting: 1 });
});

Deno.test("requests of a key that wait follow its new limits", async () => {
  const { slots, enter } = world({ max: 3, queue: 4 });
  const one = { keyId: "a", concurrent: 1 };
  await enter("1", one);
  const waiting = [enter("2", one), enter("3", one)];
  slots.userChanged({ keyId: "a", concurrent: 2 });
  await waiting[0];
  assert.deepEqual(slots.counts(), { free: 1, waiting: 1 });
  // A request that comes with them says it as well.
  slots.userChanged({ keyId: "b", concurrent: 9 });
  assert.deepEqual(slots.counts(), { free: 1, waiting: 1 });
  void enter("4", { keyId: "a", concurrent: 3 });
  await waiting[1];
  assert.deepEqual(slots.counts(), { free: 0, waiting: 1 });
});
