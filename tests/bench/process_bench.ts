// The process: how long until it answers, how much memory it holds, what a pairing costs it.

import { startPairing } from "../support/reference_phone.ts";
import { startEcho } from "./echoes.ts";
import { cpuUsBetween, readCpu, readMemory } from "./process_cost.ts";
import { measureInRounds, type Medians, type Sample } from "./rounds.ts";
import type { ServerSection } from "./section.ts";
import { median } from "./statistics.ts";
import {
  endServer,
  FIRST_REST_MS,
  localUrl,
  pairClients,
  type RunningServer,
  sessionUrl,
  type Subject,
  type SubjectStart,
} from "./subject.ts";
import type { BenchWorld } from "./world.ts";

const SETTLE_MS = 2000;
const AFTER_PIN_MS = 300;
const WARM_STARTS = 10;
const CLIENTS = 4;
// The first connections grow what all share.
const FIRST_SESSIONS_EACH = 20;
const MORE_SESSIONS_EACH = 60;
const LOAD_CONNECTIONS_EACH = 4;
const LOAD_MS = 3000;
const LOAD_SETUPS = 400;
const BARE_START = "start to ready, bare Deno.serve";
const BARE_RSS = "RSS idle, bare Deno.serve";

/** Start, memory and pairing. */
export const processSection: ServerSection = {
  id: "process",
  title: "The process",
  rows: [
    {
      name: "start to ready, warm",
      unit: "ms",
      goal: { atMost: 75 },
      relativeTo: BARE_START,
    },
    { name: "start to ready, first", unit: "ms", goal: { atMost: 160 } },
    { name: BARE_START, unit: "ms" },
    { name: "RSS idle, warm", unit: "MiB", goal: { atMost: 52 }, relativeTo: BARE_RSS },
    { name: "RSS idle, after a first start", unit: "MiB", goal: { atMost: 62 } },
    { name: "RSS after load", unit: "MiB", goal: { atMost: 80 } },
    { name: BARE_RSS, unit: "MiB" },
    { name: "anonymous memory per idle session", unit: "KiB", goal: { atMost: 40 } },
    { name: "CPU of pair/start, warm", unit: "ms", goal: { atMost: 3.2 } },
    { name: "CPU of pair/start, first after a start", unit: "ms", goal: { atMost: 6 } },
    { name: "CPU of opening pairing and pair/start, first after a start", unit: "ms" },
  ],
  measure: measureProcess,
};

async function measureProcess(world: BenchWorld): Promise<Medians[]> {
  const servers = await measureInRounds(world.subjects, world.rounds, async (subject) => ({
    ...await measureFirst(world, subject),
    ...await measureWarm(world, subject),
  }));
  const [bare = {}] = await measureInRounds([world], world.rounds, measureBare);
  return servers.map((of, at) => at === 0 ? { ...of, ...bare } : of);
}

async function measureFirst(world: BenchWorld, subject: Subject): Promise<Sample> {
  const server = await subject.start({ ...startOf(world), isFirst: true });
  if ("whyNot" in server) return {};
  try {
    await rest(FIRST_REST_MS);
    return {
      "start to ready, first": server.startMs,
      "RSS idle, after a first start": readMemory(server.pid).residentMiB,
    };
  } finally {
    await endServer(server);
  }
}

async function measureWarm(world: BenchWorld, subject: Subject): Promise<Sample> {
  const server = await subject.start(startOf(world));
  if ("whyNot" in server) return {};
  try {
    // One that was there before is warm, but has done who knows what.
    const isFresh = !Number.isNaN(server.startMs);
    await rest(world.scaled(SETTLE_MS));
    const idleMiB = readMemory(server.pid).residentMiB;
    const { firstMs, wholeMs, warmMs } = await measurePairStarts(server);
    const loaded = await measureUnderLoad(world, server);
    return {
      ...(isFresh
        ? {
          "start to ready, warm": server.startMs,
          "RSS idle, warm": idleMiB,
          "CPU of pair/start, first after a start": firstMs,
          "CPU of opening pairing and pair/start, first after a start": wholeMs,
        }
        : {}),
      "CPU of pair/start, warm": warmMs,
      ...loaded,
    };
  } finally {
    await endServer(server);
  }
}

async function measurePairStarts(
  server: RunningServer,
): Promise<{ firstMs: number; wholeMs: number; warmMs: number }> {
  const baseUrl = localUrl(server);
  const beforeMs = readCpu(server.pid);
  const pin = await server.openPin();
  // What is made ready once the PIN is there.
  await rest(AFTER_PIN_MS);
  const times: number[] = [];
  const first = readCpu(server.pid);
  let wholeMs = NaN;
  for (let i = 0; i <= WARM_STARTS; i++) {
    const before = i === 0 ? first : readCpu(server.pid);
    await startPairing(baseUrl, { pin });
    const after = readCpu(server.pid);
    if (i === 0) wholeMs = cpuUsBetween(beforeMs, after) / 1000;
    times.push(cpuUsBetween(before, after) / 1000);
  }
  const [firstMs = NaN, ...warm] = times;
  return { firstMs, wholeMs, warmMs: median(warm) };
}

async function measureUnderLoad(world: BenchWorld, server: RunningServer): Promise<Sample> {
  const pairings = await pairClients(server, CLIENTS);
  const url = sessionUrl(server);
  const driver = world.load.start();
  const open = async (group: string, each: number): Promise<number> => {
    const all = pairings.flatMap((pairing) => Array(each).fill(pairing));
    await driver.ask({ op: "open", group, url, pairings: all, envelope: "json" });
    return (await driver.ask({ op: "count", group })).open;
  };
  try {
    const fewer = await open("idle", FIRST_SESSIONS_EACH);
    const before = readMemory(server.pid).anonymousMiB;
    // A server that bounds the sessions of a client has closed the oldest.
    const more = await open("idle", MORE_SESSIONS_EACH) - fewer;
    const perSessionKiB = (readMemory(server.pid).anonymousMiB - before) * 1024 / more;
    await driver.ask({ op: "close", group: "idle" });
    await open("load", LOAD_CONNECTIONS_EACH);
    const forMs = world.scaled(LOAD_MS);
    await driver.ask({ op: "call", group: "load", forMs, inFlight: 1 });
    await driver.ask({ op: "close", group: "load" });
    const count = world.scaled(LOAD_SETUPS);
    await driver.ask({ op: "setup", url, pairings, count, forMs, parallel: CLIENTS });
    await rest(world.scaled(SETTLE_MS));
    return {
      ...(more > 0 ? { "anonymous memory per idle session": perSessionKiB } : {}),
      "RSS after load": readMemory(server.pid).residentMiB,
    };
  } finally {
    await driver.stop();
  }
}

async function measureBare(world: BenchWorld): Promise<Sample> {
  const echo = await startEcho("none");
  await rest(world.scaled(SETTLE_MS));
  const { residentMiB } = readMemory(echo.pid);
  await echo.stop();
  return { [BARE_START]: echo.startMs, [BARE_RSS]: residentMiB };
}

function startOf({ slowFsyncMs }: BenchWorld): SubjectStart {
  return slowFsyncMs === undefined ? {} : { slowFsyncMs };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
