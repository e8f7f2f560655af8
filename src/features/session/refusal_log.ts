// The log's lines about sessions that were refused. An upgrade is cheap, so one address could cause
// hundreds of lines a second: each address has a bucket, and what it leaves out is counted and told
// with the address's next line. Metrics count every refusal.

import type { Clock } from "../../base/clock.ts";
import { limitKey } from "../../base/ip_address.ts";
import type { Logger } from "../../base/log.ts";
import { LruMap } from "../../base/lru_map.ts";
import { type BucketRate, TokenBucket } from "../../base/token_bucket.ts";

/** The lines of one address (IPv6: its /64). */
export const REFUSAL_LINE_RATE: BucketRate = { burst: 10, perSecond: 0.1 };

/** How many addresses are remembered; the least recently used goes first. */
export const MAX_REFUSAL_LOG_ADDRESSES = 1024;

/** Options of {@linkcode RefusalLog}. */
export interface RefusalLogOptions {
  clock: Clock;
  log: Logger;
}

/** One session that was refused. */
export interface RefusedSession {
  /** Names the connection. */
  readonly connection: string;
  /** The peer's address without a port. */
  readonly address: string;
  /** Why. */
  readonly reason: string;
  /** The client that the peer named, where it is one of ours. */
  readonly clientId: string | null;
}

interface AddressLines {
  readonly bucket: TokenBucket;
  unwritten: number;
}

/** Writes refused sessions, not too often. */
export class RefusalLog {
  readonly #options: RefusalLogOptions;
  readonly #addresses = new LruMap<string, AddressLines>(MAX_REFUSAL_LOG_ADDRESSES);

  /** Nothing was refused yet. */
  constructor(options: RefusalLogOptions) {
    this.#options = options;
  }

  /** Writes the line, or counts it where the address has had enough of them. */
  write(refused: RefusedSession): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const key = limitKey(refused.address);
    const lines = this.#addresses.get(key) ??
      { bucket: new TokenBucket(REFUSAL_LINE_RATE, nowMs), unwritten: 0 };
    this.#addresses.set(key, lines);
    if (!lines.bucket.take(nowMs)) {
      lines.unwritten += 1;
      return;
    }
    const { clientId, ...fields } = refused;
    log.info("Session refused", {
      ...fields,
      ...(clientId === null ? {} : { clientId }),
      unwritten: lines.unwritten,
    });
    lines.unwritten = 0;
  }
}
