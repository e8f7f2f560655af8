// What a presented key is compared with, and whether that is so.

import assert from "node:assert/strict";
import type { ApiKey } from "../../../src/features/access/api_key.ts";
import { checkOf, isValidKey } from "../../../src/features/access/key_judgement.ts";
import { sampleKey } from "../../support/sample_key.ts";

const HASH = new Uint8Array(32).fill(1);
const KEY = sampleKey("aaaaaaaa", { secretHash: HASH });

Deno.test("checkOf() gives values of the same types for an unknown key", () => {
  const never = Number.MAX_SAFE_INTEGER;
  const known = { isKnown: true, secretHash: HASH, isRevoked: false, expiresAtMs: never };
  assert.deepEqual(checkOf(KEY), known);
  assert.deepEqual(checkOf({ ...KEY, expiresAtMs: 9 }), { ...known, expiresAtMs: 9 });
  assert.deepEqual(checkOf({ ...KEY, revokedAtMs: 5 }), { ...known, isRevoked: true });
  assert.deepEqual(checkOf(undefined), {
    ...known,
    isKnown: false,
    secretHash: new Uint8Array(32),
  });
});

Deno.test("isValidKey() wants the right secret of a key that is in force", () => {
  const presented = { keyId: KEY.keyId, secretHash: HASH };
  const isValid = (key: ApiKey | undefined, secretHash = HASH): boolean =>
    isValidKey({ ...presented, secretHash }, checkOf(key), 9);
  assert.equal(isValid(KEY), true);
  assert.equal(isValid({ ...KEY, expiresAtMs: 10 }), true);
  assert.equal(isValid({ ...KEY, expiresAtMs: 9 }), false);
  assert.equal(isValid({ ...KEY, revokedAtMs: 5 }), false);
  assert.equal(isValid(KEY, new Uint8Array(32).fill(2)), false);
  // Nobody's key is all zeros.
  assert.equal(isValid(undefined, new Uint8Array(32)), false);
});
