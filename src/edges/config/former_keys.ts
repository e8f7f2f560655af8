// Keys that had another name before: still read, and told to the owner.

import { parse } from "smol-toml";
import type { PlacedSetting } from "../../features/settings/settings_table.ts";
import { isTable } from "../../features/settings/value_types.ts";
import { lineOfKey } from "../../base/toml_lines.ts";
import { OWNERS_FILE } from "./file_schema.ts";
import type { Problem } from "./problems.ts";

/** A file's tables under the names of today. */
export interface RenamedTables {
  /** The tables. */
  readonly tables: unknown;
  /** The settings that stand under their former keys. */
  readonly renamed: readonly PlacedSetting[];
  /** Settings that stand under both. */
  readonly problems: readonly Problem[];
}

/** Puts the values of former keys under the keys of today. */
export function renameFormerKeys(
  tables: unknown,
  settings: readonly PlacedSetting[],
): RenamedTables {
  if (!isTable(tables)) return { tables, renamed: [], problems: [] };
  const result: Record<string, unknown> = { ...tables };
  const renamed: PlacedSetting[] = [];
  const problems: Problem[] = [];
  for (const setting of settings) {
    const { table: name, key, row: { formerKey } } = setting;
    const table = result[name];
    if (formerKey === undefined || !isTable(table) || !Object.hasOwn(table, formerKey)) continue;
    const { [formerKey]: value, ...others } = table as Record<string, unknown>;
    if (Object.hasOwn(others, key)) {
      const text = `${name}.${formerKey}: is called ${key} now, which is set too`;
      problems.push({ path: [name, formerKey], text });
      result[name] = others;
    } else {
      result[name] = { ...others, [key]: value };
      renamed.push(setting);
    }
  }
  return { tables: result, renamed, problems };
}

/** One line for every former key in the owner's file, which must be TOML. */
export function describeFormerKeys({ file, text }: { file: string; text: string }): string[] {
  return renameFormerKeys(parse(text), OWNERS_FILE.settings).renamed
    .map(({ table, path, row: { formerKey = "" } }) => {
      const line = lineOfKey(text, [table, formerKey]) ?? 1;
      return `${file}: line ${line}: ${table}.${formerKey} is called ${path} now`;
    });
}
