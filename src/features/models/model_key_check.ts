// From a presented key text to what the gateway may do with it.

import type { ApiKey } from "../access/api_key.ts";
import type { AuthenticateModelKey } from "./model_key.ts";

/** Keys, wherever they are kept. */
export interface ModelKeySource {
  /** The key in a text, if it is valid now. */
  authenticate(text: string | undefined): ApiKey | undefined | Promise<ApiKey | undefined>;
}

/** Judges keys of one source for the gateway. */
export function createModelKeyCheck(keys: ModelKeySource): AuthenticateModelKey {
  return async (text) => {
    const key = await keys.authenticate(text);
    if (key === undefined) return { kind: "unknown" };
    if (!key.scopes.includes("models")) return { kind: "wrong_scope" };
    const { keyId, models, limits } = key;
    return { kind: "accepted", key: { keyId, models, ...(limits && { limits }) } };
  };
}
