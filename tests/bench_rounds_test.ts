// The statistics of the benchmark, and in which order it measures.

import assert from "node:assert/strict";
import { worstDelayMs } from "./bench/delay_report.ts";
import { measureInRounds, mediansOf } from "./bench/rounds.ts";
import { median, percentile } from "./bench/statistics.ts";

Deno.test("median() is the middle, or the mean of the two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 1, 2, 4]), 3);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("percentile() is the smallest value that so many do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 99), 99);
  assert.equal(percentile(hundred, 100), 100);
  assert.equal(percentile(hundred, 1), 1);
  assert.equal(percentile([5], 99), 5);
  assert.equal(percentile([2, 1], 50), 1);
  assert.equal(percentile([2, 1], 51), 2);
  assert.ok(Number.isNaN(percentile([], 99)));
});

Deno.test("measureInRounds() turns the order round each time and gives medians", async () => {
  const order: string[] = [];
  const medians = await measureInRounds(["a", "b"], 3, (entity, round) => {
    order.push(`${entity}${round}`);
    return Promise.resolve({ value: entity === "a" ? round : 10 * round });
  });
  assert.deepEqual(order, ["a0", "b0", "b1", "a1", "a2", "b2"]);
  assert.deepEqual(medians, [{ value: 1 }, { value: 10 }]);
});

Deno.test("mediansOf() takes a row from the rounds that have it", () => {
  const samples = [{ a: 1, b: NaN }, { a: 3 }, { a: 2, b: 5 }];
  assert.deepEqual(mediansOf(samples), { a: 2, b: 5 });
  assert.deepEqual(mediansOf([{ b: NaN }]), { b: NaN });
  assert.deepEqual(mediansOf([]), {});
});

Deno.test("worstDelayMs() looks at whole lines after those that were there before", () => {
  assert.equal(worstDelayMs("90.000\n1.500\n3.250\n7", 1), 3.25);
  assert.equal(worstDelayMs("90.000\n1.500\n", 0), 90);
  assert.equal(worstDelayMs("90.000\n", 1), 0);
  assert.equal(worstDelayMs("", 0), 0);
});
