// Who may start pairing when more ask than the device answers (docs/protocol.md §3, §9): one half is
// for whoever comes first, the other for hosts that have not started for a while, so that a few that
// never stop cannot keep the owner's phone out. Pure; times are of a clock that never goes back.

import { limitKey } from "../../base/ip_address.ts";
import { LruMap } from "../../base/lru_map.ts";
import { TokenBucket } from "../../base/token_bucket.ts";
import { MAX_START_ADDRESSES, START_HALF_RATE, START_REST_MS } from "./pairing_limits.ts";

/** The starts of all remote hosts. */
export class StartShares {
  readonly #anybody: TokenBucket;
  readonly #rested: TokenBucket;
  readonly #startedAtMs = new LruMap<string, number>(MAX_START_ADDRESSES);

  /** Both halves are full. */
  constructor(nowMs: number) {
    this.#anybody = new TokenBucket(START_HALF_RATE, nowMs);
    this.#rested = new TokenBucket(START_HALF_RATE, nowMs);
  }

  /** Whether an address (IPv6: its /64) may start; counts it if so. */
  admit(address: string, nowMs: number): boolean {
    const key = limitKey(address);
    const startedAtMs = this.#startedAtMs.get(key) ?? -Infinity;
    const isRested = nowMs - startedAtMs >= START_REST_MS;
    const isAdmitted = this.#anybody.take(nowMs) || (isRested && this.#rested.take(nowMs));
    if (isAdmitted) this.#startedAtMs.set(key, nowMs);
    return isAdmitted;
  }
}
