// How many requests an address may make (docs/protocol.md §9). Local peers are exempt; that is the
// caller's business.

import { limitKey } from "../../base/ip_address.ts";
import { LruMap } from "../../base/lru_map.ts";
import { type BucketRate, TokenBucket } from "../../base/token_bucket.ts";

/** What is limited per address. */
export type LimitName = "general" | "pairing" | "upgrade";

/** The general limit per address: 100 a minute, 20 at once. */
export const GENERAL_RATE: BucketRate = { burst: 20, perSecond: 100 / 60 };

/** The limit of pairing requests per address; start and finish share it. */
export const PAIRING_RATE: BucketRate = { burst: 1, perSecond: 1 };

/**
 * The limit of WebSocket upgrades per address. So wide that who shares the owner's address cannot
 * spend it for the owner; what their sockets may hold is bounded by the guard's slots.
 */
export const UPGRADE_RATE: BucketRate = { burst: 200, perSecond: 200 };

/** How many addresses are remembered. */
export const MAX_LIMITED_ADDRESSES = 4096;

/** One limit for every address. */
export class AddressLimiter {
  readonly #rate: BucketRate;
  readonly #buckets: LruMap<string, TokenBucket>;

  /** Every address begins with a full bucket. */
  constructor(rate: BucketRate, maxAddresses = MAX_LIMITED_ADDRESSES) {
    this.#rate = rate;
    this.#buckets = new LruMap(maxAddresses);
  }

  /** Whether a request from this address may pass; counts it if so. */
  admit(address: string, nowMs: number): boolean {
    const key = limitKey(address);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, nowMs);
    this.#buckets.set(key, bucket);
    return bucket.take(nowMs);
  }
}
