// A database of every older version, with rows in all of its tables, becomes one of this version.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { AuditLog } from "../../../src/features/access/audit_log.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { openDatabase } from "../../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import type { SqlDatabase } from "../../../src/edges/sqlite/sql_database.ts";
import { DATABASE_FILE, openStores } from "../../../src/edges/sqlite/stores.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { queryValue, sampleClient, sampleSalt } from "./samples.ts";
import { readFiles, withTempFolder } from "./temp_folder.ts";

const HASH = "zeroblob(32)";

/** What each version's tables hold, in the words of that version: a later one has other code. */
const ROWS: readonly string[] = [
  `INSERT INTO clients VALUES ('id-1', CAST('Phone 1' AS BLOB), 'token-1', 'admin', ${HASH}, 5, 7);
   INSERT INTO salts VALUES ('id-1', x'00000000000000000000000000000001');
   INSERT INTO salt_counts VALUES ('id-1', 4);`,
  `INSERT INTO api_keys VALUES ('abcdefgh', 'script', ${HASH}, '["rpc","events"]', 1, 2, 3, 4);
   INSERT INTO audit SELECT id + 1, 9, 'paired', '{}', hash FROM audit_checkpoint;`,
  `UPDATE api_keys SET models = '["llama"]';
   INSERT INTO model_usage VALUES ('abcdefgh', '2026-11-23', 1, 2, 3, 4, 5);
   INSERT INTO model_usage_batches VALUES ('batch', '2026-11-23');
   INSERT INTO model_usage_outbox VALUES (1, 'batch', '[]');
   INSERT INTO model_requests VALUES ('abcdefgh', 1, 2);
   INSERT INTO model_tokens VALUES ('abcdefgh', '2026-11-23', 3);`,
  `INSERT INTO removed_clients VALUES (1, 'id-0', ${HASH});
   INSERT INTO removed_keys VALUES (1, 'gonegone');
   INSERT INTO audit_refusals
     SELECT id + 1, 9, 'session_refused', '{}', hash FROM audit_refusals_checkpoint;`,
  `INSERT OR IGNORE INTO required_keys VALUES ('run');`,
  `UPDATE api_keys SET limits = '{"perMinute":5}';`,
  `INSERT INTO run_history VALUES (1, 5, 'nfc', '04', 'game', 'ff', 'id-1', 1, 'SNES', '/roms/a');
   INSERT INTO favorites VALUES ('/roms/a', 1);
   INSERT INTO phone_settings VALUES ('runZapScript', 'false');`,
  `INSERT INTO model_usage VALUES ('abcdefgh', '2026-11-24', 'llama:8b', 1, 2, 3, 4, 5);`,
];

// Step by step, as a device that was there from the first version on.
function makeOld(path: string, version: number): void {
  using database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  for (let step = 0; step < version; step++) {
    database.exec(`${MIGRATIONS[step]} ${ROWS[step]} PRAGMA user_version = ${step + 1}`);
  }
}

function tablesOf(database: Pick<SqlDatabase, "prepare">): string[] {
  return database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    .map(({ name }) => String(name));
}

/** All rows by table, as far as another version has the columns. */
function rowsOf(
  database: Pick<SqlDatabase, "prepare">,
  like = database,
): Record<string, unknown[]> {
  return Object.fromEntries(
    tablesOf(like).map((table) => {
      const columns = like.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => name);
      return [table, database.prepare(`SELECT ${columns.join()} FROM ${table}`).all()];
    }),
  );
}

Deno.test("there are rows for every table of every version", () => {
  assert.equal(ROWS.length, MIGRATIONS.length);
  withTempFolder((folder) => {
    makeOld(`${folder}/${DATABASE_FILE}`, MIGRATIONS.length);
    using database = new DatabaseSync(`${folder}/${DATABASE_FILE}`);
    for (const [table, rows] of Object.entries(rowsOf(database))) assert.ok(rows.length > 0, table);
  });
});

for (let version = 1; version < MIGRATIONS.length; version++) {
  Deno.test(`version ${version} of the database becomes this one, and loses nothing`, () => {
    withTempFolder((folder) => {
      const path = `${folder}/${DATABASE_FILE}`;
      makeOld(path, version);
      const stores = openStores({ dataDir: folder, log: silentLogger });
      try {
        assert.equal(queryValue(stores.database, "PRAGMA user_version"), MIGRATIONS.length);
        assert.equal(queryValue(stores.database, "PRAGMA integrity_check"), "ok");
        using old = openDatabase({
          path: `${path}.v${version}.bak`,
          migrations: MIGRATIONS.slice(0, version),
          log: silentLogger,
        });
        assert.equal(tablesOf(old).length > 0, true);
        assert.deepEqual(rowsOf(stores.database, old), rowsOf(old));
      } finally {
        stores.close();
      }
    });
  });
}

