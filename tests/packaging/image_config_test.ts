// The configuration that an image brings along can be used, and is what docs/flashing.md says.

import assert from "node:assert/strict";
import { parseConfig } from "../../src/edges/config/config.ts";

const FILE = new URL("../../packaging/rootfs/usr/share/latchkey/config.toml", import.meta.url);

Deno.test("the image's configuration is sound and safe", async () => {
  const config = parseConfig(await Deno.readTextFile(FILE), {
    file: "config.toml",
    env: { isRoot: true },
  });
  assert.equal(config.service.encryption, true);
  assert.equal(config.service.dataDir, "/var/lib/latchkey");
  assert.deepEqual(config.security, {
    allowedIps: [],
    hostNames: [],
    metricsAllow: [],
    trustedProxies: [],
    allowedOrigins: [],
    allowRun: [],
  });
  assert.equal(config.models.enabled, false);
  // Whoever holds the device opens pairing with what every pad has, and with no button alone.
  assert.deepEqual(config.buttons.pair, ["BTN_TL", "BTN_TR", "BTN_START"]);
});
