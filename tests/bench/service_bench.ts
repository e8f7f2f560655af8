// The process: how long until it answers, and how much memory it holds when idle, against a bare
// Deno.serve in the same run.

import { startService } from "../support/service_process.ts";
import { type BenchRow, median } from "./table.ts";

const STARTS = 5;
const SETTLE_MS = 1500;

/** Rows of start and memory. */
export async function serviceRows(): Promise<BenchRow[]> {
  const bare = await measure(startBare);
  const own = await measure(async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
    const service = await startService({ dataDir: `${folder}/data` });
    return {
      pid: service.pid,
      stop: async () => {
        await service.stop();
        await Deno.remove(folder, { recursive: true });
      },
    };
  });
  return [
    { name: "start to ready, bare Deno.serve", value: bare.startMs, unit: "ms" },
    {
      name: "start to ready, latchkey serve from source",
      value: own.startMs,
      unit: "ms",
      ratio: `${(own.startMs / bare.startMs).toFixed(2)} ×`,
    },
    { name: "RSS idle, bare Deno.serve", value: bare.rssMiB, unit: "MiB" },
    {
      name: "RSS idle, latchkey serve",
      value: own.rssMiB,
      unit: "MiB",
      ratio: `${(own.rssMiB / bare.rssMiB).toFixed(2)} ×`,
    },
  ];
}

interface Started {
  pid: number;
  stop: () => Promise<void>;
}

async function measure(
  start: () => Promise<Started>,
): Promise<{ startMs: number; rssMiB: number }> {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const startedAt = performance.now();
    const { pid, stop } = await start();
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    sizes.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
    await stop();
  }
  return { startMs: median(times), rssMiB: median(sizes) };
}

async function startBare(): Promise<Started> {
  const source = `Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => console.log("ready") },
    () => new Response("ok"),
  );`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", source],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
