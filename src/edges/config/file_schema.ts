// What may stand in the TOML files, from the table of settings.

import * as v from "valibot";
import { ALL_SETTINGS, type PlacedSetting } from "../../features/settings/settings_table.ts";
import type { SettingRows } from "../../features/settings/setting.ts";
import { ACTION_ROWS } from "../../features/settings/tables/action_rows.ts";
import { LIBRARY_ROWS } from "../../features/settings/tables/library_rows.ts";
import { schemaOf, table } from "../../features/settings/value_types.ts";

/** Tables of a file by name, their values checked and converted. */
export type FileTables = Readonly<Record<string, Readonly<Record<string, unknown>>>> & {
  readonly action?: readonly Readonly<Record<string, unknown>>[];
  readonly library?: readonly Readonly<Record<string, unknown>>[];
};

/** What a file may say. */
export interface FileSchema {
  /** Checks and converts it. */
  readonly schema: v.ObjectSchema<v.ObjectEntries, undefined>;
  /** The settings that may stand in it. */
  readonly settings: readonly PlacedSetting[];
}

/** The owner's file. */
export const OWNERS_FILE: FileSchema = fileOf(ALL_SETTINGS, {
  action: v.optional(v.array(table(entriesOf(ACTION_ROWS)))),
  library: v.optional(v.array(table(entriesOf(LIBRARY_ROWS)))),
});

/** The file of changed settings: what can change while the service runs. */
export const OVERLAY_FILE: FileSchema = fileOf(
  ALL_SETTINGS.filter(({ row }) => row.reloadable === true),
);

function fileOf(settings: readonly PlacedSetting[], more: v.ObjectEntries = {}): FileSchema {
  const rows: Record<string, SettingRows> = {};
  for (const { table: name, key, row } of settings) rows[name] = { ...rows[name], [key]: row };
  const tables = Object.entries(rows)
    .map(([name, of]) => [name, v.optional(table(entriesOf(of)))] as const);
  return { schema: v.object({ ...Object.fromEntries(tables), ...more }), settings };
}

function entriesOf(rows: SettingRows): v.ObjectEntries {
  return Object.fromEntries(
    Object.entries(rows)
      .map(([key, row]) => [key, "default" in row ? v.optional(schemaOf(row)) : schemaOf(row)]),
  );
}
