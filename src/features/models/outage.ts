// The log of a server's outages: one line when it goes and one when it is back, however many
// requests it refuses in between.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** Options of {@linkcode Outages}. */
export interface OutagesOptions {
  /** The server, as the first words of a sentence: "The shared store". */
  what: string;
  log: Logger;
}

/** Options of {@linkcode Outages.watch}. */
export interface WatchOptions<Result> {
  /**
   * Whether a failure is no fault of the server's.
   * @default never
   */
  isOurs?: () => boolean;
  /**
   * What is wrong with a server that gives this result; undefined where nothing is.
   * @default nothing ever is
   */
  faultIn?: (result: Result) => string | undefined;
}

/** Watches calls to one server. */
export class Outages {
  readonly #options: OutagesOptions;
  #isAway = false;
  #calls = 0;
  #callsAtFailure = 0;

  /** Nothing has failed yet. */
  constructor(options: OutagesOptions) {
    this.#options = options;
  }

  /** What a call comes to; its failure is told where none was told since the last success. */
  async watch<Result>(
    work: () => Promise<Result>,
    { isOurs = () => false, faultIn = () => undefined }: WatchOptions<Result> = {},
  ): Promise<Result> {
    this.#calls += 1;
    const number = this.#calls;
    try {
      const result = await work();
      const fault = faultIn(result);
      if (fault === undefined) this.#succeeded(number);
      else this.#failed({ reason: fault });
      return result;
    } catch (error) {
      if (!isOurs()) this.#failed({ error: asError(error) });
      throw error;
    }
  }

  #failed(why: { error: Error } | { reason: string }): void {
    const { what, log } = this.#options;
    if (!this.#isAway) log.error(`${what} cannot be used`, why);
    this.#isAway = true;
    this.#callsAtFailure = this.#calls;
  }

  // What began before the failure may have been answered before it, and says nothing of now.
  #succeeded(number: number): void {
    if (!this.#isAway || number <= this.#callsAtFailure) return;
    this.#isAway = false;
    this.#options.log.info(`${this.#options.what} can be used again`);
  }
}
