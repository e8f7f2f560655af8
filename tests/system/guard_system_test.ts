// Hostile and broken peers against the real service, from a second host: each is ended within its
// limit, memory stays where it was, and a paired client is served all the while.

import assert from "node:assert/strict";
import type { Attack, AttackResult } from "../support/attacks.ts";
import type { FloodResult, HttpResult } from "../support/remote_agent.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import { addRemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { type RemoteWorld, withRemoteWorld } from "../support/remote_world.ts";
import { openPairing, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const whyNot = await whyNoRemoteHost();
const MAX_GROWTH_MIB = 20;

async function attack(
  world: RemoteWorld,
  what: { kind: Attack["kind"]; limitMs: number },
): Promise<AttackResult> {
  const { host, port } = world;
  return await host.ask<AttackResult>({ op: "attack", host: host.deviceAddress, port, ...what });
}

// Runs `during` while a paired client calls again and again; every call must be answered.
async function whileServing(world: RemoteWorld, during: () => Promise<void>): Promise<number> {
  const { baseUrl } = world.service;
  const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
  const phone = await connectPhone(baseUrl, pairing);
  let isDone = false;
  let served = 0;
  const serving = (async () => {
    while (!isDone) {
      const answer = await phone.request("version");
      assert.ok("result" in answer);
      served += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  // Both are awaited whatever the other does: what failed first is what is told.
  const [attacked, calls] = await Promise.allSettled([
    during().finally(() => {
      isDone = true;
    }),
    serving,
  ]);
  if (attacked.status === "rejected") throw attacked.reason;
  if (calls.status === "rejected") throw calls.reason;
  await phone.close();
  return served;
}

const ATTACKS: readonly { kind: Attack["kind"]; endsWithinMs: number }[] = [
  { kind: "one_frame", endsWithinMs: 4_000 },
  { kind: "fragments", endsWithinMs: 4_000 },
  { kind: "endless_fragments", endsWithinMs: 4_000 },
  { kind: "half_head", endsWithinMs: 12_000 },
  { kind: "half_body", endsWithinMs: 12_000 },
  { kind: "silence", endsWithinMs: 12_000 },
  { kind: "never_reads", endsWithinMs: 25_000 },
  { kind: "never_closes", endsWithinMs: 4_000 },
];

for (const [i, { kind, endsWithinMs }] of ATTACKS.entries()) {
  systemTest(`${kind}: ended within ${endsWithinMs / 1000} s, memory flat, others served`, {
    whyNot,
    run: () =>
      withRemoteWorld(10 + i, async (world) => {
        const served = await whileServing(world, async () => {
          const before = await world.service.residentMiB();
          let peak = before;
          const watch = setInterval(() => {
            void world.service.residentMiB().then((size) => {
              peak = Math.max(peak, size);
            });
          }, 100);
          const { endedAfterMs } = await attack(world, { kind, limitMs: endsWithinMs + 5_000 });
          clearInterval(watch);
          assert.ok(endedAfterMs !== undefined, "the attack was not ended");
          assert.ok(endedAfterMs < endsWithinMs, `ended after ${Math.round(endedAfterMs)} ms`);
          // An attack that is ended at once may have ended between two looks.
          const growth = Math.max(peak, await world.service.residentMiB()) - before;
          assert.ok(growth < MAX_GROWTH_MIB, `memory grew by ${growth.toFixed(1)} MiB`);
        });
        assert.ok(served > 0);
      }),
  });
}

systemTest("500 connections from one address are capped, and another address gets in", {
  whyNot,
  run: () =>
    withRemoteWorld(20, async (world) => {
      const other = await addRemoteHost(21);
      try {
        const { host, port } = world;
        const flood = host.ask<FloodResult>({
          op: "flood",
          host: host.deviceAddress,
          port,
          count: 500,
          holdMs: 3_000,
        });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const { status } = await other.ask<HttpResult>({
          op: "http",
          host: other.deviceAddress,
          port,
          method: "GET",
          path: "/health",
          headers: {},
        });
        assert.equal(status, 200);
        const { open, refused, closed } = await flood;
        // Whoever did not wait in vain took the slot of an older one of its own address.
        assert.deepEqual({ open, ended: refused + closed }, { open: 8, ended: 492 });
      } finally {
        await other.remove();
      }
    }),
});

systemTest("a flood with few descriptors left is survived", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const service = await startService({ dataDir, maxFiles: 128 });
      const { baseUrl } = service;
      const port = Number(new URL(baseUrl).port);
      const conns: Deno.TcpConn[] = [];
      for (let i = 0; i < 300; i++) {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
        if (conn !== undefined) conns.push(conn);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      for (const conn of conns) conn.close();
      const deadline = performance.now() + 10_000;
      let status = 0;
      while (status !== 200 && performance.now() < deadline) {
        const response = await fetch(`${baseUrl}/health`).catch(() => undefined);
        status = response?.status ?? 0;
        await response?.body?.cancel();
        if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(status, 200);
      assert.equal(await service.stop(), 0);
    }),
});
