// Judges presented keys. Missing, malformed, unknown, revoked and expired keys cost the same work
// and get the same answer, so that nobody learns which ids exist.

import { equalBytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { RandomSource } from "../base/random.ts";
import {
  type ApiKey,
  drawKey,
  KEY_SCOPES,
  type KeyScope,
  type KeyStore,
  MAX_KEY_NAME_CHARACTERS,
  parseKey,
  type PresentedKey,
} from "./api_key.ts";

/** How often uses are written, in milliseconds. */
export const LAST_USED_FLUSH_MS = 30_000;

// Stand in for a key that is missing or malformed, so that the same steps run.
const NO_KEY = `lk_00000000_${"A".repeat(43)}`;
const NOBODY: PresentedKey = { keyId: "", secretHash: new Uint8Array(32).fill(1) };

/** Options of {@linkcode KeyRing}. */
export interface KeyRingOptions {
  /** Where keys are kept. */
  store: KeyStore;
  /** Time. */
  clock: Clock;
  /** Randomness for new keys. */
  random: RandomSource;
  /** Hears of failed writes. */
  log: Logger;
}

/** What a new key is to be. */
export interface NewKey {
  /** The owner's name for it, 1 to 64 characters. */
  readonly name: string;
  /** What it opens; at least one scope. */
  readonly scopes: readonly KeyScope[];
  /** How long it lives, in milliseconds; for ever where undefined. */
  readonly lifetimeMs?: number | undefined;
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
   * Whether remote peers need a key. Revoked and expired keys count: the owner wanted keys, and
   * taking the last one back must not open the door (docs/protocol.md §8).
   */
  isRequired(): boolean {
    return this.#options.store.hasAny();
  }

  /** The key in a text, if it is valid now; undefined otherwise, whatever is wrong. */
  authenticate(text: string | undefined): ApiKey | undefined {
    const { store, clock } = this.#options;
    const { keyId, secretHash } = parseKey(text ?? NO_KEY) ?? parseKey(NO_KEY) ?? NOBODY;
    const check = store.check(keyId);
    const nowMs = clock.wallMs();
    const isRight = equalBytes(check.secretHash, secretHash);
    if (!isRight || !check.isKnown || check.isRevoked || nowMs >= check.expiresAtMs) {
      return undefined;
    }
    this.#unsaved.set(keyId, nowMs);
    return store.find(keyId);
  }

  /** Makes a key; its text is never to be had again. bad_request for a bad name or scope. */
  create(wanted: NewKey): { text: string; key: ApiKey } {
    const { store, clock, random } = this.#options;
    const { name, scopes, lifetimeMs } = wanted;
    if (name.length < 1 || name.length > MAX_KEY_NAME_CHARACTERS) {
      throw new AppError(
        "bad_request",
        `name: expected 1 to ${MAX_KEY_NAME_CHARACTERS} characters`,
      );
    }
    if (scopes.length === 0 || !scopes.every((scope) => KEY_SCOPES.includes(scope))) {
      throw new AppError("bad_request", `scopes: expected some of ${KEY_SCOPES.join(", ")}`);
    }
    const { text, presented } = drawKey(random);
    const createdAtMs = clock.wallMs();
    const key: ApiKey = {
      ...presented,
      name,
      scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)),
      createdAtMs,
      expiresAtMs: lifetimeMs === undefined ? undefined : createdAtMs + lifetimeMs,
      lastUsedAtMs: undefined,
      revokedAtMs: undefined,
    };
    store.add(key);
    return { text, key };
  }

  /** All keys, with uses that are not yet written. */
  list(): ApiKey[] {
    return this.#options.store.list().map((key) => ({
      ...key,
      lastUsedAtMs: this.#unsaved.get(key.keyId) ?? key.lastUsedAtMs,
    }));
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
