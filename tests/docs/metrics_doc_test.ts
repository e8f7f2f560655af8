// The table of docs/metrics.md is what the service exports: names, kinds and labels.

import assert from "node:assert/strict";
import { codeTexts, docTables } from "../support/doc_tables.ts";
import { type ExportedMetric, exportedMetrics } from "../support/exported_metrics.ts";

Deno.test("docs/metrics.md lists every metric with its kind and labels", async () => {
  const markdown = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  const documented = docTables(markdown).flat().map(({ metric = "", kind = "", labels = "" }) => ({
    name: `latchkey_${codeTexts(metric).join()}`,
    kind,
    labels: codeTexts(labels).sort(),
  }));
  const byName = (a: ExportedMetric, b: ExportedMetric): number => a.name < b.name ? -1 : 1;
  const exported = (await exportedMetrics()).metrics;
  assert.ok(exported.length > 20);
  assert.deepEqual(documented.toSorted(byName), exported.toSorted(byName));
});
