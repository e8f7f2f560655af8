// The settings that were changed while the service ran, as a file of their own in the data folder:
// a TOML writer would lose the comments and the order of the owner's file. What stands here wins
// over that file, key by key; `latchkey config` shows which is which.

import { stringify } from "smol-toml";
import { type ApiSettings, memberNamed } from "./api_settings.ts";
import { RELOADABLE_SETTINGS } from "./settings_table.ts";

/** The file's name in the data folder. */
export const SETTINGS_FILE = "settings.toml";

/** Tables of the file, by name and key. */
export type SettingsFileTables = Readonly<
  Record<string, Readonly<Record<string, unknown>> | undefined>
>;

const HEADER =
  `# Settings that were changed while the service ran. They win over the configuration file.
# Remove a line, or the whole file, to go back to that one.
`;

/**
 * The tables with a change in them: settings by their names in the API. What is undefined stays as
 * it is, and null goes back to what the owner's file says.
 */
export function changeTables(tables: SettingsFileTables, change: ApiSettings): SettingsFileTables {
  const changed: Record<string, Record<string, unknown>> = {};
  for (const [name, table] of Object.entries(tables)) changed[name] = { ...table };
  for (const { table, key, apiName } of RELOADABLE_SETTINGS) {
    const value = memberNamed(change, apiName);
    if (value === null) delete changed[table]?.[key];
    else if (value !== undefined) changed[table] = { ...changed[table], [key]: value };
  }
  return Object.fromEntries(
    Object.entries(changed).filter(([, table]) => Object.keys(table).length > 0),
  );
}

/** The tables as the file's text. */
export function formatTables(tables: SettingsFileTables): string {
  return `${HEADER}\n${stringify(tables)}`;
}
