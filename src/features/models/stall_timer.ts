// Whom a request is waiting for at the moment, and until when. One timer that is set anew only when
// it must ring earlier: streams change whom they wait for with every chunk.

import type { Clock } from "../../base/clock.ts";

/** Options of {@linkcode StallTimer}. */
export interface StallTimerOptions<Party> {
  clock: Clock;
  /** Called when somebody let the request wait too long. */
  onOver: (party: Party) => void;
}

/** The patience of one request. */
export class StallTimer<Party> {
  readonly #options: StallTimerOptions<Party>;
  #awaited: { readonly party: Party; readonly untilMs: number } | undefined;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  /** Waits for nobody yet. */
  constructor(options: StallTimerOptions<Party>) {
    this.#options = options;
  }

  /** From now on waits for `party` alone, for at most `limitMs`. */
  waitFor(party: Party, limitMs: number): void {
    const untilMs = this.#options.clock.monotonicMs() + limitMs;
    this.#awaited = { party, untilMs };
    if (this.#timer === undefined || untilMs < this.#timer.atMs) this.#setTimer(untilMs);
  }

  /** Waits for nobody any more. */
  stop(): void {
    this.#awaited = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #setTimer(atMs: number): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    const cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => this.#ring());
    this.#timer = { atMs, cancel };
  }

  #ring(): void {
    this.#timer = undefined;
    const awaited = this.#awaited;
    if (awaited === undefined) return;
    if (this.#options.clock.monotonicMs() < awaited.untilMs) {
      this.#setTimer(awaited.untilMs);
      return;
    }
    this.#awaited = undefined;
    this.#options.onOver(awaited.party);
  }
}
