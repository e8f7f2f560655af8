// What opening sessions costs, those who open them and those who do not.

import { whyNoSlowCard } from "../support/slow_card.ts";
import { startEcho } from "./echoes.ts";
import type { LoadDriver } from "./load/load_driver.ts";
import type { LoadPairing } from "./load/load_session.ts";
import { readWrittenKiB } from "./process_cost.ts";
import { measureInRounds, type Medians, type Sample } from "./rounds.ts";
import type { ServerSection } from "./section.ts";
import { endServer, pairClients, type RunningServer, sessionUrl } from "./subject.ts";
import { delayLines, worstDelayMs } from "./delay_report.ts";
import { type BenchWorld, startAll } from "./world.ts";

const BARE = "connections per second with a bare echo, one after the other";
const IN_TURN = 400;
const AT_ONCE = 800;
// Where the disk is slow there are fewer.
const MOST_MS = 3000;
const PARALLEL = 8;
const BESIDE_MS = 1500;
const BESIDE_EVERY_MS = 2;
const SLOW_SETUPS = 40;
const DEFAULT_SLOW_FSYNC_MS = 30;

/** Set-ups on this machine's disk. */
export const setupsSection: ServerSection = {
  id: "setups",
  title: "Session set-ups: connect, first frame, first answer",
  rows: [
    {
      name: "set-ups per second, one after the other",
      unit: "/s",
      goal: { atLeast: 1000 },
      relativeTo: BARE,
    },
    { name: "set-ups per second, 8 at once", unit: "/s", goal: { atLeast: 3000 } },
    { name: "p99 of a set-up, one after the other", unit: "ms", goal: { atMost: 4 } },
    { name: "p99 of a set-up, 8 at once", unit: "ms" },
    {
      name: "another client's p99 while somebody opens sessions",
      unit: "ms",
      goal: { atMost: 1.5 },
    },
    { name: "written per set-up", unit: "KiB", goal: { atMost: 9 } },
    { name: BARE, unit: "/s" },
  ],
  measure: measureSetups,
};

/** Set-ups on a card whose syncs are slow. */
export const slowCardSection: ServerSection = {
  id: "slow-card",
  title: "Session set-ups on a card whose syncs take 30 ms, or what --slow-fsync says",
  rows: [
    { name: "longest delay of the event loop, slow card", unit: "ms", goal: { atMost: 5 } },
    { name: "another client's p99 while somebody opens sessions, slow card", unit: "ms" },
    { name: "set-ups per second, 8 at once, slow card", unit: "/s" },
  ],
  measure: measureSlowCard,
};

interface Loaded {
  readonly server: RunningServer;
  readonly pairings: readonly LoadPairing[];
  readonly delayFile?: string;
}

async function measureSetups(world: BenchWorld): Promise<Medians[]> {
  const servers = await startAll(world);
  const echo = await startEcho("none");
  const [opener, beside] = [world.load.start(), world.load.start()];
  try {
    const loaded = await loadAll(servers);
    const medians = await measureInRounds(loaded, world.rounds, async (of): Promise<Sample> => {
      if (of === undefined) return {};
      const { server: { pid, ...server }, pairings } = of;
      const url = sessionUrl({ pid, ...server });
      const inTime = { url, pairings, forMs: world.scaled(MOST_MS) };
      const writtenBefore = readWrittenKiB(pid);
      const inTurn = await opener.ask({
        op: "setup",
        ...inTime,
        count: world.scaled(IN_TURN),
        parallel: 1,
      });
      const writtenKiB = (readWrittenKiB(pid) - writtenBefore) / inTurn.count;
      const atOnce = await opener.ask({
        op: "setup",
        ...inTime,
        count: world.scaled(AT_ONCE),
        parallel: PARALLEL,
      });
      return {
        "set-ups per second, one after the other": inTurn.count / inTurn.seconds,
        "set-ups per second, 8 at once": atOnce.count / atOnce.seconds,
        "p99 of a set-up, one after the other": inTurn.p99Ms,
        "p99 of a set-up, 8 at once": atOnce.p99Ms,
        "written per set-up": writtenKiB,
        "another client's p99 while somebody opens sessions": await besideP99Ms(
          { world, opener, beside },
          of,
        ),
      };
    });
    const [bare = {}] = await measureInRounds([echo], world.rounds, async ({ url, pairing }) => {
      const options = { url, pairings: [pairing], envelope: "plain" } as const;
      const { count, seconds } = await opener.ask({
        op: "setup",
        ...options,
        count: world.scaled(IN_TURN),
        parallel: 1,
      });
      return { [BARE]: count / seconds };
    });
    return medians.map((of, at) => at === 0 ? { ...of, ...bare } : of);
  } finally {
    for (const running of [opener, beside, echo]) await running.stop();
    for (const server of servers) if (server !== undefined) await endServer(server);
  }
}

