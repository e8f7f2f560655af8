import assert from "node:assert/strict";
import { type BucketRate, TokenBucket } from "../../src/base/token_bucket.ts";

// Each step is a moment in milliseconds and how many of so many takes then pass.
type Step = [nowMs: number, takes: number, passed: number];

const GENERAL = { burst: 20, perSecond: 100 / 60 };
const PAIRING = { burst: 1, perSecond: 1 };

const RUNS: [string, BucketRate, Step[]][] = [
  ["passes its burst at once and no more", GENERAL, [[0, 21, 20]]],
  ["gives one back per 600 ms", GENERAL, [[0, 20, 20], [599, 1, 0], [600, 1, 1], [600, 1, 0]]],
  ["keeps parts of a token", GENERAL, [[0, 20, 20], [300, 1, 0], [599, 1, 0], [600, 2, 1]]],
  ["never holds more than its burst", GENERAL, [[0, 5, 5], [3_600_000, 30, 20]]],
  ["passes one per second", PAIRING, [[0, 2, 1], [999, 1, 0], [1000, 2, 1], [2000, 2, 1]]],
  ["is not paid for refused takes", PAIRING, [[0, 1, 1], [500, 9, 0], [1000, 1, 1]]],
  ["does not save up while idle", PAIRING, [[0, 1, 1], [60_000, 5, 1]]],
  ["passes a hundred in a minute after the burst", GENERAL, [[0, 20, 20], [12_000, 30, 20]]],
  ["takes a step back in time as no time", PAIRING, [[0, 1, 1], [-5000, 1, 0], [0, 1, 0]]],
  ["is not refilled twice by a step back", PAIRING, [
    [0, 1, 1],
    [1000, 1, 1],
    [0, 1, 0],
    [1000, 1, 0],
    [2000, 2, 1],
  ]],
  ["of burst 0 passes nothing", { burst: 0, perSecond: 5 }, [[0, 1, 0], [10_000, 1, 0]]],
  ["of no speed passes its burst once", { burst: 2, perSecond: 0 }, [[0, 3, 2], [1e9, 1, 0]]],
];
for (const [name, rate, steps] of RUNS) {
  Deno.test(`a bucket ${name}`, () => {
    const bucket = new TokenBucket(rate, 0);
    const passed = steps.map(([nowMs, takes]) =>
      Array.from({ length: takes }, () => bucket.take(nowMs)).filter(Boolean).length
    );
    assert.deepEqual(passed, steps.map(([, , expected]) => expected));
  });
}

Deno.test("a bucket that began at any moment is full then", () => {
  const bucket = new TokenBucket(PAIRING, 123_456);
  assert.equal(bucket.isFull(123_456), true);
  assert.equal(bucket.take(123_456), true);
  assert.equal(bucket.take(123_456), false);
});

Deno.test("isFull() turns true when every token is back, and takes none", () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 0);
  bucket.take(0);
  bucket.take(0);
  assert.deepEqual([0, 1000, 1999, 2000].map((nowMs) => bucket.isFull(nowMs)), [
    false,
    false,
    false,
    true,
  ]);
  assert.equal(bucket.take(2000), true);
  assert.equal(bucket.isFull(2000), false);
});
