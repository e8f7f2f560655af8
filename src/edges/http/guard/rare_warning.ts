// A warning about something that a flood can cause thousands of times: the log gets the first and
// then at most one in a while, with the number of those it did not get.

import type { Clock } from "../../../base/clock.ts";
import { unwrittenField } from "../../../base/limited_log.ts";
import type { Logger } from "../../../base/log.ts";

/** The least time between two lines, in milliseconds. */
export const WARNING_PERIOD_MS = 10_000;

/** Options of {@linkcode RareWarning}. */
export interface RareWarningOptions {
  /** The fixed text of the line. */
  message: string;
  log: Logger;
  clock: Clock;
}

/** One kind of warning. */
export class RareWarning {
  readonly #options: RareWarningOptions;
  #quietUntilMs = -Infinity;
  #unwritten = 0;

  /** Nothing happened yet. */
  constructor(options: RareWarningOptions) {
    this.#options = options;
  }

  /** It happened. */
  warn(error: Error): void {
    const { message, log, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) {
      this.#unwritten += 1;
      return;
    }
    log.warn(message, { error, ...unwrittenField(this.#unwritten) });
    this.#quietUntilMs = nowMs + WARNING_PERIOD_MS;
    this.#unwritten = 0;
  }
}
