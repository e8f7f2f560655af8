// API keys: `lk_` + 8 characters of public id + `_` + 32 random bytes in base64url
// (docs/protocol.md §8). Only a SHA-256 of the secret part is kept; a fast hash is enough, because
// the secret has 256 bits and cannot be guessed from it.

import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "../../base/bytes.ts";
import type { ModelLimits } from "./model_limits.ts";
import { randomBelow, type RandomSource } from "../../base/random.ts";

/** What a key opens. */
export type KeyScope = "rpc" | "events" | "run" | "models";

/** All scopes. */
export const KEY_SCOPES: readonly KeyScope[] = ["rpc", "events", "run", "models"];

/** The scopes whose transports other hosts reach without a key until one is made. */
export type DoorScope = Exclude<KeyScope, "models">;

export const DOOR_SCOPES: readonly DoorScope[] = ["rpc", "events", "run"];

/** How many characters of a key are its public id. */
export const KEY_ID_CHARACTERS = 8;

/** How many bytes of a key are secret. */
export const KEY_SECRET_BYTES = 32;

/** The longest name of a key, in characters. */
export const MAX_KEY_NAME_CHARACTERS = 64;

/** The most models that a key names. */
export const MAX_KEY_MODELS = 64;

/** The longest name of a model, in characters. */
export const MAX_MODEL_NAME_CHARACTERS = 256;

/** A key as it is kept. */
export interface ApiKey {
  /** The public id. */
  readonly keyId: string;
  /** The owner's name for it. */
  readonly name: string;
  /** SHA-256 of the secret bytes. */
  readonly secretHash: Bytes;
  /** What it opens; at least one scope. */
  readonly scopes: readonly KeyScope[];
  /** The models that it may use, of those that the gateway allows; all of them where undefined. */
  readonly models: readonly string[] | undefined;
  /** What it may use of models, where that differs from the configuration. */
  readonly limits?: ModelLimits | undefined;
  /** When it was made, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** When it ends, if it does. */
  readonly expiresAtMs: number | undefined;
  /** When it was last used, if ever. */
  readonly lastUsedAtMs: number | undefined;
  /** When it was revoked, if it was. */
  readonly revokedAtMs: number | undefined;
}

/** The parts of a presented key. */
export interface PresentedKey {
  /** The public id. */
  readonly keyId: string;
  /** SHA-256 of the presented secret. */
  readonly secretHash: Bytes;
}

/** What is compared when a key is presented; of an unknown id, values that nothing matches. */
export interface KeyCheck {
  /** Whether there is a key with the id. */
  readonly isKnown: boolean;
  /** SHA-256 of the secret bytes; zeros of an unknown id. */
  readonly secretHash: Bytes;
  /** Whether it was revoked. */
  readonly isRevoked: boolean;
  /** When it ends, in milliseconds since 1970; far away where it does not. */
  readonly expiresAtMs: number;
}

/** Where keys are kept. Every call is durable when it returns and throws where it failed. */
export interface KeyStore {
  /** All keys, oldest first, revoked ones included. */
  list(): ApiKey[];
  /** The key with this id, revoked or not. */
  find(keyId: string): ApiKey | undefined;
  /** The scopes whose transports ask other hosts for a key. */
  required(): DoorScope[];
  /** Whether that of one scope does. */
  isRequired(scope: DoorScope): boolean;
  /** Asks for no key any more; false where none was asked for. */
  open(scope: DoorScope): boolean;
  /** Keeps a new key; from now on the transports of its scopes ask for one. */
  add(key: ApiKey): void;
  /** Sets what a key may use; false where there is none that is not yet revoked. */
  setLimits(keyId: string, limits: ModelLimits | undefined): boolean;
  /** Revokes a key; false where there is none that is not yet revoked. */
  revoke(keyId: string, atMs: number): boolean;
  /** Removes all revoked keys; how many there were. */
  purgeRevoked(): number;
  /** Sets when keys were last used. */
  saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): void;
}

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const KEY_TEXT = /^lk_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;

/** Draws a key: the text to hand out once, and what is kept of it. */
export function drawKey(random: RandomSource): { text: string; presented: PresentedKey } {
  const keyId = Array.from(
    { length: KEY_ID_CHARACTERS },
    () => ID_ALPHABET[randomBelow(random, ID_ALPHABET.length)],
  ).join("");
  const secret = random(KEY_SECRET_BYTES);
  const text = `lk_${keyId}_${secret.toBase64({ alphabet: "base64url", omitPadding: true })}`;
  return { text, presented: { keyId, secretHash: hashSecret(secret) } };
}

/** The parts of a key text; undefined where it is malformed. */
export function parseKey(text: string): PresentedKey | undefined {
  const [, keyId, secretText] = KEY_TEXT.exec(text) ?? [];
  if (keyId === undefined || secretText === undefined) return undefined;
  try {
    // Strict, so that a secret has one spelling only; that asks for the padding.
    const secret = Uint8Array.fromBase64(`${secretText}=`, {
      alphabet: "base64url",
      lastChunkHandling: "strict",
    });
    return { keyId, secretHash: hashSecret(secret) };
  } catch {
    return undefined;
  }
}

function hashSecret(secret: Uint8Array): Bytes {
  return new Uint8Array(sha256(secret));
}
