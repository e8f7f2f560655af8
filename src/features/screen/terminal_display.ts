// The PIN on a terminal: for devices with a console, and for trying things out.

import { pinText } from "./big_digits.ts";
import type { PinDisplay } from "./pin_display.ts";
import { addressTexts, describeOutcome, guessTexts, INSTRUCTIONS } from "./pin_words.ts";
import { safeText } from "./safe_text.ts";

/** Options of {@linkcode createTerminalDisplay}. */
export interface TerminalDisplayOptions {
  /** Takes text for the terminal, line ends included. */
  write: (text: string) => void;
  /** The wall clock, in milliseconds. */
  wallMs: () => number;
  /** How many columns the terminal has; undefined where nobody knows. */
  columns: () => number | undefined;
}

/** A display that writes to a terminal. */
export function createTerminalDisplay(options: TerminalDisplayOptions): PinDisplay {
  const { write, wallMs, columns } = options;
  return {
    show: ({ pin, expiresAtMs, deviceName, url }) => {
      const seconds = Math.max(0, Math.round((expiresAtMs - wallMs()) / 1000));
      write(`\n  PIN for ${safeText(deviceName)}, valid for ${seconds} s\n`);
      write(pinText(pin, columns()));
      write(`  ${INSTRUCTIONS.without[0]}\n`);
      const [address] = addressTexts(url);
      if (address !== undefined) write(`  ${address}\n`);
    },
    warn: (guess) => write(`  ${guessTexts(guess)[0]}\n`),
    clear: (outcome) => write(`  ${describeOutcome(outcome)}\n\n`),
    close: () => {},
  };
}
