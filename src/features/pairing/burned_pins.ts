// PINs that died of wrong guesses (docs/protocol.md §3): too many within an hour close pairing for
// a while, unless the person at the device says otherwise. Pure; times are of a clock that never
// goes back.

import { BURNED_PINS_WINDOW_MS, LOCKOUT_MS, MAX_BURNED_PINS } from "./pairing_limits.ts";

/** Counts burned PINs and says how long pairing stays closed. */
export class BurnedPins {
  #atMs: readonly number[] = [];
  #lockedUntilMs = 0;

  /** A PIN died of wrong guesses. */
  add(nowMs: number): void {
    this.#atMs = [...this.#atMs.filter((atMs) => nowMs - atMs < BURNED_PINS_WINDOW_MS), nowMs];
    if (this.#atMs.length < MAX_BURNED_PINS) return;
    this.#atMs = [];
    this.#lockedUntilMs = nowMs + LOCKOUT_MS;
  }

  /** Opens pairing again; every lift is good for one PIN, and if that burns too, it closes again. */
  lift(nowMs: number): void {
    if (this.lockedForMs(nowMs) === 0) return;
    this.#lockedUntilMs = 0;
    this.#atMs = Array<number>(MAX_BURNED_PINS - 1).fill(nowMs);
  }

  /** How much longer pairing stays closed, in milliseconds; 0 where it is not. */
  lockedForMs(nowMs: number): number {
    return Math.max(0, this.#lockedUntilMs - nowMs);
  }
}
