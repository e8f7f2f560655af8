// Credentials as a text for a key store.

import assert from "node:assert/strict";
import { encodeCredentials, parseCredentials } from "../../src/sdk/connect.ts";

const CREDENTIALS = {
  clientId: "11111111-1111-4111-8111-111111111111",
  clientName: 'Überraschung "🎮"',
  authToken: "22222222-2222-4222-8222-222222222222",
  pairingKey: new Uint8Array(32).fill(0xfb),
};

Deno.test("parseCredentials() reads what encodeCredentials() wrote", () => {
  assert.deepEqual(parseCredentials(encodeCredentials(CREDENTIALS)), CREDENTIALS);
});

Deno.test("credentials that the SDK gave out survive JSON.stringify(), within other objects too", () => {
  const given = parseCredentials(encodeCredentials(CREDENTIALS)) ?? assert.fail();
  assert.deepEqual(Object.keys(given), Object.keys(CREDENTIALS));
  const kept = JSON.parse(JSON.stringify({ url: "http://192.168.1.5:7497", credentials: given }));
  assert.equal(kept.credentials.pairingKey, CREDENTIALS.pairingKey.toBase64());
  assert.deepEqual(parseCredentials(kept.credentials), CREDENTIALS);
  assert.deepEqual(parseCredentials(JSON.stringify(given)), CREDENTIALS);
  assert.deepEqual(structuredClone(given), CREDENTIALS);
});

Deno.test("parseCredentials() refuses what is damaged or from another program", () => {
  const fields: Record<string, unknown> = JSON.parse(encodeCredentials(CREDENTIALS));
  const key = String(fields["pairingKey"]);
  const damaged: Record<string, unknown>[] = [
    ...Object.keys(fields).flatMap((
      name,
    ) => [{ [name]: undefined }, { [name]: "" }, { [name]: 1 }]),
    { pairingKey: key.slice(0, -4) },
    { pairingKey: `${key}\n` },
    { pairingKey: key.replaceAll("+", "-") },
  ];
  for (const change of damaged) {
    assert.equal(parseCredentials(JSON.stringify({ ...fields, ...change })), undefined);
  }
  for (const text of ["", "null", "[]", "{}", encodeCredentials(CREDENTIALS).slice(1)]) {
    assert.equal(parseCredentials(text), undefined);
  }
  for (const value of [undefined, null, 1, [], new Map()]) {
    assert.equal(parseCredentials(value), undefined);
  }
});
