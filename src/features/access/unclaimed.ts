// Clients that paired but never opened a session: the answer to their finish was lost, or their
// user gave up. Ten minutes later they are removed (docs/protocol.md §3).

import type { Clock } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "./client.ts";

/** How long a client has for its first session, in milliseconds. */
export const UNCLAIMED_LIFETIME_MS: number = 10 * 60_000;

/** How often the clients are looked through, in milliseconds. */
export const UNCLAIMED_SWEEP_MS = 30_000;

/** Options of {@linkcode UnclaimedClients}. */
export interface UnclaimedClientsOptions {
  clock: Clock;
  /** The clients without a session so far. */
  listUnclaimed: () => readonly Client[];
  /** Removes a client. */
  remove: (clientId: string) => void;
  /** Hears of removals and of failures. */
  log: Logger;
}

/** Removes clients that never came back. */
export class UnclaimedClients {
  readonly #options: UnclaimedClientsOptions;
  #dueAtMs = new Map<string, number>();

  /** Nothing is removed before the first sweep. */
  constructor(options: UnclaimedClientsOptions) {
    this.#options = options;
  }

  /**
   * Removes those whose time is over. It runs by the monotonic clock from the first sweep that sees
   * a client: a wall clock that steps must not end it, nor tell how long a process before this one
   * ran, so a restart begins it anew. Never throws.
   */
  sweep(): void {
    try {
      this.#sweep();
    } catch (error) {
      this.#options.log.error("Cannot look for unclaimed clients", { error: asError(error) });
    }
  }

  #sweep(): void {
    const { clock, listUnclaimed, remove, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const waiting = new Map<string, number>();
    for (const { clientId } of listUnclaimed()) {
      const dueAtMs = this.#dueAtMs.get(clientId) ?? nowMs + UNCLAIMED_LIFETIME_MS;
      if (nowMs < dueAtMs) {
        waiting.set(clientId, dueAtMs);
        continue;
      }
      remove(clientId);
      log.info("Client removed: it never opened a session", { clientId });
    }
    this.#dueAtMs = waiting;
  }
}
