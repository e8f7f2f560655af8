// Several displays at once. One that fails never hides another: each is asked, and each failure is
// logged once per display and kind of call.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { PinDisplay } from "./pin_display.ts";

/** A display with a name for the log. */
export interface NamedDisplay {
  /** Such as "framebuffer". */
  readonly name: string;
  /** The display. */
  readonly display: PinDisplay;
}

/** Options of {@linkcode fanOut}. */
export interface FanOutOptions {
  /** All displays. */
  displays: readonly NamedDisplay[];
  /** Hears of failures. */
  log: Logger;
}

/** One display that is all of them, and never throws. */
export function fanOut(options: FanOutOptions): PinDisplay {
  const { displays, log } = options;
  const failed = new Set<string>();

  function tell(name: string, call: string, error: unknown): void {
    const key = `${name} ${call}`;
    if (failed.has(key)) return;
    failed.add(key);
    log.error("Display failed, the PIN is still shown by `latchkey pair`", {
      display: name,
      error: asError(error),
    });
  }

  async function each(
    call: string,
    action: (display: PinDisplay) => void | Promise<void>,
  ): Promise<void> {
    await Promise.all(displays.map(async ({ name, display }) => {
      try {
        await action(display);
      } catch (error) {
        tell(name, call, error);
      }
    }));
  }

  return {
    show: (view) => each("show", (display) => display.show(view)),
    warn: (attempt) => each("warn", (display) => display.warn(attempt)),
    clear: (outcome) => each("clear", (display) => display.clear(outcome)),
    close: () => {
      for (const { name, display } of displays) {
        try {
          display.close();
        } catch (error) {
          tell(name, "close", error);
        }
      }
    },
  };
}
