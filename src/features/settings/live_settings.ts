// The settings that may change while the service runs. Whoever needs one asks at the moment it
// matters, so that a change takes effect with the next request and ends no session.

import type { LogLevel } from "../../base/log.ts";

/** Settings that can be reloaded. */
export interface Settings {
  /** Whether remote WebSocket peers must encrypt. */
  readonly encryption: boolean;
  /** Addresses and CIDR ranges that POST, SSE and the model gateway are open to. */
  readonly allowedIps: readonly string[];
  /** Web origins beyond the built-in ones. */
  readonly allowedOrigins: readonly string[];
  /** Patterns (RE2, anchored) of texts that remote peers may run over REST. */
  readonly allowRun: readonly string[];
  /** The announcement in the local network. */
  readonly discovery: {
    /** Whether the device announces itself. */
    readonly enabled: boolean;
    /** The name under which people find it; the host name where undefined. */
    readonly instanceName: string | undefined;
  };
  /** The model gateway. */
  readonly models: {
    /** The models that may be used, each with its tag. */
    readonly allow: readonly string[];
    /** How many requests are upstream at once. */
    readonly maxConcurrent: number;
    /** How many requests may wait for a place. */
    readonly queue: number;
    /** Requests per key and minute; unlimited where undefined. */
    readonly perKeyPerMinute: number | undefined;
    /** Tokens per key and day of UTC; unlimited where undefined. */
    readonly perKeyTokensPerDay: number | undefined;
  };
  /** The quietest log level that is written. */
  readonly logLevel: LogLevel;
}

/** The settings of a running service. */
export class LiveSettings {
  #current: Settings;

  /** Begins with the settings of the start. */
  constructor(initial: Settings) {
    this.#current = initial;
  }

  /** The settings at this moment. */
  get current(): Settings {
    return this.#current;
  }

  /** Puts new settings in force; the names of those that changed. */
  replace(next: Settings): (keyof Settings)[] {
    const before = this.#current;
    this.#current = next;
    return (Object.keys(next) as (keyof Settings)[]).filter((name) =>
      JSON.stringify(before[name]) !== JSON.stringify(next[name])
    );
  }
}
