import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { derivePairingKeys, deriveSessionKeys } from "../../../src/protocol/v1/key_schedule.ts";

for (const length of [0, 16, 31, 33, 64]) {
  Deno.test(`deriveSessionKeys() refuses a pairing key of ${length} bytes`, () => {
    assert.throws(
      () => deriveSessionKeys(new Uint8Array(length), new Uint8Array(16)),
      new RangeError("Cannot derive session keys: pairing key is not 32 bytes"),
    );
  });
}

for (const length of [0, 12, 15, 17, 32]) {
  Deno.test(`deriveSessionKeys() refuses a salt of ${length} bytes`, () => {
    assert.throws(
      () => deriveSessionKeys(new Uint8Array(32), new Uint8Array(length)),
      new RangeError("Cannot derive session keys: salt is not 16 bytes"),
    );
  });
}

Deno.test("deriveSessionKeys() gives each direction its own key and nonce base", () => {
  const keys = deriveSessionKeys(new Uint8Array(32), new Uint8Array(16));
  const { clientToDevice, deviceToClient } = keys;
  assert.notDeepEqual(clientToDevice.key, deviceToClient.key);
  assert.notDeepEqual(clientToDevice.nonceBase, deviceToClient.nonceBase);
});

Deno.test("derivePairingKeys() gives three different keys", () => {
  const messages = { messageA: utf8("a"), messageB: utf8("b") };
  const keys = Object.values(derivePairingKeys(new Uint8Array(32), messages));
  assert.equal(new Set(keys.map((key: Uint8Array) => key.toHex())).size, 3);
});
