import assert from "node:assert/strict";
import { LiveSettings, type Settings } from "../../../src/features/settings/live_settings.ts";

const SETTINGS: Settings = {
  encryption: true,
  allowedIps: ["192.0.2.1"],
  allowedOrigins: ["https://app.example"],
  allowRun: ["hello"],
  discovery: { enabled: true, instanceName: undefined },
  models: {
    allow: ["qwen3:4b"],
    maxConcurrent: 4,
    queue: 16,
    perKeyPerMinute: undefined,
    perKeyTokensPerDay: undefined,
  },
  logLevel: "info",
};

const CHANGES: [keyof Settings, Partial<Settings>][] = [
  ["encryption", { encryption: false }],
  ["allowedIps", { allowedIps: [] }],
  ["allowedIps", { allowedIps: ["192.0.2.1", "192.0.2.2"] }],
  ["allowedOrigins", { allowedOrigins: ["https://app.example:8443"] }],
  ["allowRun", { allowRun: ["hello", "world"] }],
  ["discovery", { discovery: { enabled: false, instanceName: undefined } }],
  ["discovery", { discovery: { enabled: true, instanceName: "den" } }],
  ["models", { models: { ...SETTINGS.models, allow: [] } }],
  ["models", { models: { ...SETTINGS.models, perKeyPerMinute: 5 } }],
  ["logLevel", { logLevel: "debug" }],
];
for (const [name, change] of CHANGES) {
  Deno.test(`replace() puts ${JSON.stringify(change)} in force and names it`, () => {
    const live = new LiveSettings(SETTINGS);
    assert.deepEqual(live.current, SETTINGS);
    assert.deepEqual(live.replace({ ...SETTINGS, ...change }), [name]);
    assert.deepEqual(live.current, { ...SETTINGS, ...change });
  });
}

Deno.test("replace() names nothing where the same was read again", () => {
  const live = new LiveSettings(SETTINGS);
  assert.deepEqual(live.replace({ ...SETTINGS, allowedIps: [...SETTINGS.allowedIps] }), []);
});

Deno.test("replace() names everything that changed, against what was in force last", () => {
  const live = new LiveSettings(SETTINGS);
  const second: Settings = { ...SETTINGS, encryption: false, logLevel: "warn" };
  assert.deepEqual(live.replace(second), ["encryption", "logLevel"]);
  assert.deepEqual(live.replace({ ...second, allowRun: [] }), ["allowRun"]);
});

Deno.test("replace() leaves the settings alone that somebody still holds", () => {
  const live = new LiveSettings(SETTINGS);
  const held = live.current;
  live.replace({ ...SETTINGS, encryption: false });
  assert.deepEqual([held.encryption, live.current.encryption], [true, false]);
});
