// The service as a gateway between clients and a model server in C (gateway_load.c), which cost so
// little that what is measured is the service. Several trees can be measured in turn, so that all of
// them meet the same moments of the machine.

import { callLocal } from "../support/service_process.ts";
import type { Comparison } from "./bench_options.ts";
import { spawnChild } from "./children.ts";
import { cpuUsBetween, readCpu, readMemory } from "./process_cost.ts";
import { rowsOf, type RowSpec } from "./section.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MIB = 1024 * 1024;
const ROUNDS = 5;
const FRAMES = 200_000;
const FRAME_BYTES = 150;
const CONNECTIONS = 16;
const REQUESTS = 300;

const SPECS: readonly RowSpec[] = [
  { name: "frames of 150 bytes, direct", unit: "MiB/s" },
  { name: "frames of 150 bytes, through the service", unit: "MiB/s", goal: { atLeast: 12 } },
  { name: "CPU of a frame of 150 bytes", unit: "µs", goal: { atMost: 10 } },
  { name: "requests over 16 connections", unit: "/s" },
  { name: "CPU of a request over 16 connections", unit: "ms", goal: { atMost: 0.28 } },
  { name: "RSS of the service after this load", unit: "MiB", goal: { atMost: 110 } },
];

/** The names of the rows. */
export const GATEWAY_ROWS: readonly string[] = SPECS.map(({ name }) => name);

type Measured = Record<string, number>;

/**
 * Rows of this tree, and of another where one is compared with; none, with the reason on the
 * terminal, where there is no C compiler.
 */
export async function gatewayRows(comparison?: Comparison): Promise<BenchRow[]> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
  try {
    const load = await compileLoad(folder);
    if (load === undefined) return [];
    const others = comparison?.kind === "tree" ? [comparison.root] : [];
    return rowsOf(SPECS, await measureGateways([ROOT, ...others], { load, folder }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Compiles both ends of the load; undefined, with the reason on the terminal, where that fails.
async function compileLoad(folder: string): Promise<string | undefined> {
  const program = `${folder}/gateway_load`;
  const source = `${ROOT}tests/bench/gateway_load.c`;
  const args = ["-O2", "-o", program, source, "-lpthread"];
  const failure = await new Deno.Command("cc", { args, stderr: "piped" }).output().then(
    ({ success, stderr }) => success ? undefined : new TextDecoder().decode(stderr),
    (error: unknown) => String(error),
  );
  if (failure === undefined) return program;
  await Deno.stderr.write(new TextEncoder().encode(`No load without a C compiler: ${failure}\n`));
  return undefined;
}

// Medians by row for each tree, in turn round by round.
async function measureGateways(
  roots: readonly string[],
  { load, folder }: { load: string; folder: string },
): Promise<Measured[]> {
  const upstream = await startProgram([load, "serve"], /(http:\S+)/);
  const gateways: Gateway[] = [];
  try {
    for (const [at, root] of roots.entries()) {
      gateways.push(
        await startGateway(root, { dataDir: `${folder}/${at}`, upstream: upstream.url }),
      );
    }
    const server = { port: new URL(upstream.url).port, key: "none" };
    const rounds = gateways.map((): Measured[] => []);
    for (const gateway of gateways) await measureOne(gateway, { load, server });
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, gateway] of gateways.entries()) {
        rounds[at]?.push(await measureOne(gateway, { load, server }));
      }
    }
    return rounds.map((measured) =>
      Object.fromEntries(
        GATEWAY_ROWS.map((name) => [name, median(measured.map((row) => row[name] ?? NaN))]),
      )
    );
  } finally {
    for (const { stop } of [...gateways, upstream]) await stop();
  }
}

interface Address {
  readonly port: string;
  readonly key: string;
}

interface Gateway extends Address {
  readonly pid: number;
  stop(): Promise<void>;
}

async function measureOne(
  gateway: Gateway,
  { load, server }: { load: string; server: Address },
): Promise<Measured> {
  const stream = { connections: 1, requests: 1, frames: FRAMES };
  const direct = await ask(server, { load, ...stream });
  const beforeStream = readCpu(gateway.pid);
  const through = await ask(gateway, { load, ...stream });
  const afterStream = readCpu(gateway.pid);
  const many = { connections: CONNECTIONS, requests: REQUESTS, frames: 1 };
  const requests = await ask(gateway, { load, ...many });
  const afterRequests = readCpu(gateway.pid);
  const count = CONNECTIONS * REQUESTS;
  return {
    "frames of 150 bytes, direct": direct.bytes / MIB / direct.seconds,
    "frames of 150 bytes, through the service": through.bytes / MIB / through.seconds,
    "CPU of a frame of 150 bytes": cpuUsBetween(beforeStream, afterStream) / FRAMES,
    "requests over 16 connections": count / requests.seconds,
    "CPU of a request over 16 connections": cpuUsBetween(afterStream, afterRequests) / count / 1000,
    "RSS of the service after this load": readMemory(gateway.pid).residentMiB,
  };
}

async function ask(
  { port, key }: Address,
  options: { load: string; connections: number; requests: number; frames: number },
): Promise<{ seconds: number; bytes: number }> {
  const { load, connections, requests, frames } = options;
  const args = ["ask", port, key, connections, requests, frames, FRAME_BYTES].map(String);
  const { success, stdout, stderr } = await new Deno.Command(load, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const [seconds = NaN, bytes = NaN] = new TextDecoder().decode(stdout).split(" ").map(Number);
  return { seconds, bytes };
}

async function startGateway(
  root: string,
  { dataDir, upstream }: { dataDir: string; upstream: string },
): Promise<Gateway> {
  const config = `${dataDir}.toml`;
  await Deno.writeTextFile(
    config,
    `[service]\nlisten = "127.0.0.1:0"\ndata_dir = "${dataDir}"\n[discovery]\nenabled = false\n` +
      `[models]\nenabled = true\nupstream = "${upstream}"\nallow = ["bench"]\n` +
      "max_concurrent = 64\n",
  );
  const command = [
    Deno.execPath(),
    "run",
    "-A",
    // As on a device, where memory is dearer than what its collection costs.
    ...await engineFlags(root),
    `${root}/src/main.ts`,
    "serve",
    "--config",
    config,
  ];
  const { url, pid, stop } = await startProgram(command, /listens on (http:\S+)/);
  const made = await callLocal(url, "keys.new", { name: "bench", scopes: ["models"] });
  return { port: new URL(url).port, key: (made as { key: string }).key, pid, stop };
}

// What a tree's own start tells the engine.
async function engineFlags(root: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  const { start } = tasks;
  const command: string = typeof start === "string" ? start : start.command;
  return command.split(" ").filter((word) => word.startsWith("--v8-flags="));
}

interface Program {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

// A program that tells its URL on its output or in its log.
async function startProgram(command: readonly string[], pattern: RegExp): Promise<Program> {
  const [file = "", ...args] = command;
  const child = spawnChild(
    new Deno.Command(file, { args, stdin: "piped", stdout: "piped", stderr: "piped" }),
  );
  const listening = Promise.withResolvers<string>();
  let text = "";
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      const [, url] = pattern.exec(text) ?? [];
      if (url !== undefined) listening.resolve(url);
    }
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  void child.status.then(({ code }) => listening.reject(new Error(`Ended with ${code}: ${text}`)));
  return {
    url: await listening.promise,
    pid: child.pid,
    async stop(): Promise<void> {
      await child.stdin.close();
      child.kill("SIGTERM");
      await child.status;
      await collected;
    },
  };
}
