// The load client of the benchmark and its echoes, in processes of their own as the benchmark has
// them, against the real service.

import assert from "node:assert/strict";
import { startEcho } from "../bench/echoes.ts";
import { buildLoadProgram, type LoadDriver, type LoadProgram } from "../bench/load/load_driver.ts";
import { type RunningServer, sessionUrl } from "../bench/subject.ts";
import { endServer, pairClients } from "../bench/subject.ts";
import { callLocal, openPairing, withService } from "../support/service_process.ts";

async function withProgram(test: (program: LoadProgram) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
  try {
    await test(await buildLoadProgram(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withDriver(
  program: LoadProgram,
  test: (driver: LoadDriver) => Promise<void>,
): Promise<void> {
  const driver = program.start();
  try {
    await test(driver);
  } finally {
    await driver.stop();
  }
}

Deno.test("the load client opens sessions, calls in both envelopes, and sets up new ones", async () => {
  await withProgram(async (program) => {
    await withService({ settings: "encryption = true" }, async ({ baseUrl, pid }) => {
      const server: RunningServer = {
        port: Number(new URL(baseUrl).port),
        pid,
        paired: [],
        startMs: 0,
        openPin: () => openPairing(baseUrl),
        stop: () => Promise.resolve(),
      };
      const url = sessionUrl(server);
      const pairings = await pairClients(server, 2);
      await withDriver(program, async (driver) => {
        for (const envelope of ["json", "binary"] as const) {
          const group = "calls";
          assert.equal((await driver.ask({ op: "open", group, url, pairings, envelope })).open, 2);
          const calls = { op: "call", group, forMs: 50, inFlight: 4 } as const;
          const result = await driver.ask(calls);
          assert.ok(result.count >= 8, JSON.stringify(result));
          assert.ok(result.p99Ms > 0 && result.p99Ms <= result.worstMs);
          assert.equal((await driver.ask({ op: "count", group })).open, 2);
          await driver.ask({ op: "close", group });
          assert.equal((await driver.ask({ op: "count", group })).open, 0);
        }
        const result = await driver.ask({ op: "setup", url, pairings, count: 5, parallel: 2 });
        assert.equal(result.count, 5);
      });
      assert.equal(await countClients(baseUrl), 2);
      await endServer(server);
      assert.equal(await countClients(baseUrl), 0);
    });
  });
});

Deno.test("the load client says which command failed, and why", async () => {
  await withProgram(async (program) => {
    await withService({}, async ({ baseUrl }) => {
      const url = `${baseUrl.replace("http", "ws")}/api/v0.1`;
      const stranger = { authToken: "00000000-0000-4000-8000-000000000000", pairingKey: "00" };
      await withDriver(program, async (driver) => {
        const open = { op: "open", group: "a", url, pairings: [stranger] } as const;
        await assert.rejects(
          driver.ask({ ...open, envelope: "json" }),
          /open: Error: The server closed a connection: \d+/,
        );
      });
    });
  });
});

for (const cipher of ["none", "sync", "webcrypto"] as const) {
  Deno.test(`the echo with cipher ${cipher} answers the load client in order`, async () => {
    await withProgram(async (program) => {
      const { url, pairing, envelope, stop } = await startEcho(cipher);
      await withDriver(program, async (driver) => {
        const group = "echo";
        await driver.ask({ op: "open", group, url, pairings: [pairing], envelope });
        // The client ends where a frame does not open, which one out of order does not.
        const { count } = await driver.ask({ op: "call", group, forMs: 50, inFlight: 16 });
        assert.ok(count >= 16);
      });
      await stop();
    });
  });
}

async function countClients(baseUrl: string): Promise<number> {
  const { clients } = await callLocal(baseUrl, "clients") as { clients: unknown[] };
  return clients.length;
}
