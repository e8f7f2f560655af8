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
 * The exact text of the top-level member `name` of the object in `text`, such as `1.0` or `1E5`;
 * undefined where there is none or it is no scalar. `text` must be JSON.
 */
export function memberSource(text: string, name: string): string | undefined {
  const sources = new Map<unknown, string | undefined>();
  function collect(
    this: unknown,
    key: string,
    value: unknown,
    context?: { source?: string },
  ): unknown {
    if (key === name) sources.set(this, context?.source);
    return value;
  }
  const root: unknown = JSON.parse(text, collect);
  return sources.get(root);
}
