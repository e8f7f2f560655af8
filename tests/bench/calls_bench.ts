// What an encrypted call costs the server, and how long the slowest take.

import { type EchoCipher, startEcho } from "./echoes.ts";
import type { LoadDriver } from "./load/load_driver.ts";
import type { Envelope, LoadPairing } from "./load/load_session.ts";
import { cpuUsBetween, readCpu } from "./process_cost.ts";
import { measureInRounds, type Medians, type Sample } from "./rounds.ts";
import type { RowSpec, ServerSection } from "./section.ts";
import { endServer, pairClients, type RunningServer, sessionUrl } from "./subject.ts";
import { type BenchWorld, startAll } from "./world.ts";

const CONNECTIONS = 16;
const PIPELINED = 16;
// A client may hold eight sessions by default: each place and envelope has clients of its own.
const SESSIONS_PER_CLIENT = 8;
const ROUND_MS = 800;
const WARM_UP_MS = 1500;
// A busy machine takes longer for them: what the compiler has not optimised yet costs much more.
const ROUND_CALLS = 2000;
const WARM_UP_CALLS = 10_000;
const ENVELOPES = ["json", "binary"] as const;
const CALLS_A_SECOND = "calls per second, 16 connections, JSON, local";
const BARE_P99 = "p99 of a bare echo, local";
const ECHOES: [cipher: EchoCipher, name: string][] = [
  ["none", "bare echo"],
  ["sync", "echo with node:crypto"],
  ["webcrypto", "echo with WebCrypto"],
];

const SHAPES = [
  { name: "16 connections", inFlight: 1 },
  { name: "16 pipelined", inFlight: PIPELINED },
] as const;

const GOALS: Readonly<Record<string, number>> = {
  "16 connections, JSON, local": 36,
  "16 connections, JSON, remote": 55,
  "16 pipelined, JSON, local": 30,
  "16 pipelined, JSON, remote": 40,
};

function cpuRow(name: string, relativeTo?: string): RowSpec {
  const atMost = GOALS[name];
  return {
    name: `CPU per call, ${name}`,
    unit: "µs",
    ...(atMost === undefined ? {} : { goal: { atMost } }),
    ...(relativeTo === undefined ? {} : { relativeTo: `CPU per call, ${relativeTo}` }),
  };
}

function shapeName(shape: string, envelope: Envelope, place: string): string {
  return `${shape}, ${envelope === "json" ? "JSON" : envelope}, ${place}`;
}

/** CPU per call. */
export const callsSection: ServerSection = {
  id: "calls",
  title: "Encrypted calls of 300 bytes: CPU of the server",
  rows: [
    ...SHAPES.flatMap(({ name }) =>
      ENVELOPES.flatMap((envelope) =>
        ["local", "remote"].map((place) =>
          cpuRow(shapeName(name, envelope, place), `${name}, bare echo`)
        )
      )
    ),
    { name: CALLS_A_SECOND, unit: "/s" },
    ...SHAPES.flatMap(({ name }) => ECHOES.map(([, echo]) => cpuRow(`${name}, ${echo}`))),
  ],
  measure: measureCalls,
};

/** One connection's slowest calls. */
export const latencySection: ServerSection = {
  id: "latency",
  title: "Encrypted calls of 300 bytes: one connection, one after the other",
  rows: [
    { name: "p99 of a call, local", unit: "µs", goal: { atMost: 215 }, relativeTo: BARE_P99 },
    { name: "p99 of a call, remote", unit: "µs", goal: { atMost: 300 }, relativeTo: BARE_P99 },
    { name: BARE_P99, unit: "µs" },
  ],
  measure: measureLatency,
};

/** Something that answers calls, and the client that loads it. */
interface Loaded {
  readonly url: string;
  readonly pid: number;
  readonly pairings: readonly LoadPairing[];
  readonly driver: LoadDriver;
}

async function measureCalls(world: BenchWorld): Promise<Medians[]> {
  return await withLoad(world, async (places, echoes) => {
    const servers = await measureInRounds(places, world.rounds, async (ofServer) => {
      const sample: Record<string, number> = {};
      for (const [place, loaded] of Object.entries(ofServer)) {
        for (const envelope of ENVELOPES) {
          for (const { name, inFlight } of SHAPES) {
            const row = shapeName(name, envelope, place);
            const { cpuUs, rate } = await costOf(world, loaded, { envelope, inFlight });
            sample[`CPU per call, ${row}`] = cpuUs;
            if (`calls per second, ${row}` === CALLS_A_SECOND) sample[CALLS_A_SECOND] = rate;
          }
        }
      }
      return sample;
    });
    const bare = await measureInRounds(echoes, world.rounds, async ({ name, loaded, envelope }) => {
      const sample: Record<string, number> = {};
      for (const { name: shape, inFlight } of SHAPES) {
        const { cpuUs } = await costOf(world, loaded, { envelope, inFlight });
        sample[`CPU per call, ${shape}, ${name}`] = cpuUs;
      }
      return sample;
    });
    return withOwn(servers, bare);
  });
}

