// A service whose database is deleted while it runs.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DATABASE_FILE } from "../../src/edges/sqlite/stores.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { callLocal, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

async function stateOf(baseUrl: string): Promise<unknown> {
  const response = await fetch(`${baseUrl}/health`);
  return (await response.json()).state;
}

systemTest("a service whose database was deleted shows no PIN, takes no settings, and says so", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const service = await startService({ dataDir });
      assert.equal(await stateOf(service.baseUrl), "ready");
      await Deno.remove(`${dataDir}/${DATABASE_FILE}`);
      assert.equal(await stateOf(service.baseUrl), "failed");
      await assert.rejects(
        callLocal(service.baseUrl, "clients.pair.start", {}),
        /deleted or replaced/,
      );
      await assert.rejects(
        callLocal(service.baseUrl, "keys.new", { name: "a", scopes: ["rpc"] }),
        /deleted or replaced/,
      );
      // With a setting of the app, which the database has, and without.
      for (
        const change of [{ runZapScript: false, allowedIps: ["0.0.0.0/0"] }, { allowRun: ["x"] }]
      ) {
        await assert.rejects(
          callLocal(service.baseUrl, "settings.update", change),
          /deleted or replaced/,
        );
      }
      const settings = await callLocal(service.baseUrl, "settings") as Record<string, unknown>;
      assert.deepEqual([settings["allowedIps"], settings["allowRun"]], [[], []]);
      await assert.rejects(Deno.stat(`${dataDir}/${SETTINGS_FILE}`), Deno.errors.NotFound);
      assert.equal(await service.stop(), 0);
    }),
});

systemTest("keys end by the latest time that the device has seen", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      await (await startService({ dataDir })).stop();
      const path = `${dataDir}/${DATABASE_FILE}`;
      const read = (): number => {
        using database = new DatabaseSync(path);
        return Number(database.prepare("SELECT mark_ms FROM time_mark").get()?.["mark_ms"]);
      };
      // Kept at the stop.
      assert.ok(Math.abs(read() - Date.now()) < 60_000);
      const aheadMs = Date.now() + 10 * 86_400_000;
      {
        using database = new DatabaseSync(path);
        database.prepare("UPDATE time_mark SET mark_ms = ?").run(aheadMs);
      }
      const service = await startService({ dataDir });
      await callLocal(service.baseUrl, "keys.new", { name: "a", scopes: ["rpc"] });
      await service.stop();
      using database = new DatabaseSync(path);
      const row = database.prepare("SELECT created_at_ms FROM api_keys").get();
      assert.ok(Number(row?.["created_at_ms"]) >= aheadMs);
    }),
});
