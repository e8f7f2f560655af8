// docs/api/encryption.md keeps its word: its client pairs with the real service and talks to it, and
// its numbers are those of the vectors.

import assert from "node:assert/strict";
import { startApp } from "../../src/app/app.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { silentLogger } from "../../src/base/log.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { silentDisplay } from "../../src/features/screen/pin_display.ts";
import { VERSION } from "../../src/version.ts";
import { callLocal, openPairing, withDataDir } from "../support/service_process.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import {
  encryptionExampleSource,
  type ExampleCredentials,
  loadEncryptionExample,
  readEncryptionDocument,
  socketUrl,
} from "./encryption_example.ts";

const NAME = "Überraschung 🎮";

/** Runs `body` with the service in this process, over a folder that outlives it. */
async function withApp(
  dataDir: string,
  body: (baseUrl: string) => Promise<void>,
): Promise<void> {
  const lines = [
    "[service]",
    'listen = "127.0.0.1:0"',
    `data_dir = ${JSON.stringify(dataDir)}`,
    "encryption = true",
  ];
  const config = parseConfig(lines.join("\n"), { file: "test", env: { isRoot: false } });
  const app = await startApp({ config, log: () => silentLogger, display: silentDisplay });
  try {
    await body(`http://127.0.0.1:${app.port}`);
  } finally {
    await app.stop();
  }
}

Deno.test("the example pairs with the service, and still talks to it after a restart", async () => {
  const example = await loadEncryptionExample();
  const talk = async (baseUrl: string, credentials: ExampleCredentials): Promise<void> => {
    const session = await example.openSession(socketUrl(baseUrl), credentials);
    const { version, encryption } = await session.call("version") as JsonObject;
    assert.deepEqual([version, encryption], [`latchkey-${VERSION}`, [1]]);
    const { paired, client } = await session.call("clients.current") as JsonObject;
    const { clientId, clientName } = client as JsonObject;
    assert.deepEqual([paired, clientId, clientName], [true, credentials.clientId, NAME]);
    await assert.rejects(session.call("no.such.method"), { code: -32601 });
    await session.ping();
    session.close();
  };
  await withDataDir(async (dataDir) => {
    let kept = "";
    await withApp(dataDir, async (baseUrl) => {
      const credentials = await example.pair(baseUrl, await openPairing(baseUrl), NAME);
      kept = JSON.stringify(credentials);
      await talk(baseUrl, credentials);
      await talk(baseUrl, credentials);
    });
    await withApp(dataDir, async (baseUrl) => {
      const credentials: ExampleCredentials = JSON.parse(kept);
      await talk(baseUrl, credentials);
      const pairingKey = new Uint8Array(32).toBase64();
      const stranger = { ...credentials, pairingKey };
      const session = await example.openSession(socketUrl(baseUrl), stranger);
      await assert.rejects(session.call("version"), /closed/);
    });
  });
});

Deno.test("the example cannot pair with the service under wrong PINs", async () => {
  const example = await loadEncryptionExample();
  await withDataDir(async (dataDir) => {
    await withApp(dataDir, async (baseUrl) => {
      const pin = await openPairing(baseUrl);
      const wrong = pin === "000000" ? "000001" : "000000";
      await assert.rejects(example.pair(baseUrl, wrong, NAME), /Refused: 401/);
      await assert.rejects(example.pair(baseUrl, wrong, NAME), /Refused: 401/);
      await assert.rejects(example.pair(baseUrl, wrong, NAME), /Refused: 403/);
      // This address is refused now, and with the right PIN too, until pairing is opened anew.
      await assert.rejects(example.pair(baseUrl, pin, NAME), /Refused: 403/);
      assert.deepEqual(await callLocal(baseUrl, "clients"), { clients: [] });
    });
  });
});

Deno.test("the example imports nothing but @noble/curves", () => {
  const specifiers = [...encryptionExampleSource().matchAll(/\bfrom "([^"]+)"/g)];
  assert.deepEqual(specifiers.map(([, specifier]) => specifier), ["@noble/curves/nist.js"]);
});

Deno.test("the numbers of the document are those of the vectors", () => {
  const [pake, pairing, keys, ping, first] = [
    vectors.pake.find(({ name }) => name === "app-kat"),
    vectors.pairing.find(({ pake_case }) => pake_case === "app-kat"),
    vectors.session_keys.find(({ name }) => name === "from-app-kat"),
    vectors.frames.find(({ name }) => name === "ping"),
    vectors.frames.find(({ name }) => name === "first"),
  ];
  assert.ok(pake && pairing && keys && ping && first);
  for (const [frame, counter] of [[first, "0"], [ping, "2"]] as const) {
    const { session, direction, auth_token: authToken } = frame;
    assert.deepEqual([session, direction, frame.counter, authToken], [
      keys.name,
      "c2s",
      counter,
      first.auth_token,
    ]);
  }
  const expected = [
    ["PIN", pake.pin],
    ["pw", pake.pw_scalar_dec],
    ["a", pake.alpha_a_hex],
    ["b", pake.alpha_b_hex],
    ["Xx", pake.X.x],
    ["Xy", pake.X.y],
    ["Yx", pake.Y.x],
    ["Yy", pake.Y.y],
    ["Zx", pake.Z.x],
    ["Zy", pake.Z.y],
    ["name", pairing.client_name],
    ["bytes of msgA", String(pake.msgA.length)],
    ["bytes of msgB", String(pake.msgB.length)],
    ["K", pake.session_key_hex],
    ["KA", pairing.confirm_key_a_hex],
    ["KB", pairing.confirm_key_b_hex],
    ["client's confirm", pairing.confirm_client_hex],
    ["device's confirm", pairing.confirm_server_hex],
    ["pairing key", pairing.pairing_key_hex],
    ["salt", keys.salt_hex],
    ["c2s key", keys.c2s_key_hex],
    ["s2c key", keys.s2c_key_hex],
    ["c2s base", keys.c2s_base_hex],
    ["s2c base", keys.s2c_base_hex],
    ["authToken", ping.auth_token],
    ["text of frame 0, c2s", first.plaintext_utf8],
    ["nonce of frame 0, c2s", first.nonce_hex],
    ["frame 0, c2s", first.ciphertext_tag_hex],
    ["text of frame 2, c2s", ping.plaintext_utf8],
    ["nonce of frame 2, c2s", ping.nonce_hex],
    ["frame 2, c2s", ping.ciphertext_tag_hex],
  ];
  const [, section = ""] = readEncryptionDocument().split("## Numbers to check against");
  const rows = [...section.matchAll(/^\| (.+?) +\| `(.+?)` +\|$/gm)];
  assert.deepEqual(rows.map(([, what, value]) => [what, value]), expected);
});
