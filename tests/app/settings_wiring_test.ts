// The wiring of settings in the real service: warnings of the owner's file, what a reload puts in
// force where, and what it says of the rights that were given up.

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import type { LogLevel } from "../../src/base/log.ts";
import { describeFormerKeys } from "../../src/edges/config/former_keys.ts";
import { withAppInProcess } from "../support/app_in_process.ts";
import { configOf } from "../support/settings.ts";

const ACTION = '[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/true"]';

interface World {
  /** The owner's file, which may be replaced. */
  readonly files: { main: string };
  readonly warned: string[];
  readonly level: () => LogLevel;
  readonly reload: () => unknown;
  readonly rights: unknown[];
}

async function withSettings(
  given: { main?: string; toml?: string; dropPermissions?: boolean },
  test: (world: World) => void,
): Promise<void> {
  const { main = "", toml = main, dropPermissions = false } = given;
  const files = { main };
  const warned: string[] = [];
  const rights: unknown[] = [];
  let level: () => LogLevel = () => "info";
  const configSource = {
    readOverlay: () => ({ file: "settings.toml", text: "" }),
    read: () => configOf(files.main),
    readWith: (overlay: string) => configOf(files.main, overlay),
    readWarnings: () => describeFormerKeys({ file: "config.toml", text: files.main }),
  };
  const log = (asked: () => LogLevel): typeof silentLogger => {
    level = asked;
    return { ...silentLogger, warn: (text) => warned.push(text) };
  };
  await withAppInProcess({
    options: { config: configOf(toml), configSource, log, dropPermissions },
    edges: { dropPermissions: (needs) => rights.push(needs) },
  }, ({ app }) => {
    test({ files, warned, level, reload: () => app.reload(), rights });
    return Promise.resolve();
  });
}

Deno.test("the log warns of former keys at the start and at every reload", async () => {
  const text = "config.toml: line 2: models.store is called models.database_url now";
  await withSettings(
    { main: "[models]\nstore = 'postgres://a/x'" },
    ({ files, warned, reload }) => {
      assert.deepEqual(warned.filter((line) => line === text).length, 1);
      reload();
      assert.deepEqual(warned.filter((line) => line === text).length, 2);
      files.main = "[models]\ndatabase_url = 'postgres://a/x'";
      assert.deepEqual(reload(), { changed: [], needsRestart: [] });
      assert.deepEqual(warned.filter((line) => line.includes("is called")).length, 2);
    },
  );
});

Deno.test("the log's level follows the file", async () => {
  await withSettings({ main: "log.level = 'warn'" }, ({ files, level, reload }) => {
    assert.equal(level(), "warn");
    files.main = "log.level = 'debug'";
    assert.deepEqual(reload(), { changed: ["logLevel"], needsRestart: [] });
    assert.equal(level(), "debug");
  });
});

const RIGHTS: [toml: string, dropPermissions: boolean, needsRestart: string[]][] = [
  ["", true, ["action"]],
  ["", false, []],
  ["[display]\nkind = 'command'\ncommand = ['/bin/true']", true, []],
  [`${ACTION}\nexclusive = false`, true, []],
];
for (const [toml, dropPermissions, needsRestart] of RIGHTS) {
  const given = JSON.stringify({ toml, dropPermissions });
  Deno.test(`a reload says whether new actions wait for a restart: ${given}`, async () => {
    await withSettings({ toml, dropPermissions }, ({ files, reload, rights }) => {
      files.main = toml.includes("[[action]]") ? ACTION : `${toml}\n${ACTION}`;
      assert.deepEqual(reload(), { changed: [], needsRestart });
      const run = needsRestart.length === 0;
      assert.deepEqual(rights, dropPermissions ? [{ run, env: false }] : []);
    });
  });
}
