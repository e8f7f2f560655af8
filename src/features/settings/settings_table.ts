// Every setting, one row each. What a row says is all that is said of it anywhere: the schema of the
// file, the defaults, `latchkey config`, reload, `settings` and `settings.update`, the file of changed
// settings and config.example.toml follow.

import type { ActionSettings } from "../actions/action_settings.ts";
import type { LibrarySettings } from "../library/library_settings.ts";
import { MODEL_ROWS } from "./tables/model_rows.ts";
import { BUTTON_ROWS, DISPLAY_ROWS } from "./tables/screen_rows.ts";
import {
  DISCOVERY_ROWS,
  LIMIT_ROWS,
  LOG_ROWS,
  SECURITY_ROWS,
  SERVICE_ROWS,
} from "./tables/service_rows.ts";
import { camelCase, type Setting, type SettingTables, type ValuesOf } from "./setting.ts";

/** The tables of the configuration, but for the actions and the library. */
export const SETTINGS = {
  service: SERVICE_ROWS,
  security: SECURITY_ROWS,
  limits: LIMIT_ROWS,
  discovery: DISCOVERY_ROWS,
  models: MODEL_ROWS,
  display: DISPLAY_ROWS,
  buttons: BUTTON_ROWS,
  log: LOG_ROWS,
} as const satisfies SettingTables;

/** The whole configuration, all defaults filled in: the rows' values by camelCase names. */
export type Config =
  & { readonly [Table in keyof typeof SETTINGS]: ValuesOf<(typeof SETTINGS)[Table]> }
  & {
    /** What texts start, in the order in which they are tried. */
    readonly actions: readonly ActionSettings[];
    /** Where systems and media come from; without any there is no library. */
    readonly libraries: readonly LibrarySettings[];
  };

/** A row with its place. */
export interface PlacedSetting {
  /** The table it is in. */
  readonly table: string;
  /** Its key there. */
  readonly key: string;
  /** The key in camelCase: the name of its value in a {@linkcode Config}. */
  readonly name: string;
  /** "table.key". */
  readonly path: string;
  /** Its name in the API, where it can be reloaded. */
  readonly apiName: string;
  /** The row. */
  readonly row: Setting;
}

/** Every row in the order of the tables. */
export const ALL_SETTINGS: readonly PlacedSetting[] = Object.entries<
  Readonly<Record<string, Setting>>
>(SETTINGS).flatMap(([table, rows]) =>
  Object.entries(rows).map(([key, row]) => {
    const name = camelCase(key);
    const { apiName = `${table}.${name}` } = row;
    return { table, key, name, path: `${table}.${key}`, apiName, row };
  })
);

/** The rows that take effect without a restart. */
export const RELOADABLE_SETTINGS: readonly PlacedSetting[] = ALL_SETTINGS
  .filter(({ row }) => row.reloadable === true);

/** The value of a row in a configuration. */
export function valueIn(config: Config, { table, name }: PlacedSetting): unknown {
  const tables: Readonly<Record<string, unknown>> = config;
  return (tables[table] as Readonly<Record<string, unknown>>)[name];
}
