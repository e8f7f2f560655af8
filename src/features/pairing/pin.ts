// Draws PINs (docs/protocol.md §3): uniform over all texts of as many digits as a PIN has.

import { randomBelow, type RandomSource } from "../../base/random.ts";
import { PIN_DIGITS } from "../../protocol/v1/pin_format.ts";

/** A uniform PIN, leading zeros included. */
export function drawPin(random: RandomSource): string {
  return String(randomBelow(random, 10 ** PIN_DIGITS)).padStart(PIN_DIGITS, "0");
}
