import assert from "node:assert/strict";
import { allDone } from "./support/all_done.ts";

Deno.test("allDone() gives the results in their order", async () => {
  const [one, two, three] = await allDone([Promise.resolve(1), "b", undefined]);
  assert.deepEqual([one, two, three], [1, "b", undefined]);
});

Deno.test("allDone() rejects with the first failure, and not before all have ended", async () => {
  const slow = Promise.withResolvers<void>();
  let isOver = false;
  const done = allDone([
    slow.promise.then(() => isOver = true),
    Promise.reject(new Error("first")),
    Promise.reject(new Error("second")),
  ]);
  const order: string[] = [];
  const watched = done.catch((error: Error) => order.push(error.message, String(isOver)));
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert.deepEqual(order, []);
  slow.resolve();
  await watched;
  assert.deepEqual(order, ["first", "true"]);
});
