// How the page writes moments: as people say them, whatever the time and the zone.

import assert from "node:assert/strict";
import { momentText } from "../../src/page/page_context.ts";

const NOON_MS = new Date(2026, 11, 31, 12).getTime();
const DAYS = [-400, -2, -1, 1, 2];

Deno.test("momentText() leaves out the day where it is today, at every hour and in both languages", () => {
  for (let hour = 0; hour < 24; hour++) {
    const atMs = new Date(2026, 11, 31, hour, 5).getTime();
    assert.match(momentText(atMs, "en", NOON_MS), /^\d{1,2}:05\s[AP]M$/);
    assert.match(momentText(atMs, "de", NOON_MS), /^\d\d:05$/);
  }
});

Deno.test("momentText() names the day where it is another one", () => {
  for (const days of DAYS) {
    const at = new Date(2026, 11, 31 + days, 12);
    for (const language of ["en", "de"]) {
      const text = momentText(at.getTime(), language, NOON_MS);
      assert.match(text, new RegExp(`${at.getFullYear()},? .*\\d:\\d\\d`), language);
    }
  }
});

Deno.test("momentText() goes by the present where no other moment is given", () => {
  const nowMs = Date.now();
  // Never today, whatever midnight comes between.
  assert.match(momentText(nowMs - 3 * 86_400_000, "de"), /\d{4}/);
});
