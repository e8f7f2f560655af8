// The PIN on a terminal: for devices with a console, and for trying things out.

import { pinText } from "./big_digits.ts";
import type { PinDisplay, PinOutcome, WrongGuess } from "./pin_display.ts";
import { safeText } from "./safe_text.ts";

const MAX_ADDRESS_LENGTH = 45;

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
    show: ({ pin, expiresAtMs, deviceName }) => {
      const seconds = Math.max(0, Math.round((expiresAtMs - wallMs()) / 1000));
      write(`\n  PIN for ${safeText(deviceName)}, valid for ${seconds} s\n`);
      write(pinText(pin, columns()));
    },
    warn: (guess) => write(`  ${describeGuess(guess)}\n`),
    clear: (outcome) => write(`  ${describeOutcome(outcome)}\n\n`),
    close: () => {},
  };
}

/** A wrong guess in words for the person at the device. */
export function describeGuess({ failures, limit, from }: WrongGuess): string {
  return `Wrong PIN entered: ${failures} of ${limit}, from ${safeText(from, MAX_ADDRESS_LENGTH)}`;
}

/** How a PIN ended, in words for the person at the device. */
export function describeOutcome(outcome: PinOutcome): string {
  switch (outcome.kind) {
    case "paired":
      return `Paired with ${safeText(outcome.clientName)}`;
    case "expired":
      return "The PIN has expired";
    case "cancelled":
      return "Pairing was cancelled";
    case "too_many_failures":
      return ["The PIN was entered wrong too often", ...fromWhere(outcome.from)].join(", ");
    case "stopped":
      return "The service has stopped";
  }
}

function fromWhere(addresses: readonly string[]): string[] {
  if (addresses.length === 0) return [];
  return [`from ${addresses.map((text) => safeText(text, MAX_ADDRESS_LENGTH)).join(" and ")}`];
}
