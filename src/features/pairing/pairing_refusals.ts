// What a client is told when pairing refuses it: the texts of docs/protocol.md §3, which apps
// compare, so they are exact and not in the house's style.

import { AppError, type ErrorCode } from "../../base/app_error.ts";

/** Every refusal of start and finish that has a text of its own, and its code. */
export const PAIRING_REFUSALS = {
  "no pairing in progress": "bad_request",
  "client name required": "bad_request",
  "client name too long": "bad_request",
  "PAKE message too long": "bad_request",
  "invalid PAKE message": "bad_request",
  "wrong PIN": "unauthorized",
  "too many failed attempts": "forbidden",
  "maximum paired clients reached": "forbidden",
  "unknown pairing session": "not_found",
  "pairing expired": "gone",
  "rate limited": "rate_limited",
  "internal error": "internal",
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** The text of a refusal. */
export type PairingRefusal = keyof typeof PAIRING_REFUSALS;

/** A refusal as an error; `retryAfterS` is when the same may be asked again, where that is known. */
export function pairingRefusal(text: PairingRefusal, retryAfterS = 0): AppError {
  return new AppError(PAIRING_REFUSALS[text], text, retryAfterS > 0 ? { retryAfterS } : {});
}
