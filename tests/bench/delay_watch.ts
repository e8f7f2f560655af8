// Runs before the service in its process and watches how late a timer fires, which is how long the
// event loop stood still. It writes the worst of every tenth of a second to a file, one number per
// line, by a handle that it opens before the service gives up its permissions.

import { DELAY_PERIOD_MS, DELAY_REPORT_MS } from "./delay_report.ts";

const path = Deno.env.get("BENCH_DELAY_FILE");
if (path === undefined) throw new Error("BENCH_DELAY_FILE names no file");
const file = Deno.openSync(path, { create: true, append: true });
const encoder = new TextEncoder();
let expectedAtMs = performance.now() + DELAY_PERIOD_MS;
let reportAtMs = performance.now() + DELAY_REPORT_MS;
let worstMs = 0;

// The watch must not keep the process alive; nor does the program begin while anything here does.
Deno.unrefTimer(setTimeout(look, DELAY_PERIOD_MS));

function look(): void {
  const nowMs = performance.now();
  worstMs = Math.max(worstMs, nowMs - expectedAtMs);
  if (nowMs >= reportAtMs) {
    file.writeSync(encoder.encode(`${worstMs.toFixed(3)}\n`));
    worstMs = 0;
    reportAtMs = nowMs + DELAY_REPORT_MS;
  }
  expectedAtMs = performance.now() + DELAY_PERIOD_MS;
  Deno.unrefTimer(setTimeout(look, DELAY_PERIOD_MS));
}
