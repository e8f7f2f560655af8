// When each client was last heard of: in memory per frame, written in one go now and then
// (docs/protocol.md §6). A failed write is tried again with the next.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { ClientStore } from "./client.ts";

/** How often the times are written, in milliseconds. */
export const LAST_SEEN_FLUSH_MS = 30_000;

/** Options of {@linkcode LastSeen}. */
export interface LastSeenOptions {
  /** Where the times are kept. */
  store: Pick<ClientStore, "saveLastSeen">;
  /** Hears of failed writes. */
  log: Logger;
}

/** The newest sign of life of each client. */
export class LastSeen {
  readonly #store: Pick<ClientStore, "saveLastSeen">;
  readonly #log: Logger;
  #unsaved = new Map<string, number>();

  /** Nothing heard yet. */
  constructor(options: LastSeenOptions) {
    this.#store = options.store;
    this.#log = options.log;
  }

  /** A frame of this client came at `atMs`, in milliseconds since 1970. */
  touch(clientId: string, atMs: number): void {
    this.#unsaved.set(clientId, atMs);
  }

  /** The time that is not yet written, if any. */
  unsaved(clientId: string): number | undefined {
    return this.#unsaved.get(clientId);
  }

  /** Writes all new times; says whether that worked. */
  flush(): boolean {
    if (this.#unsaved.size === 0) return true;
    try {
      this.#store.saveLastSeen(this.#unsaved);
      this.#unsaved = new Map();
      return true;
    } catch (error) {
      this.#log.error("Cannot save when clients were last seen, will try again", {
        error: asError(error),
      });
      return false;
    }
  }
}
