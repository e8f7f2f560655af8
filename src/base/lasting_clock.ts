// A wall clock for the ends of keys: it never goes behind the latest time that the device has kept,
// plus what it has run since. A device without a clock battery starts in 1970, and what had expired
// must not be valid again. Only a time that has held for a minute is kept, so that a glitch of a time
// server leaves nothing behind; what was kept wrongly is said, and keys made from then on work.

import { type Clock, every } from "./clock.ts";
import { asError } from "./app_error.ts";
import type { Logger } from "./log.ts";

/** How often the clock is looked at, and how long a time must hold to be kept, in milliseconds. */
export const TIME_MARK_TICK_MS = 60_000;

/** How much later the time must be than the kept one to be written, in milliseconds. */
export const TIME_MARK_STEP_MS: number = 10 * 60_000;

/** How far the wall clock may run apart from the monotonic one within a tick, in milliseconds. */
export const MAX_TIME_DRIFT_MS = 5_000;

/** How far the wall clock must be behind for the owner to be told, in milliseconds. */
export const TOLD_BEHIND_MS: number = 24 * 3_600_000;

/** Where the latest time is kept, in milliseconds since 1970; 0 at first. */
export interface TimeMarkStore {
  /** The kept time. */
  read(): number;
  /** Keeps a time, or throws. */
  write(markMs: number): void;
}

/** Options of {@linkcode LastingClock}. */
export interface LastingClockOptions {
  clock: Clock;
  /** Where the latest time is kept. */
  store: TimeMarkStore;
  /** Hears of a clock that is behind, and of failed writes. */
  log: Logger;
}

/** A clock whose wall time does not go back. */
export class LastingClock implements Clock {
  readonly #options: LastingClockOptions;
  #mark: { readonly wallMs: number; readonly atMs: number };
  #last: { readonly wallMs: number; readonly monotonicMs: number };
  #savedMs: number;
  readonly #cancel: () => void;
  #isBehind = false;

  /** A clock that goes on from the kept time. */
  constructor(options: LastingClockOptions) {
    this.#options = options;
    const { clock, store } = options;
    this.#savedMs = store.read();
    this.#last = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#mark = { wallMs: this.#savedMs, atMs: this.#last.monotonicMs };
    this.#tellWhereBehind();
    this.#cancel = every(clock, TIME_MARK_TICK_MS, () => this.#tick());
  }

  /** The wall clock's time, or the kept one and what has passed since where that is later. */
  wallMs(): number {
    return Math.max(this.#options.clock.wallMs(), this.#floorMs());
  }

  /** As the clock beneath. */
  monotonicMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** As the clock beneath. */
  after(delayMs: number, run: () => void): () => void {
    return this.#options.clock.after(delayMs, run);
  }

  /** Keeps the time because the service stops. Never throws. */
  close(): void {
    this.#cancel();
    this.#raise();
    if (this.#floorMs() > this.#savedMs) this.#save();
  }

  #tick(): void {
    this.#raise();
    if (this.#floorMs() - this.#savedMs >= TIME_MARK_STEP_MS) this.#save();
    this.#tellWhereBehind();
  }

  #floorMs(): number {
    return this.#mark.wallMs + Math.floor(this.#options.clock.monotonicMs() - this.#mark.atMs);
  }

  #raise(): void {
    const { clock } = this.#options;
    const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    const driftMs = now.wallMs - this.#last.wallMs - (now.monotonicMs - this.#last.monotonicMs);
    const hasHeld = Math.abs(driftMs) <= MAX_TIME_DRIFT_MS;
    this.#last = now;
    if (hasHeld && now.wallMs > this.#floorMs()) {
      this.#mark = { wallMs: now.wallMs, atMs: now.monotonicMs };
    }
  }

  #save(): void {
    const floorMs = this.#floorMs();
    try {
      this.#options.store.write(floorMs);
      this.#savedMs = floorMs;
    } catch (error) {
      this.#options.log.error("Cannot keep the time, will try again", { error: asError(error) });
    }
  }

  #tellWhereBehind(): void {
    const { clock, log } = this.#options;
    const isBehind = this.#floorMs() - clock.wallMs() > TOLD_BEHIND_MS;
    if (isBehind && !this.#isBehind) {
      log.warn("The clock is behind a time that this device has seen: keys end by the later one", {
        clock: new Date(clock.wallMs()).toISOString(),
        seen: new Date(this.#floorMs()).toISOString(),
      });
    }
    this.#isBehind = isBehind;
  }
}
