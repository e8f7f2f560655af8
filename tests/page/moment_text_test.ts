import assert from "node:assert/strict";
import { momentText } from "../../src/page/page_context.ts";

const DAY_MS = 86_400_000;

Deno.test("momentText() leaves out the day where it is today, at every hour and in both languages", () => {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  for (let hour = 0; hour < 24; hour++) {
    const at = new Date(midnight);
    at.setHours(hour, 5);
    assert.match(momentText(at.getTime(), "en"), /^\d{1,2}:05\s[AP]M$/);
    assert.match(momentText(at.getTime(), "de"), /^\d\d:05$/);
  }
});

Deno.test("momentText() names the day where it is another one", () => {
  for (const days of [-400, -2, 2]) {
    const at = Date.now() + days * DAY_MS;
    const year = String(new Date(at).getFullYear());
    for (const language of ["en", "de"]) {
      assert.match(momentText(at, language), new RegExp(`${year},? .*\\d:\\d\\d`), language);
    }
  }
});
