// A setting as one row of a table: all that the file's schema, the defaults, the listing, a reload, the
// API, the file of changed settings and config.example.toml need to know of it. The types of the
// configuration follow from the rows.

/** A schema of valibot, as far as others than checkers need to know it. */
export interface ValueType<Value = unknown> {
  /** It is a schema. */
  readonly kind: "schema";
  /** What it begins with, such as "array". */
  readonly type: string;
  /** The value that it gives. */
  readonly "~types"?: { readonly output: Value } | undefined;
}

/** A value as TOML has it. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | {
  readonly [key: string]: TomlValue;
};

/** What defaults depend on. */
export interface ConfigEnvironment {
  /** The user's home folder. */
  readonly HOME?: string | undefined;
  /** Where the user keeps state, if set. */
  readonly XDG_STATE_HOME?: string | undefined;
  /** Whether the process runs as root. */
  readonly isRoot: boolean;
}

/** What a default is made of. */
export interface DefaultFacts {
  /** The process's environment. */
  readonly env: ConfigEnvironment;
  /** The values of the rows before it in the table, by their camelCase names. */
  readonly before: Readonly<Record<string, unknown>>;
}

/** One setting. Its key is the name of its row. */
export interface Setting {
  /** What may stand in the file, and the value that it leads to. */
  readonly type: ValueType;
  /** The value without a word, as TOML has it; undefined: none. A row without this is required. */
  readonly default?: TomlValue | undefined | ((facts: DefaultFacts) => TomlValue);
  /** The value without a word where no text in the file means the same. */
  readonly absent?: unknown;
  /** The text that config.example.toml shows where the default is none or depends on the device. */
  readonly example?: TomlValue;
  /** The value as TOML has it, where it is neither the value itself nor the default. */
  readonly format?: (value: never) => TomlValue;
  /** What it means, for the owner: sentences of config.example.toml. */
  readonly help: string;
  /** Whether a change takes effect without a restart; then the API shows and changes it too. */
  readonly reloadable?: boolean;
  /** Its name in the API, "table.name" or "name"; by default the key's in camelCase. */
  readonly apiName?: string;
  /** Whether every member sees it over the API, and not admins alone. */
  readonly isPublic?: boolean;
  /** Whether only the device itself may change it over the API, and no remote admin. */
  readonly localOnly?: boolean;
  /** Whether it may hold a password, which is shown to nobody. */
  readonly isSecret?: boolean;
  /** The key that it had before, which is still read. */
  readonly formerKey?: string;
}

/** Settings by key. */
export type SettingRows = Readonly<Record<string, Setting>>;

/** Rows by table. */
export type SettingTables = Readonly<Record<string, SettingRows>>;

/** A name in snake_case in camelCase. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** The value of a row. */
export type ValueOf<Row extends Setting> =
  | (Row["type"] extends ValueType<infer Value> ? Value : never)
  | (Row extends { readonly absent: infer Absent } ? Absent
    : Row extends { readonly default: undefined } ? undefined
    : never);

/** The values of rows, by their camelCase names. */
export type ValuesOf<Rows extends SettingRows> = {
  readonly [Key in keyof Rows & string as CamelCase<Key>]: ValueOf<Rows[Key]>;
};

/** A name in snake_case in camelCase. */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** A value as TOML has it; undefined where there is none. */
export function tomlOf(row: Setting, value: unknown): TomlValue | undefined {
  if (row.format !== undefined) return row.format(value as never);
  if (value !== undefined) return value as TomlValue;
  return typeof row.default === "function" ? undefined : row.default;
}
