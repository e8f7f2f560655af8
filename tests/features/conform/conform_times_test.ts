import assert from "node:assert/strict";
import { timesOf } from "../../../src/features/conform/conform_times.ts";

Deno.test("timesOf() has the median and what 99 of 100 do not exceed, in a fixed order", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  const samples = new Map([
    ["call: version in a session", hundred],
    ["something else", [1]],
    ["pairing: finish", [7]],
  ]);
  assert.deepEqual(timesOf(samples), [
    { what: "pairing: finish", count: 1, p50Ms: 7, p99Ms: 7 },
    { what: "call: version in a session", count: 100, p50Ms: 50, p99Ms: 99 },
  ]);
});
