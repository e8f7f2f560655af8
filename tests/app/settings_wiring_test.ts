// The wiring of settings in the real service: warnings of the owner's file, what a reload puts in
// force where, and what it says of the rights that were given up.

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import type { LogLevel } from "../../src/base/log.ts";
import { describeFormerKeys } from "../../src/edges/config/former_keys.ts";
import { openModels } from "../../src/app/models.ts";
import { REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { configOf } from "../support/settings.ts";

const ACTION = '[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/true"]';

interface World {
  /** The owner's file, which may be replaced. */
  readonly files: { main: string };
  readonly warned: string[];
  readonly level: () => LogLevel;
  readonly reload: () => unknown;
  readonly rights: unknown[];
  readonly started: readonly string[][];
  /** How often the announcement was begun. */
  readonly announced: () => number;
  /** Calls a method as the device, or as another host. */
  readonly call: (
    method: string,
    options?: { params?: unknown; from?: string },
  ) => Promise<{ status: number; result: Record<string, unknown> }>;
}

async function withSettings(
  given: { main?: string; toml?: string; dropPermissions?: boolean },
  test: (world: World) => void | Promise<void>,
): Promise<void> {
  const { main = "", toml = main, dropPermissions = false } = given;
  const files = { main };
  const warned: string[] = [];
  const rights: unknown[] = [];
  const started: string[][] = [];
  let loads = 0;
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
    edges: {
      dropPermissions: (needs) => rights.push(needs),
      createActionStarter: () => (argv) => {
        started.push([...argv]);
        throw new Error("It is enough that it was to start");
      },
      loadMdns: () => {
        loads += 1;
        return Promise.reject(new Error("No network here"));
      },
      // The shared stores are not what is tested.
      openModels: (options) =>
        openModels({
          ...options,
          settings: { ...options.settings, databaseUrl: undefined, redisUrl: undefined },
        }),
    },
  }, async ({ app, request }) => {
    await test({
      files,
      warned,
      level,
      reload: () => app.reload(),
      rights,
      started,
      announced: () => loads,
      call: async (method, { params = {}, ...from } = {}) => {
        const answer = await request("/api", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
          ...from,
        });
        return { status: answer.status, result: (await answer.json()).result ?? {} };
      },
    });
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
      const run = needsRestart.length === 0;
      assert.deepEqual(reload(), { changed: run ? ["action"] : [], needsRestart });
      assert.deepEqual(rights, dropPermissions ? [{ run, env: false }] : []);
    });
  });
}

Deno.test("a reload reaches the policy, the status, the actions and the announcement", async () => {
  const main = "discovery.enabled = false";
  await withSettings({ main }, async ({ files, reload, call, started, announced }) => {
    assert.equal((await call("version", { from: REMOTE })).status, 403);
    assert.equal((await call("status")).result["encryption"], false);
    await call("run", { params: { text: "a" } });
    assert.deepEqual([started, announced()], [[], 0]);
    files.main = `security.allowed_ips = ["${REMOTE}"]\nservice.encryption = true\n${ACTION}`;
    assert.deepEqual(reload(), {
      changed: ["encryption", "allowedIps", "discovery", "action"],
      needsRestart: [],
    });
    assert.equal((await call("version", { from: REMOTE })).status, 200);
    assert.equal((await call("status")).result["encryption"], true);
    await call("run", { params: { text: "a" } });
    assert.deepEqual([started, announced()], [[["/bin/true"]], 1]);
  });
});

for (const key of ["database_url = 'postgres://a/x'", "redis_url = 'redis://b'"]) {
  Deno.test(`a gateway with ${key} keeps the right to read the environment`, async () => {
    const main = `[models]\nenabled = true\n${key}`;
    await withSettings({ main, dropPermissions: true }, ({ rights }) => {
      assert.deepEqual(rights, [{ run: false, env: true }]);
    });
  });
}
