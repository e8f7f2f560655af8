// What promtool of Debian's Prometheus says of the text of /metrics, the alert rules, their tests and
// the expressions of the dashboard.

import assert from "node:assert/strict";
import { exportedMetrics } from "../support/exported_metrics.ts";
import { dashboardExpressions, MONITORING } from "../support/monitoring_files.ts";
import { systemTest } from "../support/system_test.ts";

const whyNot = await whyNoPromtool();

async function whyNoPromtool(): Promise<string | undefined> {
  try {
    await new Deno.Command("promtool", { args: ["--version"] }).output();
    return undefined;
  } catch {
    return "promtool is not installed (Debian's package prometheus)";
  }
}

async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

systemTest("promtool reads /metrics and has nothing to say of it", {
  whyNot,
  run: async () => {
    const { text } = await exportedMetrics();
    assert.equal(await promtool(["check", "metrics"], text), "");
  },
});

systemTest("promtool takes the alert rules, and their tests pass", {
  whyNot,
  run: async () => {
    assert.match(await promtool(["check", "rules", `${MONITORING}alerts.yml`]), /SUCCESS: 8 rules/);
    await promtool(["test", "rules", `${MONITORING}alerts_test.yml`]);
  },
});

systemTest("promtool takes every expression of the dashboard", {
  whyNot,
  run: async () => {
    const expressions = await dashboardExpressions();
    assert.ok(expressions.length > 15);
    // As rules that record: promtool has no other check without a server.
    const rules = expressions.map((expr, at) => ({ record: `dashboard:${at}`, expr }));
    const file = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const said = await promtool(["check", "rules", file]);
      assert.match(said, new RegExp(`SUCCESS: ${expressions.length} rules`));
    } finally {
      await Deno.remove(file);
    }
  },
});
