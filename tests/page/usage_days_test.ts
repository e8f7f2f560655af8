// The table of usage: its days and their order.

import assert from "node:assert/strict";
import { usageDays } from "../../src/page/usage_section.tsx";

Deno.test("usageDays() has the newest day first, and on each who used most tokens first", () => {
  const row = (day: string, keyId: string, all: [number, number, number]) => {
    const [requests, promptTokens, outputTokens] = all;
    return { day, keyId, requests, promptTokens, outputTokens };
  };
  const days = usageDays([
    row("2025-12-31", "a", [1, 5, 5]),
    row("2026-01-01", "a", [9, 1, 1]),
    row("2026-01-01", "b", [1, 1, 2]),
    row("2025-12-31", "c", [2, 10, 0]),
    row("2025-12-31", "b", [1, 0, 90]),
  ]);
  assert.deepEqual(days.map(({ day, rows }) => [day, ...rows.map(({ keyId }) => keyId)]), [
    ["2026-01-01", "b", "a"],
    // As many tokens: who asked more often.
    ["2025-12-31", "b", "c", "a"],
  ]);
  assert.deepEqual(usageDays([]), []);
});
