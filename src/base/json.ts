// JSON where plain JSON.parse tells too little: objects only, and the exact text of a number.

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
  if (text[at] !== "{") return undefined;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const keyEnd = endOfString(text, at);
    const isWanted = JSON.parse(text.slice(at, keyEnd)) === name;
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (isWanted) source = text.slice(valueStart, valueEnd);
    at = skipSpace(text, skipSpace(text, valueEnd) + 1);
  }
  return source === undefined || /^[{[]/.test(source) ? undefined : source;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return at;
}

// The position behind the string that begins at `from`.
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

// The position behind the value that begins at `from`.
function endOfValue(text: string, from: number): number {
  let at = from;
  let depth = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && /[\s,]/.test(character ?? "")) return at;
    at += 1;
  }
  return at;
}
