// The API keys of a device: judges presented ones, makes and revokes them, and remembers when they
// were used.

import type { Clock } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { RandomSource } from "../../base/random.ts";
import type { ApiKey, DoorScope, KeyScope, KeyStore } from "./api_key.ts";
import { checkOf, isValidKey, parsePresentedKey } from "./key_judgement.ts";
import { changeLimits, type LimitsChange } from "./model_limits.ts";
import { checkLimited, makeKey, type NewKey } from "./new_key.ts";

/** How often uses are written, in milliseconds. */
export const LAST_USED_FLUSH_MS = 30_000;

/** Options of {@linkcode KeyRing}. */
export interface KeyRingOptions {
  /** Where keys are kept. */
  store: KeyStore;
  clock: Clock;
  /** Randomness for new keys. */
  random: RandomSource;
  /** Hears of failed writes. */
  log: Logger;
}

/** The API keys of a device. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  #unsaved = new Map<string, number>();

  /** The keys in a store. */
  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /**
   * Whether other hosts need a key for the transports of a scope: from the first key on, until
   * {@linkcode KeyRing.open}. Revoking, expiry and purging never open a door (docs/protocol.md §8).
   */
  isRequired(scope: DoorScope): boolean {
    return this.#options.store.isRequired(scope);
  }

  /** All scopes for which that is so. */
  required(): DoorScope[] {
    return this.#options.store.required();
  }

  /**
   * Lets other hosts in without a key again; false where none was asked for. conflict as long as a
   * key of the scope is in force.
   */
  open(scope: DoorScope): boolean {
    const { store, log } = this.#options;
    if (store.list().some(({ keyId }) => this.isInForce(keyId, scope))) {
      throw new AppError("conflict", `A key of scope ${scope} is in force: revoke it first`);
    }
    const isChanged = store.open(scope);
    if (isChanged) log.warn("Other hosts need no key any more", { scope });
    return isChanged;
  }

  /** Whether a key is valid now and has a scope. */
  isInForce(keyId: string, scope: KeyScope): boolean {
    const { store, clock } = this.#options;
    const key = store.find(keyId);
    return key !== undefined && key.revokedAtMs === undefined && key.scopes.includes(scope) &&
      clock.wallMs() < (key.expiresAtMs ?? Infinity);
  }

  /** The key in a text, if it is valid now; undefined otherwise, whatever is wrong. */
  authenticate(text: string | undefined): ApiKey | undefined {
    const { store, clock } = this.#options;
    const presented = parsePresentedKey(text);
    const { keyId } = presented;
    const key = store.find(keyId);
    const nowMs = clock.wallMs();
    if (!isValidKey(presented, checkOf(key), nowMs)) return undefined;
    this.#unsaved.set(keyId, nowMs);
    return key;
  }

  /**
   * Makes a key; its text is never to be had again. Says for which scopes other hosts need a key
   * that did not before. bad_request for what cannot be one.
   */
  create(wanted: NewKey): { text: string; key: ApiKey; nowRequired: DoorScope[] } {
    const { store, log } = this.#options;
    const made = makeKey(wanted, this.#options);
    const before = store.required();
    store.add(made.key);
    const nowRequired = store.required().filter((scope) => !before.includes(scope));
    for (const scope of nowRequired) log.info("Other hosts need a key from now on", { scope });
    return { ...made, nowRequired };
  }

  /** All keys, with uses that are not yet written. */
  list(): ApiKey[] {
    return this.#options.store.list().map((key) => ({
      ...key,
      lastUsedAtMs: this.#unsaved.get(key.keyId) ?? key.lastUsedAtMs,
    }));
  }

  /** Changes what a key may use; not_found where there is none that is valid, bad_request. */
  setLimits(keyId: string, change: LimitsChange): ApiKey {
    const { store } = this.#options;
    const key = store.find(keyId);
    if (key === undefined || key.revokedAtMs !== undefined) {
      throw new AppError("not_found", "No valid key with this id");
    }
    checkLimited(key.scopes);
    const limits = changeLimits(key.limits, change);
    store.setLimits(keyId, limits);
    return { ...key, limits };
  }

  /** Revokes a key; not_found where there is none that is valid. */
  revoke(keyId: string): void {
    const { store, clock } = this.#options;
    if (!store.revoke(keyId, clock.wallMs())) {
      throw new AppError("not_found", "No valid key with this id");
    }
  }

  /** Forgets all revoked keys; how many there were. */
  purgeRevoked(): number {
    return this.#options.store.purgeRevoked();
  }

  /** Writes all new uses; says whether that worked. */
  flush(): boolean {
    if (this.#unsaved.size === 0) return true;
    try {
      this.#options.store.saveLastUsed(this.#unsaved);
      this.#unsaved = new Map();
      return true;
    } catch (error) {
      this.#options.log.error("Cannot save when keys were last used, will try again", {
        error: asError(error),
      });
      return false;
    }
  }
}
