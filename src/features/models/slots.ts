// The places for requests that are upstream at once, and the queue before them: first come, first
// served. Whoever leaves the queue makes room in it at once.

import { AppError } from "../../base/app_error.ts";

/** When a refused request should come again, in seconds. */
export const BUSY_RETRY_AFTER_S = 1;

/** Options of {@linkcode Slots}. */
export interface SlotsOptions {
  /** How many places there are. */
  max: number;
  /** How many requests may wait for one. */
  queue: number;
}

/** A number of places with a queue. */
export class Slots {
  readonly #queue: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** All places are free. */
  constructor({ max, queue }: SlotsOptions) {
    this.#free = max;
    this.#queue = queue;
  }

  /**
   * Waits for a place; the result gives it back and does nothing the second time. Throws AppError
   * unavailable where the queue is full, and the signal's reason where that aborts first.
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.size < this.#queue) await this.#wait(signal);
    else {
      throw new AppError("unavailable", "Too many requests are waiting", {
        retryAfterS: BUSY_RETRY_AFTER_S,
      });
    }
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  /** How many places are taken of how many waiting requests, for whoever looks. */
  counts(): { free: number; waiting: number } {
    return { free: this.#free, waiting: this.#waiting.size };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      this.#waiting.add(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  // A place goes to the next in the queue without being free in between.
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
