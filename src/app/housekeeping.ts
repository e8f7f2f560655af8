// What a running service does from time to time.

import { type Clock, every } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { LAST_SEEN_FLUSH_MS } from "../clients/last_seen.ts";
import { UNCLAIMED_SWEEP_MS, UnclaimedClients } from "../clients/unclaimed.ts";
import type { Stores } from "../sqlite/stores.ts";
import type { Records } from "./records.ts";

/** Options of {@linkcode startHousekeeping}. */
export interface HousekeepingOptions {
  /** The device's own stores. */
  stores: Stores;
  /** What is written out and swept. */
  records: Records;
  /** Time. */
  clock: Clock;
  /** The log. */
  log: Logger;
}

/** Sweeps at once, then sweeps and writes out at intervals, until the result is called. */
export function startHousekeeping(options: HousekeepingOptions): () => void {
  const { stores, records, clock, log } = options;
  const unclaimed = new UnclaimedClients({
    clock,
    listUnclaimed: () => stores.clients.listUnclaimed(),
    remove: (clientId) => records.roster.remove(clientId),
    log,
  });
  unclaimed.sweep();
  const cancels = [
    every(clock, LAST_SEEN_FLUSH_MS, () => records.flush()),
    every(clock, UNCLAIMED_SWEEP_MS, () => unclaimed.sweep()),
  ];
  return () => cancels.forEach((cancel) => cancel());
}
