// Every key of the configuration, one after the other: a reload puts it in force or says that it waits
// for a restart, in the answer and in the log; settings.update changes it or says the same.

import assert from "node:assert/strict";
import * as v from "valibot";
import { stringify } from "smol-toml";
import type { Logger } from "../../src/base/log.ts";
import type { Setting, TomlValue } from "../../src/features/settings/setting.ts";
import {
  ALL_SETTINGS,
  type Config,
  type PlacedSetting,
  valueIn,
} from "../../src/features/settings/settings_table.ts";
import { ACTION_ROWS } from "../../src/features/settings/tables/action_rows.ts";
import { LIBRARY_ROWS } from "../../src/features/settings/tables/library_rows.ts";
import { schemaOf } from "../../src/features/settings/value_types.ts";
import { withAppInProcess } from "../support/app_in_process.ts";
import { configOf } from "../support/settings.ts";
import { silentLogger } from "../../src/base/log.ts";

/** What settings may be; of each the first is taken that is a value of it and not the one it has. */
const VALUES: readonly TomlValue[] = [
  ...[true, false, 90, 7, 600, 3],
  ...["text", "json", "warn", "client", "none", "/tmp/other", "127.0.0.1:7600"],
  ...["http://192.0.2.9:1", "postgres://192.0.2.9/x", "redis://192.0.2.9", "_other._tcp", "rgb565"],
  ...[["192.0.2.7"], ["https://app.example"], ["models.example"], ["BTN_START"], ["x"]],
];

// A default that is made of another setting changes with it.
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  "display.framebuffer": ["display.sysfs"],
};

function fileWith({ table, key }: PlacedSetting, value: TomlValue): string {
  return stringify({ [table]: { [key]: value } });
}

function otherValueOf(setting: PlacedSetting, now: Config): TomlValue {
  const before = JSON.stringify(valueIn(now, setting));
  const other = VALUES.find((value) => {
    if (!v.safeParse(schemaOf(setting.row), value).success) return false;
    return JSON.stringify(valueIn(configOf(fileWith(setting, value)), setting)) !== before;
  });
  return other ?? assert.fail(`No other value for ${setting.path}`);
}

interface World {
  files: { main: string };
  reload: () => { changed: readonly string[]; needsRestart: readonly string[] };
  /** What the log warned of since it was last asked. */
  warnings: () => unknown[];
  update: (params: unknown) => Promise<{ result?: unknown; message?: string }>;
}

async function withWorld(main: string, test: (world: World) => Promise<void>): Promise<void> {
  const files = { main, overlay: "" };
  const warned: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (text, fields) => warned.push([text, fields]) };
  await withAppInProcess({
    options: {
      config: configOf(main),
      log: () => log,
      configSource: {
        readOverlay: () => ({ file: "settings.toml", text: files.overlay }),
        read: () => configOf(files.main, files.overlay),
        readWith: (overlay: string) => configOf(files.main, overlay),
        readWarnings: () => [],
      },
    },
    edges: { loadMdns: () => Promise.reject(new Error("No network here")) },
  }, async ({ app, request }) => {
    await test({
      files,
      reload: () => app.reload(),
      warnings: () => warned.splice(0).filter((one) => String(one).includes("next start")),
      update: async (params) => {
        const answer = await request("/api", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "settings.update", params }),
        });
        const { result, error } = await answer.json();
        return { result, message: error?.message };
      },
    });
  });
}

Deno.test("every key of the configuration is put in force by a reload, or told to need a restart", async () => {
  await withWorld("", async ({ files, reload, warnings }) => {
    const now = configOf();
    for (const setting of ALL_SETTINGS) {
      const { path, apiName, row } = setting;
      files.main = fileWith(setting, otherValueOf(setting, now));
      const [member = ""] = apiName.split(".");
      const waiting = [path, ...(FOLLOWERS[path] ?? [])];
      const expected = row.reloadable === true
        ? { changed: [member], needsRestart: [] }
        : { changed: [], needsRestart: waiting };
      assert.deepEqual(reload(), expected, path);
      assert.deepEqual(
        warnings(),
        row.reloadable === true
          ? []
          : [["Some settings take effect at the next start", { settings: waiting }]],
        path,
      );
      files.main = "";
      reload();
      assert.deepEqual(warnings(), []);
    }
    await Promise.resolve();
  });
});

