// Whether memory stays flat: one server through many sessions and many pairings, its RSS at steps.

import { pair } from "../../src/sdk/connect.ts";
import { callLocal } from "../support/service_process.ts";
import { readMemory } from "./process_cost.ts";
import { endServer, localUrl, pairClients, type RunningServer, sessionUrl } from "./subject.ts";
import { type BenchRow, formatRows } from "./table.ts";
import { type BenchWorld, startAll } from "./world.ts";

/** How many sessions are opened in all. */
export const SOAK_SESSIONS = 100_000;

/** How many clients pair and are removed in all. */
export const SOAK_PAIRINGS = 10_000;

const STEPS = 10;
const PARALLEL = 8;

/** Loads one server after the other and prints as it goes. */
export async function runSoak(world: BenchWorld, print: (text: string) => void): Promise<void> {
  const servers = await startAll(world);
  for (const [at, server] of servers.entries()) {
    if (server === undefined) continue;
    print(`\nMemory of ${world.subjects[at]?.name}\n`);
    const report = (name: string): void => print(formatRows([rowOf(`RSS after ${name}`, server)]));
    try {
      await soakSessions(world, server, report);
      await soakPairings(world, server, report);
    } finally {
      await endServer(server);
    }
  }
}

function rowOf(name: string, { pid }: RunningServer): BenchRow {
  return { name, value: readMemory(pid).residentMiB, unit: "MiB" };
}

async function soakSessions(
  world: BenchWorld,
  server: RunningServer,
  report: (name: string) => void,
): Promise<void> {
  const driver = world.load.start();
  try {
    const pairings = await pairClients(server, 1);
    report("0 sessions");
    const count = world.scaled(SOAK_SESSIONS / STEPS);
    for (let step = 1; step <= STEPS; step++) {
      const url = sessionUrl(server);
      await driver.ask({ op: "setup", url, pairings, count, parallel: PARALLEL });
      report(`${step * count} sessions`);
    }
  } finally {
    await driver.stop();
  }
}

// The SDK pairs, because the reference implementation takes much longer than the server.
async function soakPairings(
  world: BenchWorld,
  server: RunningServer,
  report: (name: string) => void,
): Promise<void> {
  const baseUrl = localUrl(server);
  const count = world.scaled(SOAK_PAIRINGS / STEPS);
  for (let step = 1; step <= STEPS; step++) {
    for (let i = 0; i < count; i++) {
      const { clientId } = await pair({ baseUrl, pin: await server.openPin(), name: "Soak" });
      await callLocal(baseUrl, "clients.delete", { clientId });
    }
    report(`${step * count} pairings`);
  }
}
