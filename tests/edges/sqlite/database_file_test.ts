// What may lie where the database should be, beyond the damages of database_test.ts.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { DatabaseUnusableError } from "../../../src/edges/sqlite/database.ts";
import { openSample, sampleClient } from "./samples.ts";
import { readFiles, withTempFolder } from "./temp_folder.ts";

const NAME = "a.sqlite";

Deno.test("openDatabase() finds its file under any name", () => {
  withTempFolder((folder) => {
    const name = "a b%20?mode=memory#é";
    for (const n of [1, 2]) {
      using database = openSample(`${folder}/${name}`);
      new SqliteClientStore(database).add(sampleClient(n));
      assert.equal(new SqliteClientStore(database).count(), n);
    }
    assert.deepEqual(Object.keys(readFiles(folder)), [name]);
  });
});

Deno.test("openDatabase() undoes a very first transaction that was cut off", () => {
  withTempFolder((folder) => {
    copyOfFirstTransaction(folder);
    using database = openSample(`${folder}/${NAME}`);
    assert.deepEqual(new SqliteClientStore(database).list(), []);
  });
});

Deno.test("openDatabase() lets go of a file that another connection has locked", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${NAME}`;
    openSample(path).close();
    const other = new DatabaseSync(path);
    other.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    assert.throws(() => openSample(path), {
      message: `Cannot use ${path}: it cannot be opened (database is locked)`,
    });
    other.exec("ROLLBACK; PRAGMA user_version = 99");
    other.close();
    assert.throws(() => openSample(path), /database version 99/);
  });
});

// SQLite itself takes such a file for an empty one.
Deno.test("openDatabase() does not write over a file of one byte", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/${NAME}`, "x");
    const before = readFiles(folder);
    assert.throws(() => openSample(`${folder}/${NAME}`), /: the database is damaged\. /);
    assert.deepEqual(readFiles(folder), before);
  });
});

const NO_FILES: [string, (path: string) => void][] = [
  ["a folder", (path) => Deno.mkdirSync(path)],
  ["a link to nothing", (path) => Deno.symlinkSync(`${path}.target`, path)],
  ["a link to nothing for its log", (path) => Deno.symlinkSync(`${path}.target`, `${path}-wal`)],
];
for (const [what, make] of NO_FILES) {
  Deno.test(`openDatabase() refuses ${what} and makes no file`, () => {
    withTempFolder((folder) => {
      make(`${folder}/${NAME}`);
      assert.throws(() => openSample(`${folder}/${NAME}`), (error) => {
        assert.ok(error instanceof DatabaseUnusableError);
        assert.match(error.message, /: it is not a regular file$/);
        return true;
      });
      assert.deepEqual(readFiles(folder), {});
    });
  });
}

// What is left where the power fails in the first moment of all, before the file has its log.
function copyOfFirstTransaction(folder: string): void {
  withTempFolder((live) => {
    using database = new DatabaseSync(`${live}/${NAME}`);
    database.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE x (y)");
    const insert = database.prepare("INSERT INTO x VALUES (zeroblob(500))");
    for (let i = 0; i < 500; i++) insert.run();
    for (const file of [NAME, `${NAME}-journal`]) {
      Deno.copyFileSync(`${live}/${file}`, `${folder}/${file}`);
      assert.ok(Deno.statSync(`${folder}/${file}`).size > 0);
    }
  });
}
