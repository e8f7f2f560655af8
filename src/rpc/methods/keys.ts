// Methods about API keys, for the device itself only (docs/protocol.md §8). A key's secret is told
// once, to whoever made it.

import * as v from "valibot";
import type { ApiKey, KeyScope } from "../../keys/api_key.ts";
import type { KeyRing } from "../../keys/key_ring.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

/** The parts behind the key methods. */
export interface KeyMethodsOptions {
  /** The keys. */
  keys: Pick<KeyRing, "list" | "create" | "revoke" | "purgeRevoked">;
  /** All scopes there are. */
  scopes: readonly KeyScope[];
  /** Hears of a new key. */
  onAdded: (key: ApiKey) => void;
  /** Hears of a revoked key. */
  onRevoked: (keyId: string) => void;
}

const MAX_LIFETIME_S = 100 * 366 * 24 * 3600;

/** `keys`, `keys.new`, `keys.delete` and `keys.purge`. */
export function keyMethods(options: KeyMethodsOptions): RpcMethod[] {
  const { keys, scopes: knownScopes, onAdded, onRevoked } = options;
  return [
    defineMethod({
      name: "keys",
      access: "local",
      params: v.object({}),
      run: () => ({ keys: keys.list().map(showKey) }),
    }),
    defineMethod({
      name: "keys.new",
      access: "local",
      params: v.strictObject({
        name: v.string(),
        scopes: v.array(v.picklist(knownScopes)),
        expiresIn: v.optional(v.pipe(
          v.number(),
          v.integer(),
          v.minValue(1),
          v.maxValue(MAX_LIFETIME_S),
        )),
      }),
      run: ({ name, scopes, expiresIn }) => {
        const lifetimeMs = expiresIn === undefined ? undefined : expiresIn * 1000;
        const { text, key } = keys.create({ name, scopes, lifetimeMs });
        onAdded(key);
        return { ...showKey(key), key: text };
      },
    }),
    defineMethod({
      name: "keys.delete",
      access: "local",
      params: v.strictObject({ keyId: v.string() }),
      run: ({ keyId }) => {
        keys.revoke(keyId);
        onRevoked(keyId);
        return null;
      },
    }),
    defineMethod({
      name: "keys.purge",
      access: "local",
      params: v.object({}),
      run: () => ({ purged: keys.purgeRevoked() }),
    }),
  ];
}

function showKey(key: ApiKey): Record<string, unknown> {
  const { keyId, name, scopes, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs } = key;
  return {
    keyId,
    name,
    scopes,
    createdAt: toSeconds(createdAtMs),
    expiresAt: toSeconds(expiresAtMs),
    lastUsedAt: toSeconds(lastUsedAtMs),
    revokedAt: toSeconds(revokedAtMs),
  };
}

function toSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}
