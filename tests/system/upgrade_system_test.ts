// The service over the database of an older version: it goes on with its phones, refuses to start
// where that database cannot be brought to this version's shape, and a kill in the midst of it
// changes nothing.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../src/base/log.ts";
import { openDatabase } from "../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../src/edges/sqlite/migrations.ts";
import { SqliteReplayLedger } from "../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { DATABASE_FILE, openStores } from "../../src/edges/sqlite/stores.ts";
import { fillSample, queryValue, sampleSalt } from "../edges/sqlite/samples.ts";
import { readFiles, readMode } from "../edges/sqlite/temp_folder.ts";
import { connectPhone, pairPhone, replay } from "../support/reference_phone.ts";
import { latchkey } from "../support/backup_command.ts";
import { openPairing, startService, withDataDir, writeConfig } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const LAST = MIGRATIONS.length;
const UPGRADER = new URL("../edges/sqlite/slow_upgrader.ts", import.meta.url).pathname;

// What the first version would have kept of a device.
function makeOld(dataDir: string): void {
  const path = `${dataDir}/${DATABASE_FILE}`;
  Deno.renameSync(path, `${path}.new`);
  using old = openDatabase({ path, migrations: MIGRATIONS.slice(0, 1), log: silentLogger });
  old.exec(`ATTACH '${path}.new' AS new`);
  for (const table of ["clients", "salts", "salt_counts"]) {
    old.exec(`INSERT INTO ${table} SELECT * FROM new.${table}`);
  }
  old.exec("DETACH new");
  Deno.removeSync(`${path}.new`);
}

Deno.test("the service goes on over an older version's database, with its phones and its ledger", async () => {
  await withDataDir(async (dataDir) => {
    const first = await startService({ dataDir });
    const phone = await pairPhone(first.baseUrl, { pin: await openPairing(first.baseUrl) });
    const connection = await connectPhone(first.baseUrl, phone);
    await connection.call("version");
    await connection.close();
    assert.equal(await first.stop(), 0);
    makeOld(dataDir);

    const second = await startService({ dataDir });
    try {
      assert.match(second.output(), /Database migrated/);
      const copy = `${dataDir}/${DATABASE_FILE}.v1.bak`;
      assert.equal(readMode(copy), "600");
      using old = new DatabaseSync(copy, { readOnly: true });
      assert.equal(queryValue(old, "PRAGMA user_version"), 1);
      assert.equal(queryValue(old, "SELECT count(*) FROM clients"), 1);
      assert.ok(connection.firstFrame);
      assert.deepEqual((await replay(second.baseUrl, [connection.firstFrame])).received, []);
      const again = await connectPhone(second.baseUrl, phone);
      assert.ok(await again.call("version"));
      await again.close();
    } finally {
      assert.equal(await second.stop(), 0);
    }
  });
});

Deno.test("the service does not start over a database that cannot be upgraded, and leaves it", async () => {
  await withDataDir(async (dataDir) => {
    await writeConfig({ dataDir });
    await Deno.mkdir(dataDir, { mode: 0o700 });
    const path = `${dataDir}/${DATABASE_FILE}`;
    // What the next step would make is there already.
    const step = MIGRATIONS.findIndex((sql) => sql.includes("CREATE TABLE required_keys"));
    fillSample(path, [...MIGRATIONS.slice(0, step - 1), "CREATE TABLE required_keys (x)"]);
    const { [DATABASE_FILE]: before } = readFiles(dataDir);
    const { code, stderr } = await latchkey("", "serve", "--config", `${dataDir}.toml`);
    assert.equal(code, 1);
    assert.match(stderr, /cannot be brought to this version's shape, and was left as it was/);
    const { [DATABASE_FILE]: after, ...others } = readFiles(dataDir);
    assert.ok(after === before);
    assert.deepEqual(Object.keys(others).sort(), [
      "latchkey.lock",
      `${DATABASE_FILE}.v${step}.bak`,
    ]);
  });
});

const WAL_BYTES = [1, 100_000, 2_000_000];

systemTest("an upgrade that is killed leaves the database of before", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      await Deno.mkdir(dataDir, { mode: 0o700 });
      const path = `${dataDir}/${DATABASE_FILE}`;
      fillSample(path);
      for (const bytes of WAL_BYTES) {
        const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", UPGRADER, path] })
          .spawn();
        const isTime = (): Promise<boolean> =>
          Deno.stat(`${path}-wal`).then(({ size }) => size >= bytes, () => false);
        try {
          await until("the upgrade writes", isTime, { pollMs: 1 });
        } finally {
          child.kill("SIGKILL");
          await child.status;
        }
        const { clients, database, close } = openStores({ dataDir, log: silentLogger });
        assert.equal(queryValue(database, "PRAGMA user_version"), LAST);
        assert.equal(clients.count(), 200);
        assert.equal(new SqliteReplayLedger(database).record("id-1", sampleSalt(1)), "used");
        assert.equal(
          queryValue(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"),
          0,
        );
        close();
        // The copy of before was whole by then.
        using copy = new DatabaseSync(`${path}.v${LAST}.bak`, { readOnly: true });
        assert.equal(queryValue(copy, "PRAGMA integrity_check"), "ok");
        assert.equal(queryValue(copy, "SELECT count(*) FROM clients"), 200);
      }
    }),
});
