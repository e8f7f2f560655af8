// The configuration out of the TOML files: the table of settings says what they may hold; errors name
// file, line and key. Pure; reading the files is the command line's business.

import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { lineOfKey } from "../../base/toml_lines.ts";
import type { ActionSettings } from "../../features/actions/action_settings.ts";
import { describeActionProblems } from "../../features/actions/action_table.ts";
import {
  describeLibraryProblems,
  type LibrarySettings,
} from "../../features/library/library_settings.ts";
import { ConfigError } from "../../features/settings/config_error.ts";
import {
  camelCase,
  type ConfigEnvironment,
  type DefaultFacts,
  type Setting,
  type SettingRows,
  type ValuesOf,
} from "../../features/settings/setting.ts";
import { type Config, SETTINGS } from "../../features/settings/settings_table.ts";
import { ACTION_ROWS } from "../../features/settings/tables/action_rows.ts";
import { LIBRARY_ROWS } from "../../features/settings/tables/library_rows.ts";
import { isTable, schemaOf } from "../../features/settings/value_types.ts";
import { type FileSchema, type FileTables, OVERLAY_FILE, OWNERS_FILE } from "./file_schema.ts";
import { renameFormerKeys } from "./former_keys.ts";
import { describeIssue, describeUnknownKeys, type Problem, type SchemaShape } from "./problems.ts";

export { ConfigError } from "../../features/settings/config_error.ts";
export type { ConfigEnvironment } from "../../features/settings/setting.ts";
export type { Config } from "../../features/settings/settings_table.ts";

/** Options of {@linkcode parseConfig}. */
export interface ParseConfigOptions {
  /** The file's name for messages. */
  file: string;
  /** What the defaults depend on. */
  env: ConfigEnvironment;
  /**
   * Settings that were changed while the service ran; they win over the file's.
   * @default none
   */
  overlay?: ConfigText | undefined;
}

/** A text and the name of its file. */
export interface ConfigText {
  /** The file's name for messages. */
  readonly file: string;
  /** What it says, in TOML. */
  readonly text: string;
}

/**
 * The configuration in a TOML text, with the settings that were changed since; throws ConfigError
 * with every problem it has.
 */
export function parseConfig(toml: string, options: ParseConfigOptions): Config {
  const { file, env, overlay } = options;
  const tables = readTables(OWNERS_FILE, { file, text: toml }).checked;
  if (overlay === undefined) return configOf(tables, env);
  return configOf(mergeTables(tables, readTables(OVERLAY_FILE, overlay).checked), env);
}

/** The tables in the file of changed settings, as TOML has them; throws ConfigError. */
export function parseOverlay(overlay: ConfigText): FileTables {
  return readTables(OVERLAY_FILE, overlay).given;
}

function readTables(
  { schema, settings }: FileSchema,
  { file, text }: ConfigText,
): { given: FileTables; checked: FileTables } {
  const { tables, renamed, problems: doubles } = renameFormerKeys(parseToml(text, file), settings);
  const result = v.safeParse(schema, tables);
  const problems = [
    ...doubles,
    ...(result.issues ?? []).map(describeIssue),
    ...describeUnknownKeys(tables, schema as SchemaShape),
    ...(result.success ? describeMissing(result.output as FileTables) : []),
  ]
    .map(({ path, text: problem }) => {
      const setting = renamed.find(({ table, key }) => path[0] === table && path[1] === key);
      const written = [path[0] ?? "", setting?.row.formerKey ?? "", ...path.slice(2)];
      return { line: lineOfKey(text, setting === undefined ? path : written) ?? 1, problem };
    })
    .sort((a, b) => a.line - b.line)
    .map(({ line, problem }) => `Cannot read ${file}: line ${line}: ${problem}`);
  if (!result.success || problems.length > 0) throw new ConfigError(problems.join("\n"));
  return { given: tables as FileTables, checked: result.output as FileTables };
}

// Key by key: a table of the overlay leaves the other keys of the file's table as they are.
function mergeTables(tables: FileTables, overlay: FileTables): FileTables {
  const merged: Record<string, unknown> = { ...tables };
  for (const [name, table] of Object.entries(overlay)) {
    if (isTable(table)) merged[name] = { ...merged[name] as object | undefined, ...table };
  }
  return merged as FileTables;
}

function configOf(tables: FileTables, env: ConfigEnvironment): Config {
  const values = Object.entries<SettingRows>(SETTINGS)
    .map(([name, rows]) => [name, valuesOf(rows, { given: tables[name], env })]);
  return {
    ...Object.fromEntries(values),
    actions: actionsOf(tables),
    libraries: librariesOf(tables),
  };
}

function valuesOf(
  rows: SettingRows,
  { given = {}, env = { isRoot: false } }: {
    given: Readonly<Record<string, unknown>> | undefined;
    env?: ConfigEnvironment;
  },
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(rows)) {
    const isGiven = Object.hasOwn(given, key);
    values[camelCase(key)] = isGiven ? given[key] : defaultOf(row, { env, before: values });
  }
  return values;
}

function defaultOf(row: Setting, facts: DefaultFacts): unknown {
  const text = typeof row.default === "function" ? row.default(facts) : row.default;
  return text === undefined ? row.absent : v.parse(schemaOf(row), text);
}

function actionsOf({ action = [] }: FileTables): ActionSettings[] {
  return action.map((given) =>
    valuesOf(ACTION_ROWS, { given }) as unknown as ValuesOf<typeof ACTION_ROWS>
  );
}

function librariesOf({ library = [] }: FileTables): LibrarySettings[] {
  return library.map((given) =>
    valuesOf(LIBRARY_ROWS, { given }) as unknown as ValuesOf<typeof LIBRARY_ROWS>
  );
}

// What one key makes necessary of another.
function describeMissing(tables: FileTables): Problem[] {
  const problems = [
    ...describeActionProblems(actionsOf(tables)).map((problem) => ({
      table: "action",
      ...problem,
    })),
    ...describeLibraryProblems(librariesOf(tables))
      .map((problem) => ({ table: "library", ...problem })),
  ].map(({ table, index, key, text }) => ({
    path: [table, index, key],
    text: `${table}.${index}.${key}: ${text}`,
  }));
  const { kind, command } = valuesOf(SETTINGS.display, { given: tables["display"] });
  const isUseless = (kind as string[]).includes("command") && (command as string[]).length === 0;
  if (!isUseless) return problems;
  const text = 'display.kind: "command" wants a program as display.command';
  return [...problems, { path: ["display", "kind"], text }];
}

function parseToml(toml: string, file: string): unknown {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    throw new ConfigError(`Cannot read ${file}: line ${error.line}: ${reason}`, { cause: error });
  }
}
