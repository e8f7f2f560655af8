// The table [models] of the configuration.

import type { ErrorStyle } from "./client_errors.ts";

/** Bytes in a MiB. */
export const MIB_BYTES: number = 1024 * 1024;

/** The settings that may change while the gateway runs. */
export type LiveModelSettings = Pick<
  ModelSettings,
  "allow" | "maxConcurrent" | "queue" | "perKeyPerMinute" | "perKeyTokensPerDay"
>;

/** Settings of the model gateway. */
export interface ModelSettings {
  /** Whether the gateway is there at all. */
  readonly enabled: boolean;
  /** The base URL of the Ollama server, without a slash at its end. */
  readonly upstream: string;
  /** The models that may be used, each with its tag. */
  readonly allow: readonly string[];
  /** How errors are written. */
  readonly errorStyle: ErrorStyle;
  /** The longest body of a request, in MiB. */
  readonly maxBodyMib: number;
  /** How long the upstream may be silent before its first byte and between two, in seconds. */
  readonly timeoutS: number;
  /** How many requests are upstream at once. */
  readonly maxConcurrent: number;
  /** How many requests may wait for a slot. */
  readonly queue: number;
  /** Requests per key and minute; unlimited where undefined. */
  readonly perKeyPerMinute: number | undefined;
  /** Tokens, of prompt and answer together, per key and day of UTC; unlimited where undefined. */
  readonly perKeyTokensPerDay: number | undefined;
  /** Where a line is written for every request; nowhere where undefined. */
  readonly requestLog: string | undefined;
  /** Where keys and usage are kept: a postgres:// URL, or the embedded database where undefined. */
  readonly databaseUrl: string | undefined;
  /** Where limits are counted: a redis:// URL, or the embedded database where undefined. */
  readonly redisUrl: string | undefined;
}