Deno.test("a device that knew no API keys refuses its old recordings after the upgrade", () => {
  withTempFolder((folder) => {
    makeOld(`${folder}/${DATABASE_FILE}`, 1);
    const { clients, ledger, keys, audit, close } = openStores({
      dataDir: folder,
      log: silentLogger,
    });
    assert.deepEqual(clients.list(), [
      sampleClient(1, {
        role: "admin",
        pairingKey: new Uint8Array(32),
        createdAtMs: 5,
        lastSeenAtMs: 7,
      }),
    ]);
    assert.equal(ledger.record("id-1", sampleSalt(1)), "used");
    assert.equal(ledger.record("id-1", sampleSalt(2)), "recorded");
    assert.deepEqual(keys.list(), []);
    const log = new AuditLog({ store: audit, clock: new FakeClock(), log: silentLogger });
    log.record("paired");
    assert.deepEqual(log.verify(), {
      entries: 1,
      brokenAt: undefined,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    });
    close();
  });
});

Deno.test("a key of before the model gateway may use all models", () => {
  withTempFolder((folder) => {
    makeOld(`${folder}/${DATABASE_FILE}`, 2);
    const { keys, close } = openStores({ dataDir: folder, log: silentLogger });
    assert.deepEqual(
      keys.list().map(({ keyId, models, revokedAtMs }) => [keyId, models, revokedAtMs]),
      [
        ["abcdefgh", undefined, 4],
      ],
    );
    close();
  });
});

Deno.test("usage of before models were told apart is kept as that of none", async () => {
  await withTempFolder(async (folder) => {
    makeOld(`${folder}/${DATABASE_FILE}`, 7);
    const { usage, close } = openStores({ dataDir: folder, log: silentLogger });
    assert.deepEqual(await usage.list({ sinceDay: "2026-01-01" }), [{
      keyId: "abcdefgh",
      day: "2026-11-23",
      model: "",
      requests: 1,
      promptTokens: 2,
      outputTokens: 3,
      errors: 4,
      durationMs: 5,
    }]);
    close();
  });
});

const OLD_KEYS: readonly (readonly [what: string, scopes: string, revokedAt: string])[] = [
  ["rpc", '["rpc"]', "NULL"],
  ["events", '["events"]', "NULL"],
  ["run", '["run"]', "NULL"],
  ["models alone", '["models"]', "NULL"],
  ["all scopes", '["rpc","events","run","models"]', "NULL"],
  ["models alone, revoked", '["models"]', "4"],
  ["rpc, revoked", '["rpc"]', "4"],
];

for (const version of [2, 3, 4]) {
  for (const [what, scopes, revokedAt] of OLD_KEYS) {
    Deno.test(`version ${version}, a key of ${what}: all that it had closed stays closed`, () => {
      withTempFolder((folder) => {
        const path = `${folder}/${DATABASE_FILE}`;
        makeOld(path, version);
        const old = new DatabaseSync(path);
        old.exec(`UPDATE api_keys SET scopes = '${scopes}', revoked_at_ms = ${revokedAt}`);
        old.close();
        const { keys, close } = openStores({ dataDir: folder, log: silentLogger });
        assert.deepEqual(keys.required(), ["rpc", "events", "run"]);
        close();
      });
    });
  }
  Deno.test(`version ${version} without a key asks for none`, () => {
    withTempFolder((folder) => {
      const path = `${folder}/${DATABASE_FILE}`;
      makeOld(path, version);
      const old = new DatabaseSync(path);
      old.exec("DELETE FROM api_keys");
      old.close();
      const { keys, close } = openStores({ dataDir: folder, log: silentLogger });
      assert.deepEqual(keys.required(), []);
      close();
    });
  });
}

// The limit of a connection stands for a full disk; SQLite takes the transaction back by itself.
Deno.test("an upgrade that the disk has no room for leaves the old file as it was", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${DATABASE_FILE}`;
    makeOld(path, 2);
    const { [DATABASE_FILE]: before } = readFiles(folder);
    const greedy = [
      ...MIGRATIONS.slice(0, 2),
      "PRAGMA max_page_count = 60; CREATE TABLE big (x BLOB); INSERT INTO big VALUES (zeroblob(999999))",
    ];
    assert.throws(() => openDatabase({ path, migrations: greedy, log: silentLogger }), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /was left as it was\. Make sure that the disk is not full/);
      assert.match(String(error.cause), /database or disk is full|No space left/);
      return true;
    });
    const { [DATABASE_FILE]: after, ...others } = readFiles(folder);
    assert.ok(after === before);
    assert.deepEqual(Object.keys(others), [`${DATABASE_FILE}.v2.bak`]);
    openStores({ dataDir: folder, log: silentLogger }).close();
  });
});
