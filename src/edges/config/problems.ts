// From what a schema found wrong to one sentence per problem, with the path of its key; and the
// keys that no schema knows.

import type * as v from "valibot";
import { closestWord } from "../../base/closest_word.ts";
import type { KeyPath } from "../../base/toml_lines.ts";
import { isTable } from "../../features/settings/value_types.ts";

/** One thing that is wrong with a file. */
export interface Problem {
  /** The key it is about. */
  readonly path: KeyPath;
  /** What to say about it. */
  readonly text: string;
}

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  string: "a text in quotes",
};

/** One issue of a schema in words. Rules of ours come with their own, types with a schema's. */
export function describeIssue(issue: v.BaseIssue<unknown>): Problem {
  const path = issue.path?.map(({ key }) => key as string | number) ?? [];
  // Of several shapes none fits: no single one of them is what was meant.
  const isOurs = issue.kind === "validation" || issue.type === "custom" || issue.type === "union";
  if (!isOurs && issue.input === undefined) return { path, text: `${path.join(".")}: missing` };
  const type = TYPES[issue.type] ?? listChoices(issue.expected ?? "");
  return { path, text: `${path.join(".")}: ${isOurs ? issue.message : `expected ${type}`}` };
}

// ("a" | "b" | "c") as people say it.
function listChoices(expected: string): string {
  return expected.replace(/^\((.*)\)$/, "$1").replaceAll(" | ", ", ").replace(
    /, ([^,]*)$/,
    " or $1",
  );
}

/** All keys of `value` that the schema does not know; the schema itself would tell of one only. */
export function describeUnknownKeys(
  value: unknown,
  schema: SchemaShape,
  path: KeyPath = [],
): Problem[] {
  if (Array.isArray(value)) {
    const { item } = unwrap(schema);
    if (item === undefined) return [];
    return value.flatMap((entry, at) => describeUnknownKeys(entry, item, [...path, at]));
  }
  const { entries } = unwrap(schema);
  if (entries === undefined || !isTable(value)) return [];
  const known = Object.keys(entries);
  return Object.entries(value).flatMap(([key, entry]) => {
    const next = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (next !== undefined) return describeUnknownKeys(entry, next, [...path, key]);
    const guess = closestWord(key, known);
    const hint = guess === undefined ? "" : ` (did you mean "${guess}"?)`;
    const text = `unknown key ${JSON.stringify(key)}${nameOfTable(path)}${hint}`;
    return [{ path: [...path, key], text }];
  });
}

/** The parts of a schema that lead to the keys below it. */
export interface SchemaShape {
  /** What an optional value is, if there. */
  readonly wrapped?: SchemaShape;
  /** The steps of a pipe. */
  readonly pipe?: readonly SchemaShape[];
  /** The keys of a table. */
  readonly entries?: Readonly<Record<string, SchemaShape>>;
  /** What each entry of a list is. */
  readonly item?: SchemaShape;
}

function unwrap(schema: SchemaShape): SchemaShape {
  if (schema.wrapped !== undefined) return unwrap(schema.wrapped);
  const step = schema.pipe?.find((one) => one.entries !== undefined || one.item !== undefined);
  return step ?? schema;
}

function nameOfTable(path: KeyPath): string {
  const names = path.filter((part) => typeof part === "string");
  if (names.length === 0) return "";
  const isList = path.length > names.length;
  return isList ? ` in [[${names.join(".")}]]` : ` in [${names.join(".")}]`;
}
