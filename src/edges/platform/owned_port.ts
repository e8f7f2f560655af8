// Requests to EmulationStation's port that are made only while the port is its own: any program of this
// machine may take a port that is free, tell of games that are not there and say what plays.

import { AppError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { type AskFrontend, EMULATION_STATION_ORIGIN } from "./emulation_station.ts";
import { openPortOwners, type PortOwners } from "./port_owner.ts";

const PORT = { kind: "tcp", number: Number(new URL(EMULATION_STATION_ORIGIN).port) } as const;

/** How the names of its programs begin. */
const PROGRAMS = ["emulationstation"];

/** How long the owner counts as known while every request is answered, in milliseconds. */
export const OWNER_TRUST_MS = 10_000;

/** Options of {@linkcode askOwnedPort}. */
export interface OwnedPortOptions {
  fetch: AskFrontend;
  /** Whether EmulationStation has the port, at this moment. */
  isOwned: () => Promise<boolean>;
  clock: Clock;
}

/** Whether EmulationStation has its port. */
export function hasEmulationStationPort(owners: PortOwners): Promise<boolean> {
  return owners.isOwnedBy(PORT, PROGRAMS);
}

/** The same, asked once; rejects where there is no shell. */
export async function hasEmulationStationPortNow(): Promise<boolean> {
  const owners = openPortOwners();
  try {
    return await hasEmulationStationPort(owners);
  } finally {
    await owners.close();
  }
}

/**
 * Asks as `fetch` does; AppError unavailable where another program has the port, or where this user
 * cannot tell. Whoever takes the port of a program that has ended is found out by the request that
 * failed meanwhile.
 */
export function askOwnedPort({ fetch, isOwned, clock }: OwnedPortOptions): AskFrontend {
  let knownUntilMs = -Infinity;
  return async (url, init) => {
    if (clock.monotonicMs() >= knownUntilMs) {
      if (!await isOwned()) {
        throw new AppError("unavailable", "No EmulationStation has port 1234");
      }
      knownUntilMs = clock.monotonicMs() + OWNER_TRUST_MS;
    }
    try {
      return await fetch(url, init);
    } catch (error) {
      knownUntilMs = -Infinity;
      throw error;
    }
  };
}
