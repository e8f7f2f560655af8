// The configuration of a running service. Whoever needs a setting that may change asks at the moment
// it matters, so that a change takes effect with the next request and ends no session.

import { showSettings } from "./api_settings.ts";
import { ALL_SETTINGS, type Config, valueIn } from "./settings_table.ts";

/** What a change or a reload led to. */
export interface SettingsOutcome {
  /** The API's names of what changed and is in force; "action" and "library" for these lists. */
  readonly changed: readonly string[];
  /** The keys of the configuration that differ from what is in force until a restart. */
  readonly needsRestart: readonly string[];
}

/** The settings of a running service. */
export class LiveSettings {
  #current: Config;

  /** Begins with the configuration of the start. */
  constructor(initial: Config) {
    this.#current = initial;
  }

  /** What is in force at this moment; what cannot be reloaded is as it was at the start. */
  get current(): Config {
    return this.#current;
  }

  /** Puts in force what of a configuration can be reloaded. */
  replace(next: Config): SettingsOutcome {
    const before = this.#current;
    const tables: Record<string, Record<string, unknown>> = {};
    for (const setting of ALL_SETTINGS) {
      const table = tables[setting.table] ??= {};
      table[setting.name] = valueIn(setting.row.reloadable === true ? next : before, setting);
    }
    const { actions, libraries } = next;
    this.#current = { ...tables, actions, libraries } as unknown as Config;
    const [old, now] = [showSettings(before), showSettings(this.#current)];
    return {
      changed: Object.keys(now).filter((name) => !isSameSetting(old[name], now[name])),
      needsRestart: ALL_SETTINGS
        .filter((setting) =>
          !isSameSetting(valueIn(this.#current, setting), valueIn(next, setting))
        )
        .map(({ path }) => path),
    };
  }
}

/** Whether two values of settings are the same. */
export function isSameSetting(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
