// Finds the line of a key in a TOML text. The parser gives no positions of keys, but it can be
// asked: the first beginning of the file in which the key exists ends with the key's value.

import { parse } from "smol-toml";

/** The path of a key: table names and array positions, then the key. */
export type KeyPath = readonly (string | number)[];

/** The number of the line, from 1, on which the key's value begins; undefined if there is none. */
export function lineOfKey(toml: string, path: KeyPath): number | undefined {
  const lines = toml.split(/\r?\n/);
  let lastParsed = 0;
  for (let count = 1; count <= lines.length; count++) {
    const table = parseBeginning(lines.slice(0, count));
    if (table === undefined) continue;
    // A value over several lines is there with its last; it began after the last line that parsed.
    if (hasKey(table, path)) return lastParsed + 1;
    lastParsed = count;
  }
  return undefined;
}

function parseBeginning(lines: readonly string[]): unknown {
  try {
    return parse(lines.join("\n"));
  } catch {
    return undefined;
  }
}

function hasKey(root: unknown, path: KeyPath): boolean {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}
