// Log lines that somebody else can cause as often as they like: each has a bucket, and how many it
// left out is told with the next one.

import type { Clock } from "./clock.ts";
import type { LogFields, Logger, LogLevel } from "./log.ts";
import { LruMap } from "./lru_map.ts";
import { type BucketRate, TokenBucket } from "./token_bucket.ts";

/** How often a line is written, where nothing else is named. */
export const LINE_RATE: BucketRate = { burst: 10, perSecond: 0.1 };

/** How many buckets are remembered; the least recently used goes first. */
export const MAX_LINE_BUCKETS = 1024;

/** Options of {@linkcode LimitedLog}. */
export interface LimitedLogOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
  /** @default LINE_RATE */
  readonly rate?: BucketRate;
}

/** One line. */
export interface LimitedLine {
  /** @default "info" */
  readonly level?: LogLevel;
  readonly message: string;
  /** Whose line it is: the same message of another has a bucket of its own. */
  readonly of: string;
  readonly fields: LogFields;
}

/** How many lines were left out, for the next one; nothing where none was. */
export function unwrittenField(unwritten: number): { unwritten?: number } {
  return unwritten === 0 ? {} : { unwritten };
}

interface LineBucket {
  readonly bucket: TokenBucket;
  unwritten: number;
}

/** Writes lines, not too often. */
export class LimitedLog {
  readonly #options: LimitedLogOptions;
  readonly #buckets = new LruMap<string, LineBucket>(MAX_LINE_BUCKETS);

  /** Nothing was written yet. */
  constructor(options: LimitedLogOptions) {
    this.#options = options;
  }

  /** Writes the line, or counts it where there were enough of them; says whether it was written. */
  write({ level = "info", message, of, fields }: LimitedLine): boolean {
    const { clock, log, rate = LINE_RATE } = this.#options;
    const nowMs = clock.monotonicMs();
    const key = `${message}\n${of}`;
    const lines = this.#buckets.get(key) ?? { bucket: new TokenBucket(rate, nowMs), unwritten: 0 };
    this.#buckets.set(key, lines);
    if (!lines.bucket.take(nowMs)) {
      lines.unwritten += 1;
      return false;
    }
    log[level](message, { ...fields, ...unwrittenField(lines.unwritten) });
    lines.unwritten = 0;
    return true;
  }
}
