// A service whose database is deleted while it runs.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DATABASE_FILE } from "../../src/edges/sqlite/stores.ts";
import { callLocal, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

async function stateOf(baseUrl: string): Promise<unknown> {
  const response = await fetch(`${baseUrl}/health`);
  return (await response.json()).state;
}

systemTest("a service whose database was deleted shows no PIN and says so", {
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