Deno.test("settings.update changes every key of the configuration, or says that it needs a restart", async () => {
  await withWorld("", async ({ update, reload }) => {
    const now = configOf();
    for (const setting of ALL_SETTINGS) {
      reload();
      const { table, key, path, apiName, row } = setting;
      const value = otherValueOf(setting, now);
      const [member = "", inner] = apiName.split(".");
      const params = { [member]: inner === undefined ? value : { [inner]: value } };
      const answer = await update(params);
      if (row.reloadable === true) {
        assert.deepEqual(answer.result, { changed: [member], needsRestart: [] }, path);
        if (path === apiName) continue;
        const asInFile = await update({ [table]: { [key]: value } });
        const text = `Invalid params: ${path} of the configuration is called ${apiName} here`;
        assert.equal(asInFile.message, text);
      } else {
        const text = `Invalid params: ${path} is set in the configuration file, and a change of ` +
          "it needs a restart";
        assert.equal(answer.message, text);
      }
    }
  });
});

const ACTION = { name: "a", match: "a", command: ["/bin/true"] };
const LIBRARY = {
  source: "folder",
  folder: "/nowhere/games",
  extensions: [".sfc"],
  system: "SNES",
  command: ["emu", "${path}"],
};
const OTHER_SOURCE = { source: "emulationstation", config_folders: ["/nowhere/frontend"] };

// A key of a list, and the table with another value of it.
function alteredTables(
  name: "action" | "library",
  rows: Readonly<Record<string, Setting>>,
): [string, Readonly<Record<string, TomlValue>>][] {
  const lists: Readonly<Record<string, Readonly<Record<string, TomlValue>>>> = {
    source: OTHER_SOURCE,
    config_folders: OTHER_SOURCE,
    image_folders: { ...OTHER_SOURCE, image_folders: ["/nowhere/pictures"] },
    exclude: { ...OTHER_SOURCE, exclude: ["ports"] },
    match: { ...ACTION, match: "b" },
    env: { ...ACTION, env: { A: "b" } },
    title: { ...ACTION, title: "b" },
    pass_env: { ...ACTION, pass_env: ["ROM_PATH"] },
    exclusive: { ...ACTION, exclusive: false },
    allow_options: { ...ACTION, allow_options: true },
  };
  const first: Readonly<Record<string, TomlValue>> = name === "action" ? ACTION : LIBRARY;
  const texts: Readonly<Record<string, TomlValue>> = {
    name: "other",
    command: ["/bin/false", "${path}"],
    cwd: "/tmp",
    system: "NES",
    folder: "/nowhere/others",
    extensions: [".zip"],
    ...(name === "action" ? { command: ["/bin/false"] } : {}),
  };
  return Object.keys(rows).map((key) => [key, lists[key] ?? { ...first, [key]: texts[key] ?? "" }]);
}

for (const [name, rows] of [["action", ACTION_ROWS], ["library", LIBRARY_ROWS]] as const) {
  Deno.test(`a reload says that any key of [[${name}]] has changed`, async () => {
    const both = { action: [ACTION], library: [LIBRARY] };
    await withWorld(stringify(both), async ({ files, reload, warnings, update }) => {
      for (const [key, table] of alteredTables(name, rows)) {
        files.main = stringify({ ...both, [name]: [table] });
        assert.deepEqual(reload(), { changed: [name], needsRestart: [] }, key);
        files.main = stringify(both);
        assert.deepEqual(reload(), { changed: [name], needsRestart: [] }, key);
      }
      assert.deepEqual(reload(), { changed: [], needsRestart: [] });
      assert.deepEqual(warnings(), []);
      const text = `Invalid params: [[${name}]] is set in the configuration file, which ` +
        "settings.reload reads again";
      assert.equal((await update({ [name]: [] })).message, text);
    });
  });
}
