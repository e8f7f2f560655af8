// Whether a presented key is valid. Missing, malformed, unknown, revoked and expired keys cost the
// same work and get the same answer, so that nobody learns which ids exist.

import { equalBytes } from "../../base/bytes.ts";
import { type ApiKey, type KeyCheck, parseKey, type PresentedKey } from "./api_key.ts";

// Stand in for a key that is missing or malformed, so that the same steps run.
const NO_KEY = `lk_00000000_${"A".repeat(43)}`;
const NO_HASH = new Uint8Array(32);
const NOBODY: PresentedKey = { keyId: "", secretHash: new Uint8Array(32).fill(1) };

/** The parts of a presented key; of a missing or malformed one, parts that nothing matches. */
export function parsePresentedKey(text: string | undefined): PresentedKey {
  return parseKey(text ?? NO_KEY) ?? parseKey(NO_KEY) ?? NOBODY;
}

/** What to compare a presented key with; costs the same whether or not there is one. */
export function checkOf(key: ApiKey | undefined): KeyCheck {
  return {
    isKnown: key !== undefined,
    secretHash: key?.secretHash ?? NO_HASH,
    isRevoked: key?.revokedAtMs !== undefined,
    expiresAtMs: key?.expiresAtMs ?? Number.MAX_SAFE_INTEGER,
  };
}

/** Whether a key is the one that is kept, and valid at this moment. */
export function isValidKey(presented: PresentedKey, check: KeyCheck, nowMs: number): boolean {
  const isRight = equalBytes(check.secretHash, presented.secretHash);
  return isRight && check.isKnown && !check.isRevoked && nowMs < check.expiresAtMs;
}
