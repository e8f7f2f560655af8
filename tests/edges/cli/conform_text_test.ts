import assert from "node:assert/strict";
import { countOutcomes, formatReport, formatResult } from "../../../src/edges/cli/conform_text.ts";
import { paintText, type Style } from "../../../src/edges/cli/styles.ts";
import type { ConformResult } from "../../../src/features/conform/conformance.ts";

const plain = (_: Style, text: string): string => text;

const RESULTS: ConformResult[] = [
  { section: "§5", title: "a frame opens", outcome: "ok", detail: undefined },
  { section: "§10", title: "it lives", outcome: "failed", detail: "said \u001b[31m no\n" },
  { section: "§8", title: "a Host", outcome: "note", detail: "answered 200" },
  { section: "§3", title: "a PIN", outcome: "skipped", detail: "no PIN" },
];

Deno.test("formatResult() has section, title and outcome in columns, and what was seen", () => {
  const lines = RESULTS.map((result) => formatResult(result, { paint: plain, columns: undefined }));
  const column = 94;
  assert.deepEqual(lines.map((line) => [line.slice(0, column).trimEnd(), line.slice(column)]), [
    ["§5   a frame opens", "ok\n"],
    ["§10  it lives", "FAILED: said \ufffd[31m no\ufffd\n"],
    ["§8   a Host", "note: answered 200\n"],
    ["§3   a PIN", "skipped: no PIN\n"],
  ]);
});

Deno.test("formatResult() paints the outcome alone", () => {
  const [ok, failed, note, skipped] = RESULTS.map((result) =>
    formatResult(result, { paint: paintText, columns: 200 })
  );
  assert.ok(ok?.endsWith("  \u001b[32mok\u001b[0m\n"));
  assert.ok(failed?.includes("  \u001b[31mFAILED\u001b[0m: said"));
  assert.ok(note?.includes("  \u001b[33mnote\u001b[0m: answered"));
  assert.ok(skipped?.endsWith("  skipped: no PIN\n"));
});

Deno.test("formatResult() cuts a title to the terminal, and no shorter than it can be read", () => {
  const title = "x".repeat(100);
  const result: ConformResult = { section: "§5", title, outcome: "skipped", detail: undefined };
  for (const [columns, width] of [[80, 71], [20, 40], [102, 92]] as const) {
    const [what = "", outcome] = formatResult(result, { paint: plain, columns }).split("  skipped");
    assert.equal(what.length, width);
    assert.match(what, /^§5 {3}x+…$/);
    assert.equal(outcome, "\n");
  }
});

Deno.test("formatReport() has times, what is left, and the counts", () => {
  const report = {
    serverVersion: "latchkey-1.0.0",
    results: RESULTS,
    times: [{ what: "call", count: 300, p50Ms: 0.84, p99Ms: 12.25 }],
    leftClients: ["an-id"],
  };
  assert.deepEqual(countOutcomes(RESULTS), { ok: 1, failed: 1, note: 1, skipped: 1 });
  assert.equal(
    formatReport(report, plain),
    "\nTIMES IN MS  N    P50  P99\ncall         300  0.8  12.3\n\n" +
      "Left on the device, because only it can remove clients: latchkey clients delete an-id\n" +
      "1 ok, 1 failed, 1 notes, 1 skipped\n",
  );
  assert.equal(
    formatReport(
      { ...report, results: RESULTS.slice(0, 1), times: [], leftClients: [] },
      paintText,
    ),
    "\n\u001b[32m1 ok, 0 failed, 0 notes, 0 skipped\u001b[0m\n",
  );
});
