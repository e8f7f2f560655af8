// docs/conformance.md shows lines that `latchkey conform` writes: titles, sections, times and counts.

import assert from "node:assert/strict";
import { formatResult } from "../../src/edges/cli/conform_text.ts";
import { judgeInProcess } from "../support/conformance_in_process.ts";

const DOCUMENT = new URL("../../docs/conformance.md", import.meta.url);

Deno.test("the example in docs/conformance.md has lines of a run, in their order", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  const report = await judgeInProcess({ pins: 3 });
  const lines = report.results.map((result) =>
    formatResult(result, { paint: (_, word) => word, columns: undefined }).trimEnd()
  );
  const shown = text.split("\n").filter((line) => /^§\d+ /.test(line));
  assert.ok(shown.length > 10);
  const places = shown.map((line) => lines.indexOf(line));
  for (const [i, place] of places.entries()) assert.notEqual(place, -1, shown[i]);
  assert.deepEqual(places, places.toSorted((a, b) => a - b));

  for (const { what } of report.times) assert.ok(text.includes(`\n${what}  `), what);
  const { length } = report.results;
  assert.ok(text.includes(`\n${length - 1} ok, 0 failed, 0 notes, 1 skipped\n`), String(length));
});
