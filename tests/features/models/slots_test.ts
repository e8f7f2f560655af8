// Places and their queue.

import assert from "node:assert/strict";
import { Slots } from "../../../src/features/models/slots.ts";
import { refused } from "./gateway_world.ts";

const never = new AbortController().signal;

Deno.test("places go to those who wait in their turn, and those who leave miss nothing", async () => {
  const slots = new Slots({ max: 1, queue: 3 });
  const order: string[] = [];
  const first = await slots.acquire(never);
  const leaving = new AbortController();
  const enter = async (name: string, signal = never): Promise<() => void> => {
    const release = await slots.acquire(signal);
    order.push(name);
    return release;
  };
  const waiting = [enter("a"), enter("b", leaving.signal), enter("c")];
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
  const slots = new Slots({ max: 1, queue: 0 });
  await assert.rejects(slots.acquire(AbortSignal.abort(new Error("left"))), /left/);
  const release = await slots.acquire(never);
  assert.equal((await refused(slots.acquire(never), "unavailable")).retryAfterS, 1);
  release();
  (await slots.acquire(never))();
});
