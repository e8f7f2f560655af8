// API keys that several gateways share (docs/models.md): the same keys as on a device, kept elsewhere.

import type { ModelLimits } from "./model_limits.ts";
import type { ApiKey, KeyCheck } from "./api_key.ts";

/** Where shared keys are kept. Rejects with AppError unavailable where it cannot be reached. */
export interface SharedKeyStore {
  /** All keys, oldest first, revoked ones included. */
  list(): Promise<ApiKey[]>;
  /** The key with this id, revoked or not. */
  find(keyId: string): Promise<ApiKey | undefined>;
  /** What to compare a presented key with; costs the same whether or not the id exists. */
  check(keyId: string): Promise<KeyCheck>;
  /** Keeps a new key. */
  add(key: ApiKey): Promise<void>;
  /** Sets what a key may use; false where there is none that is not yet revoked. */
  setLimits(keyId: string, limits: ModelLimits | undefined): Promise<boolean>;
  /** Revokes a key; false where there is none that is not yet revoked. */
  revoke(keyId: string, atMs: number): Promise<boolean>;
  /** Removes all revoked keys; how many there were. */
  purgeRevoked(): Promise<number>;
  /** Sets when keys were last used, where that is later than what is kept. */
  saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): Promise<void>;
}
