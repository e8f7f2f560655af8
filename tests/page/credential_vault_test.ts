// A browser that keeps nothing; those that do are in tests/system.

import assert from "node:assert/strict";
import { encodeCredentials } from "../../src/sdk/credentials.ts";
import { openVault } from "../../src/page/credential_vault.ts";

const CREDENTIALS = {
  clientId: "client",
  clientName: "Phone",
  authToken: "token",
  pairingKey: new Uint8Array(32),
};

Deno.test("where a browser keeps nothing, the page has its credentials as long as it is open", async () => {
  const vault = openVault();
  assert.equal(await vault.read(), undefined);
  assert.equal(await vault.write(CREDENTIALS), false);
  assert.deepEqual(await vault.read(), CREDENTIALS);
  await vault.clear();
  assert.equal(await vault.read(), undefined);
});

Deno.test("the vault takes a reading that has begun before, once", async () => {
  const kept = Promise.resolve(encodeCredentials(CREDENTIALS));
  const vault = openVault(kept);
  assert.deepEqual(await vault.read(), CREDENTIALS);
  // Nothing is kept here: the next reading is one of its own.
  assert.equal(await vault.read(), undefined);

  const forgetful = openVault(kept);
  await forgetful.clear();
  assert.equal(await forgetful.read(), undefined);

  const newer = openVault(kept);
  await newer.write({ ...CREDENTIALS, clientId: "newer" });
  assert.equal((await newer.read())?.clientId, "newer");

  assert.equal(await openVault(Promise.reject(new Error("no store"))).read(), undefined);
  assert.equal(await openVault(Promise.resolve(7)).read(), undefined);
});
