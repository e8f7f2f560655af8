// The settings that were changed while the service ran, as a file of their own in the data folder:
// a TOML writer would lose the comments and the order of the owner's file. What stands here wins
// over that file, key by key; `latchkey config` shows which is which.

import { stringify } from "smol-toml";
import type { LogLevel } from "../../base/log.ts";

/** The file's name in the data folder. */
export const SETTINGS_FILE = "settings.toml";

/** A change; what is undefined stays as it is. */
export interface SettingsChange {
  /** Whether remote WebSocket peers must encrypt. */
  readonly encryption?: boolean | undefined;
  /** Addresses and ranges that POST, SSE and the model gateway are open to. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Web origins beyond the built-in ones. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Patterns of texts that remote peers may run over REST. */
  readonly allowRun?: readonly string[] | undefined;
  /** The announcement in the local network. */
  readonly discovery?: {
    /** Whether the device announces itself. */
    readonly enabled?: boolean | undefined;
    /** The name under which people find it; null goes back to what the file says. */
    readonly instanceName?: string | null | undefined;
  } | undefined;
  /** The model gateway. */
  readonly models?: {
    /** The models that may be used. */
    readonly allow?: readonly string[] | undefined;
    /** How many requests are upstream at once. */
    readonly maxConcurrent?: number | undefined;
    /** How many requests may wait for a place. */
    readonly queue?: number | undefined;
    /** Requests per key and minute; 0: unlimited. */
    readonly perKeyPerMinute?: number | undefined;
    /** Tokens per key and day of UTC; 0: unlimited. */
    readonly perKeyTokensPerDay?: number | undefined;
  } | undefined;
  /** The quietest log level that is written. */
  readonly logLevel?: LogLevel | undefined;
}

/** Tables of the file, by name and key. */
export type SettingsTables = Readonly<
  Record<string, Readonly<Record<string, unknown>> | undefined>
>;

const HEADER =
  `# Settings that were changed while the service ran. They win over the configuration file.
# Remove a line, or the whole file, to go back to that one.
`;

/** The tables with a change in them. */
export function changeTables(tables: SettingsTables, change: SettingsChange): SettingsTables {
  const { encryption, allowedIps, allowedOrigins, allowRun, logLevel } = change;
  const { discovery = {}, models = {} } = change;
  const changes: SettingsTables = {
    service: { encryption },
    security: {
      allowed_ips: allowedIps,
      allowed_origins: allowedOrigins,
      allow_run: allowRun,
    },
    discovery: { enabled: discovery.enabled, instance_name: discovery.instanceName },
    models: {
      allow: models.allow,
      max_concurrent: models.maxConcurrent,
      queue: models.queue,
      per_key_per_minute: models.perKeyPerMinute,
      per_key_tokens_per_day: models.perKeyTokensPerDay,
    },
    log: { level: logLevel },
  };
  const merged = Object.entries(changes).map(([name, changed = {}]) => {
    const kept = Object.entries({ ...tables[name], ...withoutUndefined(changed) })
      .filter(([, value]) => value !== null && value !== undefined);
    return [name, Object.fromEntries(kept)] as const;
  });
  return Object.fromEntries(merged.filter(([, table]) => Object.keys(table).length > 0));
}

/** The tables as the file's text. */
export function formatTables(tables: SettingsTables): string {
  return `${HEADER}\n${stringify(tables)}`;
}

function withoutUndefined(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