async function measureSlowCard(world: BenchWorld): Promise<Medians[]> {
  if (whyNoSlowCard() !== undefined) return [];
  const { slowFsyncMs = DEFAULT_SLOW_FSYNC_MS } = world;
  const loaded: (Loaded | undefined)[] = [];
  const [opener, beside] = [world.load.start(), world.load.start()];
  try {
    for (const [at, subject] of world.subjects.entries()) {
      const delayFile = `${world.folder}/delays${at}`;
      const watched = await subject.start({ slowFsyncMs, delayFile });
      const server = "whyNot" in watched ? await subject.start({ slowFsyncMs }) : watched;
      if ("whyNot" in server) loaded.push(undefined);
      else {
        loaded.push({
          server,
          pairings: await pairClients(server, 2),
          ...("whyNot" in watched ? {} : { delayFile }),
        });
      }
    }
    return await measureInRounds(loaded, world.rounds, async (of): Promise<Sample> => {
      if (of === undefined) return {};
      const { server, pairings, delayFile } = of;
      const skip = delayFile === undefined ? 0 : delayLines(await readReport(delayFile)).length;
      const atOnce = await opener.ask({
        op: "setup",
        url: sessionUrl(server),
        pairings,
        count: world.scaled(SLOW_SETUPS),
        forMs: world.scaled(MOST_MS),
        parallel: PARALLEL,
      });
      return {
        "set-ups per second, 8 at once, slow card": atOnce.count / atOnce.seconds,
        "another client's p99 while somebody opens sessions, slow card": await besideP99Ms(
          { world, opener, beside },
          of,
        ),
        ...(delayFile === undefined ? {} : {
          "longest delay of the event loop, slow card": worstDelayMs(
            await readReport(delayFile),
            skip,
          ),
        }),
      };
    });
  } finally {
    for (const driver of [opener, beside]) await driver.stop();
    for (const of of loaded) if (of !== undefined) await endServer(of.server);
  }
}

async function loadAll(
  servers: readonly (RunningServer | undefined)[],
): Promise<(Loaded | undefined)[]> {
  const loaded: (Loaded | undefined)[] = [];
  for (const server of servers) {
    loaded.push(server && { server, pairings: await pairClients(server, 2) });
  }
  return loaded;
}

// One client opens session after session; another, of another pairing, calls at its own pace.
async function besideP99Ms(
  { world, opener, beside }: { world: BenchWorld; opener: LoadDriver; beside: LoadDriver },
  { server, pairings }: Loaded,
): Promise<number> {
  const [other, own] = pairings;
  if (other === undefined || own === undefined) throw new Error("Two pairings are needed");
  const url = sessionUrl(server);
  const group = "beside";
  await beside.ask({ op: "open", group, url, pairings: [own], envelope: "json" });
  const forMs = world.scaled(BESIDE_MS);
  const opening = opener.ask({ op: "setup", url, pairings: [other], forMs, parallel: 1 });
  const [, { p99Ms }] = await Promise.all([
    opening,
    beside.ask({ op: "call", group, forMs, inFlight: 1, everyMs: BESIDE_EVERY_MS }),
  ]);
  await beside.ask({ op: "close", group });
  return p99Ms;
}

// The watch creates it when the service starts.
async function readReport(file: string): Promise<string> {
  return await Deno.readTextFile(file);
}
