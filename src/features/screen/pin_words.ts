// What displays say to the person at the device. Texts in several lengths begin with the longest: a
// display takes the first that fits.

import type { PinOutcome, WrongGuess } from "./pin_display.ts";
import { safeText } from "./safe_text.ts";

const MAX_ADDRESS_LENGTH = 45;

/** What to do, beside a QR code and without one. */
export const INSTRUCTIONS = {
  withQr: [
    "Scan, or type this PIN in the Zaparoo app",
    "Scan, or type this PIN in the app",
    "Scan, or type the PIN",
  ],
  without: [
    "Type this PIN in the Zaparoo app",
    "Type this PIN in the app",
    "Type this PIN",
  ],
} as const;

/** Where the device is, by the URL that a phone opens; nothing without one. */
export function addressTexts(url: string | undefined): string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { host } = new URL(url);
  return [`This device: ${host}`, host];
}

/** A wrong guess, and from where. */
export function guessTexts(guess: WrongGuess): [longest: string, ...shorter: string[]] {
  const { failures, limit } = guess;
  const from = safeText(guess.from, MAX_ADDRESS_LENGTH);
  return [
    `Wrong PIN entered: ${failures} of ${limit}, from ${from}`,
    `Wrong PIN ${failures}/${limit}: ${from}`,
    `Wrong PIN: ${failures} of ${limit}`,
  ];
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

/** Minutes and seconds, as clocks show them. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
