// Alert rules and dashboard speak of metrics, labels and values that there are.

import assert from "node:assert/strict";
import { exportedMetrics } from "../support/exported_metrics.ts";
import { dashboardExpressions, MONITORING } from "../support/monitoring_files.ts";

// What Prometheus itself adds.
const OUTER_LABELS = ["instance", "job", "le"];
const PART = /_(bucket|sum|count)$/;

for (const file of ["alerts.yml", "alerts_test.yml", "dashboard.json"]) {
  Deno.test(`${file} names only metrics that the service exports`, async () => {
    const text = await Deno.readTextFile(`${MONITORING}${file}`);
    const { metrics } = await exportedMetrics();
    const kinds = new Map(metrics.map(({ name, kind }) => [name, kind]));
    const named = new Set([...text.matchAll(/\blatchkey_\w+/g)].map(([name]) => name));
    assert.ok(named.size >= 5, file);
    for (const name of named) {
      const isPart = kinds.get(name.replace(PART, "")) === "histogram" && PART.test(name);
      assert.ok(isPart || (kinds.has(name) && kinds.get(name) !== "histogram"), name);
    }
  });
}

Deno.test("alerts and dashboard ask for labels that their metrics have", async () => {
  const { metrics } = await exportedMetrics();
  const known = new Set([...metrics.flatMap(({ labels }) => labels), ...OUTER_LABELS]);
  const alerts = await Deno.readTextFile(`${MONITORING}alerts.yml`);
  for (const text of [alerts, ...await dashboardExpressions()]) {
    const lists = [...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
      list.split(",")
    );
    const selectors = [...text.matchAll(/[{,]\s*(\w+)=~?"/g)].map(([, label = ""]) => label);
    for (const label of [...lists, ...selectors]) assert.ok(known.has(label.trim()), label);
  }
});

Deno.test("every alert has a test", async () => {
  const alerts = await Deno.readTextFile(`${MONITORING}alerts.yml`);
  const tests = await Deno.readTextFile(`${MONITORING}alerts_test.yml`);
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
  assert.ok(names.length >= 8);
  for (const name of names) {
    assert.match(tests, new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`), name);
  }
});
