// Which packets of the local network are looked at at all: anybody in it can send as many as the link
// carries, and each costs time and memory.

import { LruMap } from "../../base/lru_map.ts";
import { type BucketRate, TokenBucket } from "../../base/token_bucket.ts";

/** The longest packet, in bytes (RFC 6762, section 17). */
export const MAX_PACKET_BYTES = 9000;

/** A header alone, in bytes: nothing shorter is a packet. */
export const MIN_PACKET_BYTES = 12;

/** Packets of one source that are looked at. */
export const SOURCE_RATE: BucketRate = { burst: 40, perSecond: 20 };

/** Packets of all sources together. */
export const OVERALL_RATE: BucketRate = { burst: 400, perSecond: 200 };

/** How many sources are told apart. */
export const MAX_SOURCES = 256;

/** The limits of one socket. */
export class PacketLimits {
  readonly #sources = new LruMap<string, TokenBucket>(MAX_SOURCES);
  #overall: TokenBucket | undefined;

  /** Whether a packet of this size from this address is looked at now. */
  admits(packet: { address: string; bytes: number }, nowMs: number): boolean {
    const { address, bytes } = packet;
    if (bytes < MIN_PACKET_BYTES || bytes > MAX_PACKET_BYTES) return false;
    const source = this.#sources.get(address) ?? new TokenBucket(SOURCE_RATE, nowMs);
    this.#sources.set(address, source);
    this.#overall ??= new TokenBucket(OVERALL_RATE, nowMs);
    return source.take(nowMs) && this.#overall.take(nowMs);
  }
}
