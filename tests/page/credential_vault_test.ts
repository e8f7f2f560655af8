// A browser that keeps nothing; those that do are in tests/system.

import assert from "node:assert/strict";
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
