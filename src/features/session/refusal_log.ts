// The log's lines about sessions that were refused. An upgrade is cheap, so one address could cause
// hundreds of lines a second: they are limited by address. Metrics count every refusal.

import type { Clock } from "../../base/clock.ts";
import { limitKey } from "../../base/ip_address.ts";
import { LimitedLog } from "../../base/limited_log.ts";
import type { Logger } from "../../base/log.ts";

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

/** Writes refused sessions, not too often. */
export class RefusalLog {
  readonly #lines: LimitedLog;

  /** Nothing was refused yet. */
  constructor(options: RefusalLogOptions) {
    this.#lines = new LimitedLog(options);
  }

  /** Writes the line, or counts it where the address (IPv6: its /64) has had enough of them. */
  write({ clientId, ...fields }: RefusedSession): void {
    this.#lines.write({
      message: "Session refused",
      of: limitKey(fields.address),
      fields: { ...fields, ...(clientId === null ? {} : { clientId }) },
    });
  }
}
