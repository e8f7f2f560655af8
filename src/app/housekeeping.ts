// What a running service does from time to time.

import { type Clock, every } from "../base/clock.ts";
import { asError } from "../base/app_error.ts";
import type { Logger } from "../base/log.ts";
import { LAST_SEEN_FLUSH_MS } from "../features/access/last_seen.ts";
import type { RunHistory } from "../features/library/run_history.ts";
import { UNCLAIMED_SWEEP_MS, UnclaimedClients } from "../features/access/unclaimed.ts";
import type { Stores } from "../edges/sqlite/stores.ts";
import type { Records } from "./records.ts";

/** How often the log is told the head of the audit log, in milliseconds. */
export const AUDIT_HEAD_MS: number = 60 * 60_000;

/** Options of {@linkcode startHousekeeping}. */
export interface HousekeepingOptions {
  /** The device's own stores. */
  stores: Stores;
  /** What is written out and swept. */
  records: Records;
  /** What was run, which is written out too. */
  history: Pick<RunHistory, "flush">;
  clock: Clock;
  log: Logger;
}

/** Sweeps at once, then sweeps and writes out at intervals, until the result is called. */
export function startHousekeeping(options: HousekeepingOptions): () => void {
  const { stores, records, history, clock, log } = options;
  const unclaimed = new UnclaimedClients({
    clock,
    listUnclaimed: () => stores.clients.listUnclaimed(),
    remove: (clientId) => records.roster.remove(clientId),
    log,
  });
  unclaimed.sweep();
  // In a log that is kept elsewhere, so that who cuts the audit log here is found out.
  function tellHead(): void {
    try {
      const { id, hash } = records.audit.head();
      log.info("Head of the audit log", { anchor: `${id}:${hash.toHex()}` });
    } catch (error) {
      log.error("Cannot read the audit log", { error: asError(error) });
    }
  }
  const cancels = [
    every(clock, LAST_SEEN_FLUSH_MS, () => {
      records.flush();
      history.flush();
      // What nobody waits for, such as usage, gets onto the disk all the same; who cannot is told of.
      stores.durable().catch(() => {});
    }),
    every(clock, UNCLAIMED_SWEEP_MS, () => unclaimed.sweep()),
    every(clock, AUDIT_HEAD_MS, tellHead),
  ];
  return () => cancels.forEach((cancel) => cancel());
}
