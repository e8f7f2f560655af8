// Shared API keys in memory, with a store that can be away.

import type { ApiKey, KeyCheck } from "../../src/features/access/api_key.ts";
import { AppError } from "../../src/base/app_error.ts";
import type { ModelLimits } from "../../src/features/access/model_limits.ts";
import { checkOf } from "../../src/features/access/key_judgement.ts";
import type { SharedKeyStore } from "../../src/features/access/shared_key_store.ts";
import { MemoryKeyStore } from "./memory_key_store.ts";

/** Keys in memory. */
export class MemorySharedKeyStore implements SharedKeyStore {
  /** Whether it cannot be reached. */
  isAway = false;
  readonly #keys = new MemoryKeyStore();

  /** All keys. */
  list(): Promise<ApiKey[]> {
    return this.#ask(() => this.#keys.list());
  }

  /** One key. */
  find(keyId: string): Promise<ApiKey | undefined> {
    return this.#ask(() => this.#keys.find(keyId));
  }

  /** What to compare with. */
  check(keyId: string): Promise<KeyCheck> {
    return this.#ask(() => checkOf(this.#keys.find(keyId)));
  }

  /** Keeps a key. */
  add(key: ApiKey): Promise<void> {
    return this.#ask(() => this.#keys.add(key));
  }

  /** Sets what a key may use. */
  setLimits(keyId: string, limits: ModelLimits | undefined): Promise<boolean> {
    return this.#ask(() => this.#keys.setLimits(keyId, limits));
  }

  /** Revokes a key. */
  revoke(keyId: string, atMs: number): Promise<boolean> {
    return this.#ask(() => this.#keys.revoke(keyId, atMs));
  }

  /** Forgets revoked keys. */
  purgeRevoked(): Promise<number> {
    return this.#ask(() => this.#keys.purgeRevoked());
  }

  /** Sets when keys were used. */
  saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): Promise<void> {
    return this.#ask(() => this.#keys.saveLastUsed(lastUsedAtMs));
  }

  // deno-lint-ignore require-await -- answers later, as a store elsewhere does
  async #ask<Result>(work: () => Result): Promise<Result> {
    if (this.isAway) throw new AppError("unavailable", "Away");
    return work();
  }
}
