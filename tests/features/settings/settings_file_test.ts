import assert from "node:assert/strict";
import { parse } from "smol-toml";
import type { ApiSettings } from "../../../src/features/settings/api_settings.ts";
import {
  changeTables,
  formatTables,
  type SettingsFileTables,
} from "../../../src/features/settings/settings_file.ts";

const BEFORE: SettingsFileTables = {
  service: { encryption: true },
  discovery: { enabled: false, instance_name: "den" },
};

// A change, and the tables after it.
const CHANGES: [ApiSettings, SettingsFileTables][] = [
  [{}, BEFORE],
  [{ encryption: false }, { ...BEFORE, service: { encryption: false } }],
  [{ allowedIps: ["10.0.0.1"] }, { ...BEFORE, security: { allowed_ips: ["10.0.0.1"] } }],
  [{ allowedIps: [] }, { ...BEFORE, security: { allowed_ips: [] } }],
  [{ allowedOrigins: ["https://a.example"], allowRun: ["a"] }, {
    ...BEFORE,
    security: { allowed_origins: ["https://a.example"], allow_run: ["a"] },
  }],
  [{ discovery: { enabled: true } }, {
    ...BEFORE,
    discovery: { enabled: true, instance_name: "den" },
  }],
  [{ discovery: { instanceName: "attic" } }, {
    ...BEFORE,
    discovery: { enabled: false, instance_name: "attic" },
  }],
  [{ discovery: { instanceName: null } }, { ...BEFORE, discovery: { enabled: false } }],
  [{ logLevel: "debug" }, { ...BEFORE, log: { level: "debug" } }],
  [{ encryption: undefined }, BEFORE],
];
for (const [change, after] of CHANGES) {
  Deno.test(`changeTables() takes ${JSON.stringify(change)}, formatTables() writes it`, () => {
    const tables = changeTables(BEFORE, change);
    assert.deepEqual(tables, after);
    assert.deepEqual(plain(parse(formatTables(tables))), after);
  });
}

Deno.test("changeTables() leaves no empty table behind", () => {
  const tables = changeTables({ discovery: { instance_name: "den" } }, {
    discovery: { instanceName: null },
  });
  assert.deepEqual(tables, {});
  assert.deepEqual(plain(parse(formatTables(tables))), {});
});

Deno.test("formatTables() keeps quotes, line ends and control characters within their text", () => {
  const name = 'a"b\\c\nd\u0007\'\'\'"""';
  const text = formatTables({ discovery: { instance_name: name } });
  assert.deepEqual(plain(parse(text)), { discovery: { instance_name: name } });
});

// The parser's tables have no prototype.
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
