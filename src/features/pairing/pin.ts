// The PIN (docs/protocol.md §3): six decimal digits, uniform, text and never a number.

import { randomBelow, type RandomSource } from "../../base/random.ts";

/** How many digits a PIN has. */
export const PIN_DIGITS = 6;

/** A uniform PIN in "000000"../.."999999". */
export function drawPin(random: RandomSource): string {
  return String(randomBelow(random, 10 ** PIN_DIGITS)).padStart(PIN_DIGITS, "0");
}
