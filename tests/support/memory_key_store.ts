// A store of API keys in memory that counts what is asked of it and fails on demand.

import {
  type ApiKey,
  DOOR_SCOPES,
  type DoorScope,
  type KeyStore,
} from "../../src/features/access/api_key.ts";
import type { ModelLimits } from "../../src/features/access/model_limits.ts";

/** A store for tests. */
export class MemoryKeyStore implements KeyStore {
  /** The names of all calls so far, in order. */
  readonly calls: string[] = [];
  /** Whether writing fails. */
  isBroken = false;
  readonly #keys = new Map<string, ApiKey>();
  readonly #required = new Set<DoorScope>();

  /** All keys in the order of their making. */
  list(): ApiKey[] {
    this.calls.push("list");
    return [...this.#keys.values()];
  }

  /** The key with this id. */
  find(keyId: string): ApiKey | undefined {
    this.calls.push("find");
    return this.#keys.get(keyId);
  }

  /** The scopes whose transports ask for a key. */
  required(): DoorScope[] {
    this.calls.push("required");
    return DOOR_SCOPES.filter((scope) => this.#required.has(scope));
  }

  /** Whether that of one scope does. */
  isRequired(scope: DoorScope): boolean {
    this.calls.push("isRequired");
    return this.#required.has(scope);
  }

  /** Asks for no key any more. */
  open(scope: DoorScope): boolean {
    this.#write("open");
    return this.#required.delete(scope);
  }

  /** Keeps a key. */
  add(key: ApiKey): void {
    this.#write("add");
    this.#keys.set(key.keyId, key);
    for (const scope of DOOR_SCOPES) if (key.scopes.includes(scope)) this.#required.add(scope);
  }

  /** Sets what a key may use. */
  setLimits(keyId: string, limits: ModelLimits | undefined): boolean {
    this.#write("setLimits");
    const key = this.#keys.get(keyId);
    if (key === undefined || key.revokedAtMs !== undefined) return false;
    this.#keys.set(keyId, { ...key, limits });
    return true;
  }

  /** Revokes a key. */
  revoke(keyId: string, atMs: number): boolean {
    this.#write("revoke");
    const key = this.#keys.get(keyId);
    if (key === undefined || key.revokedAtMs !== undefined) return false;
    this.#keys.set(keyId, { ...key, revokedAtMs: atMs });
    return true;
  }

  /** Removes all revoked keys. */
  purgeRevoked(): number {
    this.#write("purgeRevoked");
    const revoked = [...this.#keys.values()].filter((key) => key.revokedAtMs !== undefined);
    for (const { keyId } of revoked) this.#keys.delete(keyId);
    return revoked.length;
  }

  /** Sets when keys were last used. */
  saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): void {
    this.#write("saveLastUsed");
    for (const [keyId, atMs] of lastUsedAtMs) {
      const key = this.#keys.get(keyId);
      if (key !== undefined) this.#keys.set(keyId, { ...key, lastUsedAtMs: atMs });
    }
  }

  #write(call: string): void {
    this.calls.push(call);
    if (this.isBroken) throw new Error("disk full");
  }
}
