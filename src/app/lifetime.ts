// How long the parts of a service live. Each part says how it ends in the line that starts it, so
// that a step that throws half-way ends all that was started before it, the same way as a stop.

import { type Clock, settledWithin } from "../base/clock.ts";

/** What ends when the service stops, or when it cannot start. */
export class Lifetime {
  readonly #clock: Clock;
  readonly #graceMs: number;
  /** Newest first. */
  readonly #early: (() => unknown)[] = [];
  readonly #late = new AsyncDisposableStack();
  #ending: Promise<void> | undefined;

  /** A lifetime that waits `graceMs` for what ends early. */
  constructor(options: { clock: Clock; graceMs: number }) {
    this.#clock = options.clock;
    this.#graceMs = options.graceMs;
  }

  /** Whether it is ending, or has ended. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /**
   * Calls `end` as soon as the end begins: newest first, all of them before anything is waited for.
   * What they return is waited for together, no longer than the grace.
   */
  early(end: () => unknown): void {
    this.#early.unshift(end);
  }

  /** Calls `end` after all that ends early: newest first, one after the other. */
  late(end: () => void | Promise<void>): void {
    this.#late.defer(end);
  }

  /**
   * Ends everything, whatever throws on the way; resolves when all is over, for a second call too.
   * Rejects with what was thrown.
   */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const failures: unknown[] = [];
    const failed = (error: unknown): void => {
      failures.push(error);
    };
    const work = Promise.all(this.#early.map(async (end) => {
      try {
        await end();
      } catch (error) {
        failed(error);
      }
    }));
    await settledWithin(this.#clock, { work, limitMs: this.#graceMs });
    await this.#late.disposeAsync().catch(failed);
    if (failures.length > 0) throw failures[0];
  }
}
