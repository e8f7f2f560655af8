import assert from "node:assert/strict";
import {
  ALL_SETTINGS,
  RELOADABLE_SETTINGS,
} from "../../../src/features/settings/settings_table.ts";
import { explainUnchangeable } from "../../../src/features/settings/unchangeable.ts";

Deno.test("explainUnchangeable() names every setting that needs a restart, however it is written", () => {
  for (const { table, key, name, path, row } of ALL_SETTINGS) {
    if (row.reloadable === true) continue;
    const text = `${path} is set in the configuration file, and a change of it needs a restart`;
    for (const written of [key, name, row.formerKey ?? key]) {
      assert.equal(explainUnchangeable({ [table]: { [written]: 1 } }), text);
      assert.equal(explainUnchangeable({ [`${table}.${written}`]: 1 }), text);
    }
  }
});

Deno.test("explainUnchangeable() tells the API's name of a setting that can be changed", () => {
  const names = RELOADABLE_SETTINGS.map(({ table, key, path, apiName }) => {
    const explained = explainUnchangeable({ [table]: { [key]: 1 } });
    return [explained, path, apiName] as const;
  });
  for (const [explained, path, apiName] of names) {
    // Where both are one word, nothing is wrong with it.
    const expected = path === apiName
      ? undefined
      : `${path} of the configuration is called ${apiName} here`;
    assert.equal(explained, expected);
  }
});

const FILE = "is set in the configuration file, which settings.reload reads again";
const CHANGES: [unknown, string | undefined][] = [
  [
    { listen: 1 },
    "service.listen is set in the configuration file, and a change of it needs a restart",
  ],
  [
    { dataDir: 1 },
    "service.data_dir is set in the configuration file, and a change of it needs a restart",
  ],
  [{ allowed_ips: [] }, "security.allowed_ips of the configuration is called allowedIps here"],
  [{ action: [] }, `[[action]] ${FILE}`],
  [{ actions: [] }, `[[action]] ${FILE}`],
  [{ library: {} }, `[[library]] ${FILE}`],
  [{ libraries: {} }, `[[library]] ${FILE}`],
  // The first that is wrong is told, whatever is right before it.
  [
    { encryption: true, models: { allow: [], queue: 1, upstream: "" } },
    "models.upstream is set in the configuration file, and a change of it needs a restart",
  ],
  // More than one table has such a key.
  [{ enabled: true }, undefined],
  [{ service: {}, display: 3 }, undefined],
  [{ nothing: { like: 1 }, constructor: 1, __proto__: { a: 1 } }, undefined],
  [{ encryption: true, discovery: { enabled: true } }, undefined],
  [undefined, undefined],
  [[{ listen: 1 }], undefined],
  ["listen", undefined],
];
for (const [change, text] of CHANGES) {
  Deno.test(`explainUnchangeable() of ${JSON.stringify(change)}`, () => {
    assert.equal(explainUnchangeable(change), text);
  });
}
