// Slows down whoever sends broken first frames under a client's name (docs/protocol.md §5).
// Counted per client and address; during a throttle one frame per second is still tried, so a
// correct frame always wins and nobody can lock the owner out. Pure: the caller brings the time of
// a clock that never goes back.

import { LruMap } from "../../base/lru_map.ts";

/** How many failures in a row begin a throttle. */
export const THROTTLE_FAILURES = 10;

/** How long the first throttle lasts, in milliseconds; each further level doubles it. */
export const THROTTLE_BASE_MS = 30_000;

/** The longest throttle, in milliseconds. */
export const THROTTLE_MAX_MS: number = 30 * 60_000;

/** How often a frame is tried during a throttle, in milliseconds. */
export const THROTTLE_PROBE_MS = 1000;

/** How many pairs of client and address are remembered; the least recently used goes first. */
export const MAX_THROTTLE_ENTRIES = 1024;

interface Entry {
  failures: number;
  level: number;
  throttledUntilMs: number;
  triedAtMs: number;
}

/** Failures of first frames by client and address. */
export class Throttle {
  readonly #entries: LruMap<string, Entry>;

  /** Nothing has failed yet. */
  constructor(options: { maxEntries?: number } = {}) {
    this.#entries = new LruMap(options.maxEntries ?? MAX_THROTTLE_ENTRIES);
  }

  /** Whether a first frame may be tried now; a tried one is followed by succeed() or fail(). */
  admit(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return true;
    const throttled = nowMs < entry.throttledUntilMs;
    if (throttled && nowMs - entry.triedAtMs < THROTTLE_PROBE_MS) return false;
    entry.triedAtMs = nowMs;
    return true;
  }

  /** A frame failed; says whether this began a throttle. */
  fail(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key) ??
      { failures: 0, level: 0, throttledUntilMs: 0, triedAtMs: nowMs };
    this.#entries.set(key, entry);
    entry.failures += 1;
    if (entry.failures < THROTTLE_FAILURES) return false;
    entry.failures = 0;
    const lengthMs = Math.min(THROTTLE_MAX_MS, THROTTLE_BASE_MS * 2 ** entry.level);
    entry.throttledUntilMs = nowMs + lengthMs;
    entry.level += 1;
    return true;
  }

  /** A frame was right: the throttle ends and the next one is a level shorter. */
  succeed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures = 0;
    entry.throttledUntilMs = 0;
    entry.level = Math.max(0, entry.level - 1);
    if (entry.level === 0) this.#entries.delete(key);
  }
}
