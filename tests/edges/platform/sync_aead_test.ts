import assert from "node:assert/strict";
import { platformAead } from "../../../src/edges/platform/sync_aead.ts";
import { TAG_BYTES } from "../../../src/protocol/v1/aead.ts";

const PARAMS = {
  key: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(12).fill(2),
  additionalData: new Uint8Array(5).fill(3),
};

Deno.test("the platform's cipher takes no tag that is shorter than the whole one", () => {
  const sealed = platformAead.seal(new Uint8Array(0), PARAMS);
  assert.equal(sealed.length, TAG_BYTES);
  assert.deepEqual(platformAead.open(sealed, PARAMS), new Uint8Array(0));
  for (let length = 0; length < TAG_BYTES; length++) {
    assert.equal(platformAead.open(sealed.slice(0, length), PARAMS), undefined);
  }
});

Deno.test("the platform's cipher leaves what it is given as it is, and gives bytes of their own", () => {
  const plaintext = new Uint8Array(50).fill(7);
  const sealed = platformAead.seal(plaintext, PARAMS);
  assert.deepEqual(plaintext, new Uint8Array(50).fill(7));
  const copy = sealed.slice();
  const opened = platformAead.open(sealed, PARAMS);
  assert.deepEqual([opened, sealed], [plaintext, copy]);
  assert.equal(opened?.buffer.byteLength, 50);
});
