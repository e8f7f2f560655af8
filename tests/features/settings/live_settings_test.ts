import assert from "node:assert/strict";
import { LiveSettings } from "../../../src/features/settings/live_settings.ts";
import { configOf } from "../../support/settings.ts";

// A change of the file, the API's names of what it changes, and the keys that wait for a restart.
const CHANGES: [string, string[], string[]][] = [
  ["service.encryption = true", ["encryption"], []],
  ["security.allowed_ips = ['192.0.2.1']", ["allowedIps"], []],
  ["security.host_names = ['models.example']", ["hostNames"], []],
  ["security.allowed_origins = ['https://app.example:8443']", ["allowedOrigins"], []],
  ["security.allow_run = ['hello', 'world']", ["allowRun"], []],
  ["discovery.enabled = false", ["discovery"], []],
  ["discovery.instance_name = 'den'", ["discovery"], []],
  ["models.allow = ['a']", ["models"], []],
  ["models.per_key_per_minute = 5", ["models"], []],
  ["log.level = 'debug'", ["logLevel"], []],
  ["[[library]]\nsource = 'emulationstation'", [], []],
  ["discovery = { enabled = false, service = '_x._tcp' }", ["discovery"], ["discovery.service"]],
  ["service = { listen = '127.0.0.1:1', data_dir = '/x' }", [], [
    "service.listen",
    "service.data_dir",
  ]],
  ["models.database_url = 'postgres://a:s3cret@b/c'", [], ["models.database_url"]],
];
for (const [toml, changed, needsRestart] of CHANGES) {
  Deno.test(`replace() puts ${toml} in force as far as it can`, () => {
    const before = configOf();
    const live = new LiveSettings(before);
    assert.deepEqual(live.replace(configOf(toml)), { changed, needsRestart });
    const isInForce = needsRestart.length === 0;
    if (isInForce) assert.deepEqual(live.current, configOf(toml));
    if (toml.startsWith("[[")) return;
    assert.equal(changed.length === 0, JSON.stringify(live.current) === JSON.stringify(before));
    assert.deepEqual(live.replace(before), { changed, needsRestart: [] });
  });
}

Deno.test("replace() names nothing where the same was read again", () => {
  const toml = "security.allowed_ips = ['192.0.2.1']";
  const live = new LiveSettings(configOf(toml));
  assert.deepEqual(live.replace(configOf(toml)), { changed: [], needsRestart: [] });
});

Deno.test("replace() names everything that changed, against what was in force last", () => {
  const live = new LiveSettings(configOf());
  const second = "service.encryption = true\nlog.level = 'warn'\n";
  assert.deepEqual(live.replace(configOf(second)).changed, ["encryption", "logLevel"]);
  const third = `${second}security.allow_run = ['a']`;
  assert.deepEqual(live.replace(configOf(third)).changed, ["allowRun"]);
});

Deno.test("replace() leaves the settings alone that somebody still holds", () => {
  const live = new LiveSettings(configOf());
  const held = live.current;
  live.replace(configOf("service.encryption = true"));
  assert.deepEqual([held.service.encryption, live.current.service.encryption], [false, true]);
});
