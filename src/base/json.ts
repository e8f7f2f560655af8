// JSON where plain JSON.parse tells too little: objects only, and the exact text of a number.

/** What JSON is made of, as codes of UTF-16: comparing characters would make a text of each. */
export const JSON_CODES = {
  quote: 0x22,
  comma: 0x2c,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** The object in a text; undefined where the text is not JSON or holds anything else. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    return asJsonObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value as an object; undefined for null, arrays and everything else. */
export function asJsonObject(value: unknown): JsonObject | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

/**
 * The exact text of the top-level member `name` of the object in `text`, such as `1.0` or `"a"`;
 * undefined where there is none or it is an object or array. Of several, the last one counts, as
 * for JSON.parse. `text` must be JSON. One pass, no recursion: a reviver would be called for every
 * value of the message.
 */
export function rawMember(text: string, name: string): string | undefined {
  let source: string | undefined;
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== JSON_CODES.openBrace) return undefined;
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === JSON_CODES.quote) {
    const keyEnd = endOfString(text, at);
    const isWanted = isKey(text.slice(at, keyEnd), name);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (isWanted) source = text.slice(valueStart, valueEnd);
    at = skipSpace(text, skipSpace(text, valueEnd) + 1);
  }
  return source === undefined || /^[{[]/.test(source) ? undefined : source;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

// Whether a string of JSON, quotes and all, is the text `name`.
function isKey(source: string, name: string): boolean {
  return source.includes("\\") ? JSON.parse(source) === name : source === `"${name}"`;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

// The position behind the string that begins at `from`.
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === JSON_CODES.quote) break;
    if (code === JSON_CODES.backslash) at++;
  }
  return at + 1;
}

// The position behind the value that begins at `from`.
function endOfValue(text: string, from: number): number {
  let at = from;
  let depth = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === JSON_CODES.quote) {
      at = endOfString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (code === JSON_CODES.openBrace || code === JSON_CODES.openBracket) depth += 1;
    else if (code === JSON_CODES.closeBrace || code === JSON_CODES.closeBracket) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === JSON_CODES.comma || isSpace(code))) return at;
    at += 1;
  }
  return at;
}
