// What settings may be made of: schemas with the words for the owner whose value is none of them.

import * as v from "valibot";
import { parseSocketAddress, type SocketAddress } from "../../base/socket_address.ts";
import type { Setting } from "./setting.ts";

/** The schema of a row. */
export function schemaOf({ type }: Setting): v.GenericSchema {
  return type as v.GenericSchema;
}

/** Whether a value is a table, and neither a list nor a date. */
export function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

/** A table: lists and dates are objects to a schema, and would pass for tables that set nothing. */
export function table<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.GenericSchema<unknown, v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  return v.pipe(v.custom<object>(isTable, "expected a table"), v.object(entries));
}

/** A list of texts. */
export function listOf(
  isEntry: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string[], string[]> {
  return v.array(v.pipe(v.string(), v.check(isEntry, expectation)));
}

/** A text. */
export function textOf(
  isText: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string, string> {
  return v.pipe(v.string(), v.check(isText, expectation));
}

/** An integer. */
export function wholeNumber(
  range: { min: number; max: number; unit?: string },
): v.GenericSchema<number> {
  const { min, max, unit } = range;
  return v.pipe(
    v.number(),
    v.check(
      (value) => Number.isInteger(value) && value >= min && value <= max,
      `expected ${min} to ${max}${unit === undefined ? "" : ` ${unit}`}`,
    ),
  );
}

/** An integer from 1 to `max`, or 0 for no limit, which becomes undefined. */
export function limitOf(max: number): v.GenericSchema<number, number | undefined> {
  return v.pipe(wholeNumber({ min: 0, max }), v.transform((limit) => limit || undefined));
}

/** A URL with one of these schemes, or an empty text for none, which becomes undefined. */
export function optionalUrl(
  ...schemes: readonly [string, ...string[]]
): v.GenericSchema<string, string | undefined> {
  return v.pipe(
    textOf(
      (text) => text === "" || hasScheme(text, schemes),
      `expected a ${schemes[0]}:// URL`,
    ),
    v.transform((text) => text || undefined),
  );
}

/** Whether a text is a URL with one of these schemes. */
export function hasScheme(text: string, schemes: readonly string[]): boolean {
  return schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? "");
}

/** A folder's path. */
export const folder: v.GenericSchema<string> = textOf((text) => text !== "", "expected a folder");

/** A file's path. */
export const file: v.GenericSchema<string> = textOf((text) => text !== "", "expected a file");

/** An IP address with a port. */
export const socketAddress: v.GenericSchema<string, SocketAddress> = v.pipe(
  v.string(),
  v.transform(parseSocketAddress),
  v.custom<SocketAddress>(
    (address) => address !== undefined,
    'expected an IP address with a port, such as "127.0.0.1:7497" or "[::1]:7497"',
  ),
);
