// The copy that migrate() saves, beyond what migrations_test.ts says of it.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../../src/base/log.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { openDatabase } from "../../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { queryValue, sampleClient } from "./samples.ts";
import { readFiles, withTempFolder } from "./temp_folder.ts";

const OLD = { migrations: MIGRATIONS.slice(0, 1), log: silentLogger };
const NEW = {
  migrations: [...OLD.migrations, "CREATE TABLE more (x INTEGER) STRICT"],
  log: silentLogger,
};

Deno.test("migrate() copies what is still in the log", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    using writer = openDatabase({ path, ...OLD });
    new SqliteClientStore(writer).add(sampleClient(1));
    assert.ok(Deno.statSync(`${path}-wal`).size > 0);
    openDatabase({ path, ...NEW }).close();
    using copy = new DatabaseSync(`${path}.v1.bak`, { readOnly: true });
    assert.deepEqual(new SqliteClientStore(copy).list(), [sampleClient(1)]);
  });
});

Deno.test("migrate() leaves the database as it was where the copy cannot be saved", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    openDatabase({ path, ...OLD }).close();
    Deno.mkdirSync(`${path}.v1.bak`);
    const before = readFiles(folder);
    assert.throws(() => openDatabase({ path, ...NEW }), {
      name: "DatabaseUnusableError",
      message: `Cannot use ${path}: it cannot be brought to this version's shape, and was left ` +
        "as it was. Make sure that the disk is not full, or install the version before",
    });
    assert.deepEqual(readFiles(folder), before);
  });
});

Deno.test("migrate() writes the same copy once, however often a step fails", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    openDatabase({ path, ...OLD }).close();
    const broken = { ...NEW, migrations: [...OLD.migrations, "CREATE TABLE ("] };
    const inode = (): number | null => Deno.statSync(`${path}.v1.bak`).ino;
    assert.throws(() => openDatabase({ path, ...broken }));
    const first = inode();
    assert.throws(() => openDatabase({ path, ...broken }));
    assert.equal(inode(), first);
    // What has changed since is saved again.
    const writer = openDatabase({ path, ...OLD });
    new SqliteClientStore(writer).add(sampleClient(1));
    writer.close();
    openDatabase({ path, ...NEW }).close();
    using copy = new DatabaseSync(`${path}.v1.bak`, { readOnly: true });
    assert.deepEqual(new SqliteClientStore(copy).list(), [sampleClient(1)]);
  });
});

Deno.test("migrate() takes no step twice", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    openDatabase({ path, ...OLD }).close();
    openDatabase({ path, ...NEW }).close();
    Deno.removeSync(`${path}.v1.bak`);
    using database = openDatabase({ path, ...NEW });
    assert.equal(queryValue(database, "PRAGMA user_version"), 2);
    assert.ok(!Object.keys(readFiles(folder)).some((name) => name.includes(".bak")));
  });
});
