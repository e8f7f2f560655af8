// API keys that several gateways share: what KeyRing is for a device, over a store elsewhere. Such a
// key is for models alone; a device's own doors open with its own keys only.

import { type Clock, every } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { RandomSource } from "../../base/random.ts";
import type { ApiKey } from "./api_key.ts";
import { isValidKey, parsePresentedKey } from "./key_judgement.ts";
import { changeLimits, type LimitsChange } from "./model_limits.ts";
import { makeKey, type NewKey } from "./new_key.ts";
import type { SharedKeyStore } from "./shared_key_store.ts";

/** How often uses are written, in milliseconds. */
export const SHARED_FLUSH_MS = 30_000;

/** Options of {@linkcode SharedKeyRing}. */
export interface SharedKeyRingOptions {
  /** Where keys are kept. */
  store: SharedKeyStore;
  clock: Clock;
  /** Randomness for new keys. */
  random: RandomSource;
  /** Hears of failed writes. */
  log: Logger;
}

/** Shared keys. Everything rejects with AppError unavailable where the store cannot be reached. */
export class SharedKeyRing {
  readonly #options: SharedKeyRingOptions;
  readonly #cancelFlush: () => void;
  #unsaved = new Map<string, number>();

  /** The keys in a store. */
  constructor(options: SharedKeyRingOptions) {
    this.#options = options;
    this.#cancelFlush = every(options.clock, SHARED_FLUSH_MS, () => void this.#flush());
  }

  /** The key in a text, if it is valid now; undefined otherwise, whatever is wrong. */
  async authenticate(text: string | undefined): Promise<ApiKey | undefined> {
    const { store, clock } = this.#options;
    const presented = parsePresentedKey(text);
    const { keyId } = presented;
    const check = await store.check(keyId);
    const nowMs = clock.wallMs();
    if (!isValidKey(presented, check, nowMs)) return undefined;
    this.#unsaved.set(keyId, nowMs);
    return await store.find(keyId);
  }

  /** Whether a key is valid now and has the scope "models". */
  async isInForce(keyId: string): Promise<boolean> {
    const { store, clock } = this.#options;
    const key = await store.find(keyId);
    return key !== undefined && key.revokedAtMs === undefined && key.scopes.includes("models") &&
      clock.wallMs() < (key.expiresAtMs ?? Infinity);
  }

  /** Makes a key; its text is never to be had again. bad_request for what cannot be one. */
  async create(wanted: NewKey): Promise<{ text: string; key: ApiKey }> {
    if (wanted.scopes.some((scope) => scope !== "models")) {
      throw new AppError("bad_request", "scopes: a key for models that is shared has no other");
    }
    const made = makeKey(wanted, this.#options);
    await this.#options.store.add(made.key);
    return made;
  }

  /** All keys, with uses that are not yet written. */
  async list(): Promise<ApiKey[]> {
    return (await this.#options.store.list()).map((key) => ({
      ...key,
      lastUsedAtMs: this.#unsaved.get(key.keyId) ?? key.lastUsedAtMs,
    }));
  }

  /** Changes what a key may use; undefined where there is none that is valid. bad_request. */
  async setLimits(keyId: string, change: LimitsChange): Promise<ApiKey | undefined> {
    const { store } = this.#options;
    const key = await store.find(keyId);
    if (key === undefined || key.revokedAtMs !== undefined) return undefined;
    const limits = changeLimits(key.limits, change);
    return await store.setLimits(keyId, limits) ? { ...key, limits } : undefined;
  }

  /** Revokes a key; false where there is none that is valid. */
  async revoke(keyId: string): Promise<boolean> {
    return await this.#options.store.revoke(keyId, this.#options.clock.wallMs());
  }

  /** Forgets all revoked keys; how many there were. */
  async purgeRevoked(): Promise<number> {
    return await this.#options.store.purgeRevoked();
  }

  /** Writes what is not yet written, as far as that works, and ends. */
  async close(): Promise<void> {
    this.#cancelFlush();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const unsaved = this.#unsaved;
    this.#unsaved = new Map();
    try {
      await this.#options.store.saveLastUsed(unsaved);
    } catch (error) {
      // Newer uses have come meanwhile.
      this.#unsaved = new Map([...unsaved, ...this.#unsaved]);
      // That a store elsewhere is away is told once, by its own connection.
      const isAway = error instanceof AppError && error.code === "unavailable";
      this.#options.log[isAway ? "debug" : "warn"](
        "Cannot save when shared keys were last used, will try again",
        { error: asError(error) },
      );
    }
  }
}
