// Which models a key may use: exact names, letter for letter. An Ollama server knows more spellings
// of a model (other case, "library/" before it, a registry, a digest); none of them is a name here,
// so none leads past the list.

import type { ModelKey } from "./model_key.ts";

/** The tag of a name without one. */
export const DEFAULT_TAG = "latest";

/** The full form of a model's name: with its tag. */
export function fullModelName(name: string): string {
  // A colon before the last slash belongs to the port of a registry.
  return name.slice(name.lastIndexOf("/") + 1).includes(":") ? name : `${name}:${DEFAULT_TAG}`;
}

/** Tells whether a key may use a model. */
export type Allowlist = (model: string, key: ModelKey) => boolean;

/** The allowlist of a gateway; names without a tag mean ":latest". */
export function createAllowlist(allow: readonly string[]): Allowlist {
  const allowed = new Set(allow.map(fullModelName));
  return (model, { models }) => {
    const name = fullModelName(model);
    return allowed.has(name) &&
      (models === undefined || models.some((own) => fullModelName(own) === name));
  };
}
