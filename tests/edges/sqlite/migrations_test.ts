import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../../src/base/log.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { DatabaseUnusableError, openDatabase } from "../../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { fillSample, openSample, queryValue } from "./samples.ts";
import {
  ownersOnly,
  readFiles,
  readModes,
  recordingLogger,
  withTempFolder,
} from "./temp_folder.ts";

const FILE = "a.sqlite";

Deno.test("migrate() migrates an old database and keeps a copy of it", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${FILE}`;
    fillSample(path, MIGRATIONS.slice(0, 1));
    const { log, lines } = recordingLogger();
    const database = openDatabase({ path, migrations: MIGRATIONS, log });
    assert.equal(new SqliteClientStore(database).count(), 200);
    assert.equal(queryValue(database, "SELECT count(*) FROM api_keys"), 0);
    database.close();
    assert.deepEqual(lines, [["Database migrated", { from: 1, to: MIGRATIONS.length }]]);
    assert.deepEqual(readModes(folder), ownersOnly(FILE, `${FILE}.v1.bak`));
    using copy = new DatabaseSync(`${path}.v1.bak`);
    assert.equal(queryValue(copy, "PRAGMA integrity_check"), "ok");
    assert.equal(queryValue(copy, "PRAGMA user_version"), 1);
    assert.equal(queryValue(copy, "SELECT count(*) FROM clients"), 200);
  });
});

Deno.test("migrate() makes no copy and no log line where it has nothing to migrate", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${FILE}`;
    const { log, lines } = recordingLogger();
    for (let i = 0; i < 2; i++) openDatabase({ path, migrations: MIGRATIONS, log }).close();
    assert.deepEqual(Object.keys(readFiles(folder)), [FILE]);
    assert.deepEqual(lines, []);
  });
});

const FAILING = [...MIGRATIONS, "CREATE TABLE later (x); DELETE FROM clients", "CREATE TABLE"];

Deno.test("migrate() leaves the old file and a copy where a step fails", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${FILE}`;
    fillSample(path);
    const before = readFiles(folder);
    assert.throws(() => openDatabase({ path, migrations: FAILING, log: silentLogger }), (error) => {
      assert.ok(error instanceof DatabaseUnusableError);
      assert.match(error.message, /^Cannot use .* cannot be brought to this version's shape/);
      assert.ok(error.message.includes(path));
      assert.match(String(error.cause), /incomplete input/);
      return true;
    });
    const copy = `${FILE}.v${MIGRATIONS.length}.bak`;
    const { [copy]: copied, ...rest } = readFiles(folder);
    assert.ok(copied !== undefined && copied.length > 0);
    assert.deepEqual(rest, before);
    assert.deepEqual(readModes(folder), ownersOnly(FILE, copy));
    using database = openSample(path);
    assert.equal(new SqliteClientStore(database).count(), 200);
  });
});

Deno.test("migrate() leaves no half of a first version behind", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${FILE}`;
    assert.throws(
      () => openDatabase({ path, migrations: FAILING, log: silentLogger }),
      DatabaseUnusableError,
    );
    assert.deepEqual(Object.keys(readFiles(folder)), [FILE]);
    using database = openSample(path);
    assert.equal(queryValue(database, "PRAGMA user_version"), MIGRATIONS.length);
  });
});
