import assert from "node:assert/strict";
import { ConfigError } from "../../../src/edges/config/config.ts";
import { describeFormerKeys } from "../../../src/edges/config/former_keys.ts";
import { configOf } from "../../support/settings.ts";

const FORMER = "[models]\n# both\nstore = 'postgres://a/x'\nlimits = 'redis://b'\n";

Deno.test("parseConfig() reads keys by their former names", () => {
  const { models } = configOf(FORMER);
  assert.equal(models.databaseUrl, "postgres://a/x");
  assert.equal(models.redisUrl, "redis://b");
  assert.ok(!("store" in models) && !("limits" in models));
});

Deno.test("describeFormerKeys() names each with its line and its name of today", () => {
  assert.deepEqual(describeFormerKeys({ file: "my.toml", text: FORMER }), [
    "my.toml: line 3: models.store is called models.database_url now",
    "my.toml: line 4: models.limits is called models.redis_url now",
  ]);
  assert.deepEqual(describeFormerKeys({ file: "my.toml", text: "" }), []);
  const text = "[models]\ndatabase_url = 'postgres://a/x'\n[limits]\nknown_connections = 9";
  assert.deepEqual(describeFormerKeys({ file: "my.toml", text }), []);
});

// A text, and all that is wrong with it.
const PROBLEMS: [string, string[]][] = [
  ["[models]\n\nstore = 'mysql://x'", [
    "line 3: models.database_url: expected a postgres:// URL",
  ]],
  ["[models]\nredis_url = 'redis://b'\nlimits = 'redis://c'", [
    "line 3: models.limits: is called redis_url now, which is set too",
  ]],
  ["models = 1", ["line 1: models: expected a table"]],
  ["[log]\nstore = 'x'", ['line 2: unknown key "store" in [log]']],
];
for (const [toml, problems] of PROBLEMS) {
  Deno.test(`parseConfig() says of ${JSON.stringify(toml)} what is wrong, at its line`, () => {
    assert.throws(() => configOf(toml), (error) => {
      assert.ok(error instanceof ConfigError);
      const lines = error.message.split("\n");
      assert.deepEqual(
        lines.map((line) => line.replace("Cannot read config.toml: ", "")),
        problems,
      );
      return true;
    });
  });
}

Deno.test("parseConfig() reads no former keys among the changed settings", () => {
  assert.throws(() => configOf("", "models.store = 'postgres://a/x'"), /unknown key "store"/);
});
