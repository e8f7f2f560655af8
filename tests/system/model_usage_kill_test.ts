// What a process that is killed loses of the usage of models: what ended in its last second, and
// nothing before. Counted by requests under way all the time, over several kills.

import assert from "node:assert/strict";
import { FakeOllama } from "../support/fake_ollama.ts";
import { callLocal, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const MODEL = "llama3.1:8b";
const KILLS = 3;
/** How long the service may hold what it has counted, and then takes to bring it to the disk. */
const LOST_MS = 1_500;

systemTest(`over ${KILLS} kills the usage of models loses the last second at most`, {
  whyNot: undefined,
  run: async () => {
    const ollama = new FakeOllama();
    const upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ollama.handle,
    );
    const tables = [
      "[models]",
      "enabled = true",
      `upstream = "http://127.0.0.1:${upstream.addr.port}"`,
      `allow = ["${MODEL}"]`,
    ].join("\n");
    try {
      await withDataDir(async (dataDir) => {
        let key = "";
        let asked = 0;
        let certain = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const service = await startService({ dataDir, tables });
          key ||= await newKey(service.baseUrl);
          const { ended, begun, killedMs } = await askUntilKilled(service, key);
          asked += begun;
          certain += ended.filter((ms) => ms < killedMs - LOST_MS).length;
        }
        const service = await startService({ dataDir, tables });
        try {
          const { usage } = await callLocal(service.baseUrl, "usage", {}) as {
            usage: { requests: number; outputTokens: number }[];
          };
          const counted = usage.reduce((sum, { requests }) => sum + requests, 0);
          assert.ok(certain >= KILLS * 5, `only ${certain} requests were early enough`);
          assert.ok(counted >= certain && counted <= asked, `${certain} ≤ ${counted} ≤ ${asked}`);
        } finally {
          await service.stop();
        }
      });
    } finally {
      await upstream.shutdown();
    }
  },
});

async function newKey(baseUrl: string): Promise<string> {
  const added = await callLocal(baseUrl, "keys.new", { name: "test", scopes: ["models"] });
  return (added as { key: string }).key;
}

// When requests ended whose answers came whole, how many were begun, and when the process was killed.
async function askUntilKilled(
  service: Awaited<ReturnType<typeof startService>>,
  key: string,
): Promise<{ ended: number[]; begun: number; killedMs: number }> {
  const ended: number[] = [];
  let begun = 0;
  let isKilled = false;
  const ask = async (): Promise<void> => {
    while (!isKilled) {
      begun += 1;
      try {
        const answer = await fetch(`${service.baseUrl}/api/chat`, {
          method: "POST",
          headers: { Authorization: `Bearer ${key}` },
          body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "x" }] }),
        });
        await answer.text();
        ended.push(performance.now());
      } catch {
        // The process has gone.
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const asking = [ask(), ask()];
  await new Promise((resolve) => setTimeout(resolve, 3_200));
  const killedMs = performance.now();
  await service.stop("SIGKILL");
  isKilled = true;
  await Promise.all(asking);
  return { ended, begun, killedMs };
}