async function measureLatency(world: BenchWorld): Promise<Medians[]> {
  return await withLoad(world, async (places, echoes) => {
    const p99Of = async (loaded: Loaded, envelope: Envelope): Promise<number> => {
      const [pairing] = loaded.pairings;
      if (pairing === undefined) throw new Error("A call needs a pairing");
      return await withGroup({ ...loaded, pairings: [pairing] }, envelope, async (group) => {
        const { p99Ms } = await loaded.driver.ask({
          op: "call",
          group,
          forMs: world.scaled(ROUND_MS),
          inFlight: 1,
        });
        return p99Ms * 1000;
      });
    };
    const servers = await measureInRounds(places, world.rounds, async (ofServer) => {
      const sample: Record<string, number> = {};
      for (const [place, loaded] of Object.entries(ofServer)) {
        sample[`p99 of a call, ${place}`] = await p99Of(loaded, "json");
      }
      return sample;
    });
    const [bare] = echoes;
    const own = bare === undefined ? [] : await measureInRounds(
      [bare],
      world.rounds,
      async ({ loaded, envelope }): Promise<Sample> => ({
        [BARE_P99]: await p99Of(loaded, envelope),
      }),
    );
    return withOwn(servers, own);
  });
}

// The echoes are nobody's but the bench's; their rows stand in the first column.
function withOwn(servers: readonly Medians[], own: readonly Medians[]): Medians[] {
  return servers.map((medians, at) => at === 0 ? Object.assign({}, medians, ...own) : medians);
}

interface LoadedEcho {
  readonly name: string;
  readonly envelope: Envelope;
  readonly loaded: Loaded;
}

type Places = Readonly<Record<string, Loaded>>;

// All servers and echoes at once: those whose turn it is not are idle.
async function withLoad(
  world: BenchWorld,
  measure: (places: readonly Places[], echoes: readonly LoadedEcho[]) => Promise<Medians[]>,
): Promise<Medians[]> {
  const servers = await startAll(world);
  const echoes = await Promise.all(ECHOES.map(([cipher]) => startEcho(cipher)));
  const near = world.load.start();
  const far = "whyNot" in world.remote ? undefined : {
    driver: world.load.start(world.remote.namespace),
    host: world.remote.deviceAddress,
  };
  try {
    const places: Places[] = [];
    for (const server of servers) places.push(await placesOf(server, near, far));
    const loadedEchoes = echoes.map(({ url, pid, pairing, envelope }, at) => ({
      name: ECHOES[at]?.[1] ?? "",
      envelope,
      loaded: { url, pid, pairings: Array(CONNECTIONS).fill(pairing), driver: near },
    }));
    const all = [
      ...places.flatMap((place) => Object.values(place)).map((loaded) => ({
        loaded,
        envelope: "json" as const,
      })),
      ...loadedEchoes,
    ];
    for (const { loaded, envelope } of all) {
      await costOf(world, loaded, {
        envelope,
        inFlight: 1,
        forMs: WARM_UP_MS,
        atLeast: WARM_UP_CALLS,
      });
    }
    return await measure(places, loadedEchoes);
  } finally {
    await near.stop();
    await far?.driver.stop();
    for (const echo of echoes) await echo.stop();
    for (const server of servers) if (server !== undefined) await endServer(server);
  }
}

async function placesOf(
  server: RunningServer | undefined,
  near: LoadDriver,
  far: { driver: LoadDriver; host: string } | undefined,
): Promise<Places> {
  if (server === undefined) return {};
  const { pid } = server;
  const clients = await pairClients(server, CONNECTIONS / SESSIONS_PER_CLIENT);
  const pairings = clients.flatMap((client) => Array(SESSIONS_PER_CLIENT).fill(client));
  const local = { url: sessionUrl(server), pid, pairings, driver: near };
  if (far === undefined || !await listensOn(far.host, server)) return { local };
  return { local, remote: { ...local, url: sessionUrl(server, far.host), driver: far.driver } };
}

// A server may be there for this machine alone.
async function listensOn(hostname: string, { port }: RunningServer): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

async function costOf(
  world: BenchWorld,
  loaded: Loaded,
  load: { envelope: Envelope; inFlight: number; forMs?: number; atLeast?: number },
): Promise<{ cpuUs: number; rate: number }> {
  const { envelope, inFlight, forMs = ROUND_MS, atLeast = ROUND_CALLS } = load;
  return await withGroup(loaded, envelope, async (group) => {
    const before = readCpu(loaded.pid);
    const { count, seconds } = await loaded.driver.ask({
      op: "call",
      group,
      forMs: world.scaled(forMs),
      atLeast: world.scaled(atLeast),
      inFlight,
    });
    return { cpuUs: cpuUsBetween(before, readCpu(loaded.pid)) / count, rate: count / seconds };
  });
}

async function withGroup<Result>(
  { driver, url, pairings }: Loaded,
  envelope: Envelope,
  use: (group: string) => Promise<Result>,
): Promise<Result> {
  const group = "calls";
  await driver.ask({ op: "open", group, url, pairings, envelope });
  try {
    return await use(group);
  } finally {
    await driver.ask({ op: "close", group });
  }
}
