// Time for tests: it stands still until it is told to go on.

import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  dueMs: number;
  run: () => void;
}

/** A clock under the test's hand; timers run in order while it advances. */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1_000;
  readonly #timers = new Set<Timer>();

  /** Starts at the given wall time. */
  constructor(wallMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#wallMs = wallMs;
  }

  /** The wall clock. */
  wallMs(): number {
    return this.#wallMs;
  }

  /** The clock that only goes forward. */
  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Sets a timer on the monotonic clock. */
  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves both clocks and runs what falls due on the way. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      this.pass(Math.max(0, next.dueMs - this.#monotonicMs));
      next.run();
    }
    this.pass(Math.max(0, endMs - this.#monotonicMs));
  }

  /** Moves both clocks and runs nothing, as work does that holds the event loop. */
  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Steps the wall clock alone, as a time server does or a suspend looks like. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.size;
  }
}
