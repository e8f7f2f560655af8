// Brings what happens in the pairing window to the person at the device. Whatever a display does,
// the pairing goes on: errors are logged, and the PIN stays reachable through `latchkey pair`.

import { asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { PinDisplay, PinOutcome, PinView } from "./pin_display.ts";

/** Options of {@linkcode guardDisplay}. */
export interface GuardDisplayOptions {
  /** The display that may fail. */
  display: PinDisplay;
  /** Hears of failures. */
  log: Logger;
}

/** The same display, but its failures are logged and never seen by the caller. */
export function guardDisplay(options: GuardDisplayOptions): PinDisplay {
  const { display, log } = options;
  const attempt = async (action: () => void | Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      log.error("Display failed, the PIN is still shown by `latchkey pair`", {
        error: asError(error),
      });
    }
  };
  return {
    show: (view: PinView) => attempt(() => display.show(view)),
    warn: (wrong: { failures: number; limit: number }) => attempt(() => display.warn(wrong)),
    clear: (outcome: PinOutcome) => attempt(() => display.clear(outcome)),
  };
}
