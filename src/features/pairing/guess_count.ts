// How many guesses an address has left (docs/protocol.md §3). The number is the address's own: what
// others guessed is not to be read from it.

import { limitKey } from "../../base/ip_address.ts";
import { MAX_FAILURES_PER_ADDRESS } from "./pairing_limits.ts";

/** How many an address has left under a PIN, of which the wrong ones came `failedFrom` addresses. */
export function triesLeftOf(address: string, failedFrom: readonly string[]): number {
  const key = limitKey(address);
  const failures = failedFrom.filter((from) => limitKey(from) === key).length;
  return Math.max(0, MAX_FAILURES_PER_ADDRESS - failures);
}
