// How much of requests and answers the gateway holds in memory, over all requests together: a body
// whose model comes last is held up to there, and many of those at once must not fill a small
// device.

import { AppError } from "../../base/app_error.ts";

/** The most bytes that are held for all requests together. */
export const MAX_HELD_BYTES: number = 64 * 1024 * 1024;

/** When a request should come again for which there was no memory, in seconds. */
export const MEMORY_RETRY_AFTER_S = 5;

/** The memory of a gateway for what cannot be passed on yet. */
export class MemoryBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  /** Nothing is held. */
  constructor(maxBytes: number = MAX_HELD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room for so many bytes; throws AppError unavailable where there is none. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new AppError("unavailable", "Too much is waiting", {
        retryAfterS: MEMORY_RETRY_AFTER_S,
      });
    }
    this.#bytes += bytes;
  }

  /** Gives room back. */
  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}
