import assert from "node:assert/strict";
import {
  sumUsage,
  type UsageDimension,
  type UsageEntry,
} from "../../../src/features/models/usage.ts";

const n = (times: number): object => ({
  requests: times,
  promptTokens: 10 * times,
  outputTokens: 20 * times,
  errors: 0,
  durationMs: 5 * times,
});

const ENTRIES = [
  { day: "2026-01-30", keyId: "a", model: "x:1", ...n(1) },
  { day: "2026-01-30", keyId: "a", model: "y:1", ...n(2) },
  { day: "2026-01-30", keyId: "b", model: "", ...n(4) },
  { day: "2026-01-31", keyId: "a", model: "x:1", ...n(8) },
] as UsageEntry[];

const ROWS: [by: UsageDimension[], sums: object[]][] = [
  [["day"], [{ day: "2026-01-30", ...n(7) }, { day: "2026-01-31", ...n(8) }]],
  [["key"], [{ keyId: "a", ...n(11) }, { keyId: "b", ...n(4) }]],
  [["model"], [{ model: "", ...n(4) }, { model: "x:1", ...n(9) }, { model: "y:1", ...n(2) }]],
  [["model", "day"], [
    { model: "", day: "2026-01-30", ...n(4) },
    { model: "x:1", day: "2026-01-30", ...n(1) },
    { model: "x:1", day: "2026-01-31", ...n(8) },
    { model: "y:1", day: "2026-01-30", ...n(2) },
  ]],
  [["day", "key", "model"], ENTRIES],
];
for (const [by, sums] of ROWS) {
  Deno.test(`usage is added up by ${by.join(" and ")}`, () => {
    assert.deepEqual(sumUsage(ENTRIES, by), sums);
  });
}
