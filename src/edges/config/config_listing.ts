// The configuration in force as a text, each value with the place it comes from. Passwords in URLs
// are not shown.

import { parse, stringify } from "smol-toml";
import {
  camelCase,
  type Setting,
  type SettingRows,
  tomlOf,
  type TomlValue,
} from "../../features/settings/setting.ts";
import { SETTINGS } from "../../features/settings/settings_table.ts";
import { ACTION_ROWS } from "../../features/settings/tables/action_rows.ts";
import { LIBRARY_ROWS } from "../../features/settings/tables/library_rows.ts";
import { isTable } from "../../features/settings/value_types.ts";
import type { Config, ConfigText } from "./config.ts";

/** Options of {@linkcode listConfig}. */
export interface ConfigListingOptions {
  /** The owner's file, if there is one. */
  file: ConfigText | undefined;
  /** The changed settings. */
  overlay: ConfigText;
}

/** The name of a value's place where neither file has it. */
export const DEFAULT_PLACE = "default";

const SECRET = "***";

/** A setting in force. */
export interface ListedSetting {
  /** Its table, such as "service". */
  readonly table: string;
  /** Its key in the file. */
  readonly key: string;
  /** Its value, without passwords. */
  readonly value: TomlValue;
  /** The file that it comes from, or {@linkcode DEFAULT_PLACE}. */
  readonly from: string;
}

/** Every setting in force with the place it comes from. */
export function listSettings(config: Config, options: ConfigListingOptions): ListedSetting[] {
  const { file, overlay } = options;
  const places = [overlay, ...(file === undefined ? [] : [file])]
    .map(({ file: name, text }) => ({ name, tables: parse(text) }));
  return Object.entries<SettingRows>(SETTINGS).flatMap(([table, rows]) => {
    const values = config[table as keyof typeof SETTINGS];
    return Object.entries(rows).flatMap(([key, row]): ListedSetting[] => {
      const value = valueOf(row, values, key);
      if (value === undefined) return [];
      const place = places.find(({ tables }) => hasKey(tables[table], [key, row.formerKey]));
      return [{ table, key, value, from: place?.name ?? DEFAULT_PLACE }];
    });
  });
}

/** Every key of a configuration as `[table]` and `key = value  # place`; valid TOML. */
export function listConfig(config: Config, options: ConfigListingOptions): string {
  const tables = Map.groupBy(listSettings(config, options), ({ table }) => table);
  const texts = [...tables].map(([table, settings]) => {
    const listed = settings.map(({ key, value, from }) => ({
      setting: stringify({ [key]: value }).trim(),
      from,
    }));
    const width = Math.max(...listed.map(({ setting }) => setting.length));
    const lines = listed.map(({ setting, from }) => `${setting.padEnd(width)}  # ${from}`);
    return [`[${table}]`, ...lines].join("\n");
  });
  const lists = [
    ...config.actions.map((action) => stringify({ action: [tableOf(ACTION_ROWS, action)] })),
    ...config.libraries.map((library) => stringify({ library: [tableOf(LIBRARY_ROWS, library)] })),
  ];
  return [...texts, ...lists.map((text) => text.trim())].join("\n\n") + "\n";
}

/** The same for programs: `{settings: [{table, key, value, from}], actions: [...], libraries: [...]}`. */
export function listConfigJson(config: Config, options: ConfigListingOptions): string {
  return JSON.stringify({
    settings: listSettings(config, options),
    actions: config.actions.map((action) => tableOf(ACTION_ROWS, action)),
    libraries: config.libraries.map((library) => tableOf(LIBRARY_ROWS, library)),
  });
}

function hasKey(table: unknown, keys: readonly (string | undefined)[]): boolean {
  return isTable(table) && keys.some((key) => key !== undefined && Object.hasOwn(table, key));
}

function valueOf(row: Setting, values: object, key: string): TomlValue | undefined {
  const value = tomlOf(row, (values as Readonly<Record<string, unknown>>)[camelCase(key)]);
  return row.isSecret === true ? withoutPassword(String(value)) : value;
}

// What is empty says nothing.
function tableOf(rows: SettingRows, values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries<Setting>(rows)
      .map(([key, row]) => [key, valueOf(row, values, key)] as const)
      .filter(([, value]) => value !== undefined)
      .filter(([, value]) => typeof value !== "object" || Object.keys(value).length > 0),
  );
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  if (url.password !== "") url.password = SECRET;
  // Clients of both servers also take secrets as parameters.
  if (url.search !== "") url.search = `?${SECRET}`;
  return url.href;
}
