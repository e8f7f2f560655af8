// Which keys of the configuration take effect at the next start only.

import type { Config } from "./config.ts";
import { tablesOf } from "./config_listing.ts";

/** The keys that take effect when they are read again. */
export const LIVE_KEYS: ReadonlySet<string> = new Set([
  "service.encryption",
  "security.allowed_ips",
  "security.allowed_origins",
  "security.allow_run",
  "discovery.enabled",
  "discovery.instance_name",
  "models.allow",
  "models.max_concurrent",
  "models.queue",
  "models.per_key_per_minute",
  "models.per_key_tokens_per_day",
  "log.level",
]);

/** The keys, such as "service.listen", that differ and wait for a restart. */
export function keysForRestart(running: Config, read: Config): string[] {
  const before = valuesOf(running);
  return [...valuesOf(read)]
    .filter(([key, value]) => !LIVE_KEYS.has(key) && value !== before.get(key))
    .map(([key]) => key);
}

function valuesOf(config: Config): Map<string, string> {
  // Compared with their passwords, which are told to nobody.
  const tables = tablesOf(config, (url) => url);
  return new Map(
    tables.flatMap(([table, keys]) =>
      Object.entries(keys).map(([key, value]) => [`${table}.${key}`, JSON.stringify(value ?? null)])
    ),
  );
}
