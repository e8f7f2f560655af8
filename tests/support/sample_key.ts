// An API key as a store keeps it.

import type { ApiKey } from "../../src/features/access/api_key.ts";

/** A key of scope rpc without an end, but for the changes. */
export function sampleKey(keyId: string, changes: Partial<ApiKey> = {}): ApiKey {
  return {
    keyId,
    name: "Lights",
    secretHash: new Uint8Array(32).fill(1),
    scopes: ["rpc"],
    models: undefined,
    createdAtMs: 3,
    expiresAtMs: undefined,
    lastUsedAtMs: undefined,
    revokedAtMs: undefined,
    ...changes,
  };
}
