import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { type Config, parseConfig } from "../../../src/edges/config/config.ts";
import { listConfig, listConfigJson } from "../../../src/edges/config/config_listing.ts";

const ENV = { HOME: "/home/ann", isRoot: false };
const EXAMPLE = Deno.readTextFileSync(new URL("../../../config.example.toml", import.meta.url))
  .replaceAll(/^# {3}(?=\[\[|[a-z_]+ = )/gm, "")
  .replaceAll(/^# (?=[a-z_]+ = )/gm, "");

function configOf(text: string, overlay = ""): Config {
  return parseConfig(text, {
    file: "config.toml",
    env: ENV,
    overlay: { file: "settings.toml", text: overlay },
  });
}

function list(text: string, overlay = ""): string {
  return listConfig(configOf(text, overlay), {
    file: { file: "config.toml", text },
    overlay: { file: "settings.toml", text: overlay },
  });
}

Deno.test("listConfig() says where each value comes from", () => {
  const text = "[service]\nencryption = false\ndata_dir = '/data'\n[log]\nlevel = 'warn'";
  const lines = list(text, "service.encryption = true").split("\n");
  assert.deepEqual(lines.slice(0, 6), [
    "[service]",
    'listen = "[::]:7497"  # default',
    'data_dir = "/data"    # config.toml',
    "encryption = true     # settings.toml",
    "keep_history = true   # default",
    "",
  ]);
  assert.ok(lines.some((line) => /^level = "warn" +# config.toml$/.test(line)));
  assert.ok(lines.some((line) => /^format = "text" +# default$/.test(line)));
});

for (const [what, text] of [["the defaults", ""], ["every key", EXAMPLE]] as const) {
  Deno.test(`listConfig() gives ${what} as TOML that means the same`, () => {
    const listed = list(text);
    const again = configOf(listed);
    const { service, ...others } = configOf(text);
    assert.deepEqual(again, {
      ...others,
      service: { ...service, listen: { hostname: "::", port: service.listen.port } },
    });
  });
}

const SECRETS: [string, string][] = [
  [
    "database_url = 'postgres://ann:s3cret@db.example/latchkey'",
    "postgres://ann:***@db.example/latchkey",
  ],
  ["database_url = 'postgres://db.example/x?password=s3cret'", "postgres://db.example/x?***"],
  ["redis_url = 'redis://:s3cret@db.example'", "redis://:***@db.example"],
  ["redis_url = 'redis://db.example/1'", "redis://db.example/1"],
  ["limits = 'redis://:s3cret@db.example'", "redis://:***@db.example"],
];
for (const [setting, shown] of SECRETS) {
  Deno.test(`listConfig() shows ${shown}`, () => {
    const listed = list(`[models]\n${setting}`);
    assert.doesNotMatch(listed, /s3cret/);
    const { models } = parse(listed) as { models: Record<string, unknown> };
    assert.ok([models["database_url"], models["redis_url"]].includes(shown), listed);
  });
}

Deno.test("listConfig() shows a former key under its name of today, with the file it is in", () => {
  const listed = list("[models]\nstore = 'postgres://db.example/x'");
  assert.match(listed, /^database_url = "postgres:\/\/db\.example\/x" +# config\.toml$/m);
  assert.doesNotMatch(listed, /^store/m);
});

Deno.test("listConfigJson() tells programs the same, without passwords", () => {
  const text = '[service]\nencryption = true\n[models]\ndatabase_url = "postgres://a:secret@db/x"';
  const listed = JSON.parse(listConfigJson(configOf(text), {
    file: { file: "config.toml", text },
    overlay: { file: "settings.toml", text: "" },
  }));
  const find = (table: string, key: string): unknown =>
    listed.settings.find((one: { table: string; key: string }) =>
      one.table === table && one.key === key
    );
  assert.deepEqual(find("service", "encryption"), {
    table: "service",
    key: "encryption",
    value: true,
    from: "config.toml",
  });
  assert.deepEqual(find("log", "level"), {
    table: "log",
    key: "level",
    value: "info",
    from: "default",
  });
  assert.doesNotMatch(JSON.stringify(listed), /secret/);
  assert.deepEqual([listed.actions, listed.libraries], [[], []]);
});
