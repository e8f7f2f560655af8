// The service under a flood with too few descriptors: it stays alive, and answers when it is over.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import { startService, withDataDir } from "../support/service_process.ts";

const FLOOD_MS = 1500;
const AT_ONCE = 20;
const HELD = 400;
const ANSWERED_WITHIN_MS = 5000;

const ownAddress = Deno.networkInterfaces().find(({ family, address }) =>
  family === "IPv4" && !address.startsWith("127.")
)?.address;

for (const maxFiles of [64, 128, 256]) {
  // What comes to another loopback address than 127.0.0.1 goes through the guard like a remote peer.
  for (const [where, host] of [["local", "127.0.0.1"], ["remote", ownAddress ?? "127.0.0.2"]]) {
    Deno.test({
      name: `the service survives a ${where} flood with ${maxFiles} descriptors`,
      timeout: 60_000,
      fn: () =>
        withDataDir(async (dataDir) => {
          const service = await startService({ dataDir, maxFiles, listen: "0.0.0.0:0" });
          try {
            await flood(host ?? "", Number(new URL(service.baseUrl).port));
            await untilAnswered(service.baseUrl);
          } finally {
            assert.equal(await service.stop(), 0, service.output().slice(-2000));
          }
        }),
    });
  }
}

const FIRST_STACK = `
  import { formatFirstStack } from ${
  JSON.stringify(new URL("../../src/edges/platform/vitals.ts", import.meta.url).href)
};
  formatFirstStack();
  try {
    for (;;) Deno.openSync("/proc/self/status");
  } catch {
    await Deno.connect({ hostname: "127.0.0.1", port: 9 }).catch((error) => void error.stack);
    console.log("alive");
  }`;

Deno.test("a stack can be formatted without a descriptor after formatFirstStack()", async () => {
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 64 && exec "$@"',
      "sh",
      Deno.execPath(),
      "eval",
      "--no-lock",
      FIRST_STACK,
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "alive\n");
});

async function flood(hostname: string, port: number): Promise<void> {
  const held: Deno.Conn[] = [];
  const untilMs = performance.now() + FLOOD_MS;
  const request = utf8("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() < untilMs) {
      try {
        const peer = await Deno.connect({ hostname, port });
        held.push(peer);
        await peer.write(request);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (held.length > HELD) held.shift()?.close();
    }
  }));
  for (const peer of held) peer.close();
}

async function untilAnswered(baseUrl: string): Promise<void> {
  const untilMs = performance.now() + ANSWERED_WITHIN_MS;
  for (;;) {
    try {
      const response = await fetch(`${baseUrl}/health`);
      await response.body?.cancel();
      if (response.status === 200) return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
