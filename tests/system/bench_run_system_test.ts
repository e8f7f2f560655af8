// The benchmark itself, in its short form: it builds and starts the device's image, loads it beside
// another server that runs already, and leaves nothing behind there.

import assert from "node:assert/strict";
import { callLocal, withService } from "../support/service_process.ts";
import { whyNoSlowCard } from "../support/slow_card.ts";
import { systemTest } from "../support/system_test.ts";

const MAIN = new URL("../bench/main.ts", import.meta.url).pathname;

async function runBench(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

systemTest("deno task bench measures the image beside another server", {
  whyNot: whyNoSlowCard(),
  run: async () => {
    await withService({}, async ({ baseUrl }) => {
      const args = ["--quick", "--markdown", "--only", "latency", "--only", "slow-card"];
      const env = { COMPARE_URL: baseUrl, COMPARE_NAME: "another" };
      const { code, stdout, stderr } = await runBench(args, env);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^\| row \| goal \| Latchkey \| another \| ratio \|$/m);
      const number = String.raw`\d[\d.]*`;
      const both = `${number} µs \\| ${number} µs \\| ${number} × \\|$`;
      assert.match(stdout, new RegExp(`^\\| p99 of a call, local \\| ≤ 215 µs \\| ${both}`, "m"));
      // The other server was not started with the slow card.
      const alone = `${number} ms \\|  \\|  \\|$`;
      const delay = "longest delay of the event loop, slow card";
      assert.match(stdout, new RegExp(`^\\| ${delay} \\| ≤ 5 ms \\| ${alone}`, "m"));
      const { clients } = await callLocal(baseUrl, "clients") as { clients: unknown[] };
      assert.deepEqual(clients, []);
    });
  },
});

Deno.test("deno task bench refuses what it cannot do with one sentence", async () => {
  const { code, stdout, stderr } = await runBench(["--only", "nothing"], {});
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^Unknown section: "nothing" \(expected calls, .*\)\n$/);
});
