// The model gateway between a client and a model server, each a process of its own, against the same
// client asking the server directly in the same run.

import { MODEL_KEY } from "../support/model_server.ts";
import type { StreamShape } from "./models_upstream.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

const MODEL = "bench:latest";
const STREAMS = 200;
const MIB = 1024 * 1024;

// A model that begins soon, and one that costs nothing, which shows the gateway alone.
const FIRST_MS = [50, 0];
const FIRST_ROUNDS = 60;
const ROUNDS = 5;

// A frame of a token as fast as frames come, a model that is much faster than any, and frames as
// long as a network takes them.
const STREAM_SHAPES: [name: string, shape: StreamShape][] = [
  ["150-byte frames at 500/s", { firstMs: 0, everyMs: 2, frames: 1000, frameBytes: 150 }],
  ["150-byte frames, unpaced", { firstMs: 0, everyMs: 0, frames: 40_000, frameBytes: 150 }],
  ["64-KiB frames, unpaced", { firstMs: 0, everyMs: 0, frames: 4_000, frameBytes: 65_536 }],
];
const GIB: StreamShape = { firstMs: 0, everyMs: 0, frames: 16_384, frameBytes: 65_536 };
const SIDE_BY_SIDE: StreamShape = { firstMs: 20, everyMs: 100, frames: 40, frameBytes: 150 };

interface Program {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Rows of latency, throughput and memory. */
export async function modelRows(): Promise<BenchRow[]> {
  const upstream = await start("tests/bench/models_upstream.ts");
  const settings = { allow: [MODEL], maxConcurrent: STREAMS, queue: STREAMS };
  const gateway = await start(
    "tests/support/model_server.ts",
    upstream.url,
    JSON.stringify(settings),
  );
  const bare = await start("tests/bench/models_upstream.ts", upstream.url);
  try {
    return [
      ...await firstChunkRows(upstream, gateway),
      ...await throughputRows({ upstream, bare, gateway }),
      ...await memoryRows(gateway),
    ];
  } finally {
    await gateway.stop();
    await bare.stop();
    await upstream.stop();
  }
}

// Direct and through the gateway in turn, so that both meet the same moments of the machine.
async function firstChunkRows(upstream: Program, gateway: Program): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const firstMs of FIRST_MS) {
    const shape = { firstMs, everyMs: 0, frames: 1, frameBytes: 150 };
    const times: Record<"direct" | "through", number[]> = { direct: [], through: [] };
    for (let i = 0; i < FIRST_ROUNDS; i++) {
      times.direct.push((await ask(upstream, shape)).firstMs);
      times.through.push((await ask(gateway, shape)).firstMs);
    }
    const direct = median(times.direct);
    const through = median(times.through);
    rows.push(
      {
        name: `first chunk of a model that takes ${firstMs} ms, direct`,
        value: direct,
        unit: "ms",
      },
      {
        name: `first chunk of a model that takes ${firstMs} ms, through the gateway`,
        value: through,
        unit: "ms",
        ratio: `${(through / direct).toFixed(2)} ×, ${(through - direct).toFixed(1)} ms more`,
      },
    );
  }
  return rows;
}

// The bare relay shows what of the loss is the platform's.
async function throughputRows(
  { upstream, bare, gateway }: Record<"upstream" | "bare" | "gateway", Program>,
): Promise<BenchRow[]> {
  const ways: [name: string, program: Program][] = [
    ["direct", upstream],
    ["through a bare relay", bare],
    ["through the gateway", gateway],
  ];
  const rows: BenchRow[] = [];
  for (const [name, shape] of STREAM_SHAPES) {
    const rates = ways.map((): number[] => []);
    for (let i = 0; i < ROUNDS; i++) {
      for (const [at, [, program]] of ways.entries()) {
        rates[at]?.push(rateOf(await ask(program, shape)));
      }
    }
    const direct = median(rates[0] ?? []);
    for (const [at, [way]] of ways.entries()) {
      const rate = median(rates[at] ?? []);
      rows.push({
        name: `${name}, ${way}`,
        value: rate,
        unit: "MiB/s",
        ratio: `${(rate / direct).toFixed(2)} ×`,
      });
    }
  }
  return rows;
}

async function memoryRows(gateway: Program): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const loads: [name: string, run: () => Promise<unknown>][] = [
    ["a stream of 1 GiB", () => ask(gateway, GIB)],
    [
      `${STREAMS} streams side by side`,
      () => Promise.all(Array.from({ length: STREAMS }, () => ask(gateway, SIDE_BY_SIDE))),
    ],
  ];
  for (const [name, run] of loads) {
    const before = await residentMiB(gateway.pid);
    let peak = before;
    const timer = setInterval(async () => {
      peak = Math.max(peak, await residentMiB(gateway.pid));
    }, 50);
    await run();
    clearInterval(timer);
    rows.push({
      name: `RSS of the gateway, ${name}`,
      value: peak,
      unit: "MiB",
      ratio: `${(peak / before).toFixed(2)} × of ${before.toFixed(1)} MiB before`,
    });
  }
  return rows;
}

interface Answer {
  /** Until the first bytes came. */
  readonly firstMs: number;
  /** Until all had come. */
  readonly wholeMs: number;
  readonly bytes: number;
}

async function ask({ url }: Program, options: StreamShape): Promise<Answer> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/api/chat`, {
    method: "POST",
    headers: { Authorization: `Bearer ${MODEL_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [], options }),
  });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  let firstMs: number | undefined;
  let bytes = 0;
  for await (const part of response.body) {
    firstMs ??= performance.now() - startedAt;
    bytes += part.length;
  }
  const expected = options.frames * options.frameBytes;
  if (bytes < expected) throw new Error(`Expected ${expected} bytes and more, got ${bytes}`);
  return { firstMs: firstMs ?? NaN, wholeMs: performance.now() - startedAt, bytes };
}

function rateOf({ bytes, wholeMs }: Answer): number {
  return bytes / MIB / (wholeMs / 1000);
}

async function residentMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

// A program that writes its URL and ends with its input.
async function start(program: string, ...args: readonly string[]): Promise<Program> {
  const root = new URL("../../", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${root}${program}`, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: value.trim(),
    pid: child.pid,
    async stop(): Promise<void> {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}
