// What every row must be, so that a new one works everywhere at once; and what is published of the
// rows there are.

import assert from "node:assert/strict";
import { PHONE_SETTING_PARAMS } from "../../../src/features/settings/phone_settings.ts";
import { safeParse } from "valibot";
import { showSettings } from "../../../src/features/settings/api_settings.ts";
import {
  ALL_SETTINGS,
  RELOADABLE_SETTINGS,
  valueIn,
} from "../../../src/features/settings/settings_table.ts";
import { schemaOf } from "../../../src/features/settings/value_types.ts";
import { tomlOf } from "../../../src/features/settings/setting.ts";
import { configOf } from "../../support/settings.ts";

for (const { path, row } of ALL_SETTINGS) {
  Deno.test(`the row of ${path} is whole`, () => {
    assert.match(row.help, /^\S.*\.$/s);
    assert.ok("default" in row, "a key outside [[action]] is never required");
    for (const text of [row.default, row.example]) {
      if (text === undefined || typeof text === "function") continue;
      assert.ok(safeParse(schemaOf(row), text).success, JSON.stringify(text));
    }
    // Values of reloadable settings are shown to admins and kept in the audit log.
    assert.ok(row.reloadable !== true || row.isSecret !== true);
    for (const right of [row.isPublic, row.localOnly, row.apiName]) {
      assert.ok(right === undefined || row.reloadable === true, "the API does not have it");
    }
  });
}

Deno.test("every value in a configuration is what its TOML says", () => {
  const config = configOf();
  for (const setting of ALL_SETTINGS) {
    const toml = tomlOf(setting.row, valueIn(config, setting));
    if (toml === undefined || setting.path === "service.listen") continue;
    const { output } = safeParse(schemaOf(setting.row), toml);
    assert.deepEqual(output, valueIn(config, setting), setting.path);
  }
});

Deno.test("the names, rights and publicity of settings are the published ones", () => {
  const names = (of: typeof ALL_SETTINGS): string[] => of.map(({ apiName }) => apiName);
  assert.deepEqual(names(RELOADABLE_SETTINGS), [
    "encryption",
    "keepHistory",
    "allowedIps",
    "metricsAllow",
    "hostNames",
    "allowedOrigins",
    "allowRun",
    "limits.connectionsPerAddress",
    "limits.unknownConnections",
    "limits.knownConnections",
    "limits.connectionsPerKey",
    "limits.waitingConnections",
    "limits.connectionWaitS",
    "discovery.enabled",
    "discovery.instanceName",
    "models.allow",
    "models.maxConcurrent",
    "models.queue",
    "models.perKeyPerMinute",
    "models.perKeyTokensPerDay",
    "logLevel",
  ]);
  const isLocal = RELOADABLE_SETTINGS.filter(({ row }) => row.localOnly === true);
  assert.deepEqual(names(isLocal), ["encryption"]);
  const isPublic = RELOADABLE_SETTINGS.filter(({ row }) => row.isPublic === true);
  assert.deepEqual(names(isPublic), ["encryption", "discovery.enabled"]);
  assert.equal(new Set(names(RELOADABLE_SETTINGS)).size, RELOADABLE_SETTINGS.length);
});

Deno.test("showSettings() shows null for what is not set, and nests by table", () => {
  const shown = showSettings(configOf("log.level = 'warn'"));
  assert.equal(shown["logLevel"], "warn");
  assert.deepEqual(shown["discovery"], { enabled: true, instanceName: null });
});

Deno.test("docs/protocol.md names every setting that reloads", async () => {
  const protocol = await Deno.readTextFile(
    new URL("../../../docs/protocol.md", import.meta.url),
  );
  const [, params = ""] = /\| `settings\.update` +\|[^|]*\| `\{([^`]*)\}`/.exec(protocol) ?? [];
  const names = new Set(RELOADABLE_SETTINGS.map(({ apiName }) => apiName.split(".")[0]));
  const phone = ["debugLogging", ...Object.keys(PHONE_SETTING_PARAMS)];
  assert.deepEqual(params.split(", "), [...names, ...phone].map((name) => `${name}?`));
  const [, paragraph = ""] = /\*\*Settings that reload\*\*(.*?)\n\n/s.exec(protocol) ?? [];
  for (const { key, path } of RELOADABLE_SETTINGS) {
    assert.ok(paragraph.includes(key === "level" ? "log level" : key), path);
  }
});
