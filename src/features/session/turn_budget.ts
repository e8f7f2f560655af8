// How much work of requests one turn of the event loop has, of all connections together. What comes
// in one read of a socket is handled in one turn: without an end to it, a peer that asks for much at
// once would keep everybody else waiting, timers and health included.

import type { Clock } from "../../base/clock.ts";

/** How long requests may work in a turn before the next one waits for another, in milliseconds. */
export const TURN_BUDGET_MS = 8;

/** From which length on a request's work counts, in milliseconds; a read has few enough shorter ones. */
export const MIN_COUNTED_MS = 1;

/** The time for requests, shared by all that begin some. */
export class TurnBudget {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #lastEndMs = 0;
  #isTurning = false;

  /** A budget of which nothing is spent. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Works at once, and counts what that takes up to its first wait. */
  run<Result>(work: () => Result): Result {
    const beginMs = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      const endMs = this.#clock.monotonicMs();
      if (endMs - beginMs >= MIN_COUNTED_MS) {
        this.#spentMs += endMs - beginMs;
        this.#lastEndMs = endMs;
      }
    }
  }

  /** Whether what comes next must wait for another turn. */
  get isSpent(): boolean {
    if (this.#spentMs < TURN_BUDGET_MS) return false;
    // Where no request worked for so long, others had their turn.
    if (this.#clock.monotonicMs() - this.#lastEndMs < TURN_BUDGET_MS) return true;
    this.#spentMs = 0;
    return false;
  }

  /** Calls `begin` in a later turn that has time left, after all that wait already. */
  wait(begin: () => void): void {
    this.#waiting.push(begin);
    this.#turn();
  }

  // A timer: all that has come of sockets and other timers gets its turn before it.
  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#clock.after(0, () => {
      this.#isTurning = false;
      this.#spentMs = 0;
      for (let left = this.#waiting.length; left > 0 && !this.isSpent; left--) {
        this.#waiting.shift()?.();
      }
      if (this.#waiting.length > 0) this.#turn();
    });
  }
}
