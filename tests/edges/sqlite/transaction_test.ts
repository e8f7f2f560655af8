import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../../src/edges/sqlite/transaction.ts";
import { queryValue } from "./samples.ts";

function openTable(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY ON CONFLICT ROLLBACK) STRICT");
  return database;
}

Deno.test("inTransaction() keeps all that was written and gives back the result", () => {
  using database = openTable();
  const result = inTransaction(database, () => {
    database.exec("INSERT INTO numbers VALUES (1)");
    assert.equal(database.isTransaction, true);
    database.exec("INSERT INTO numbers VALUES (2)");
    return "done";
  });
  assert.equal(result, "done");
  assert.equal(database.isTransaction, false);
  assert.equal(queryValue(database, "SELECT count(*) FROM numbers"), 2);
});

Deno.test("inTransaction() undoes everything where something throws, and throws the same", () => {
  using database = openTable();
  const failure = new Error("disk full");
  assert.throws(() =>
    inTransaction(database, () => {
      database.exec("INSERT INTO numbers VALUES (1)");
      throw failure;
    }), (error) => error === failure);
  assert.equal(database.isTransaction, false);
  assert.equal(queryValue(database, "SELECT count(*) FROM numbers"), 0);
});

Deno.test("inTransaction() tells of a failure after which SQLite itself has undone everything", () => {
  using database = openTable();
  assert.throws(() =>
    inTransaction(database, () => {
      database.exec("INSERT INTO numbers VALUES (1)");
      database.exec("INSERT INTO numbers VALUES (1)");
    }), { code: "ERR_SQLITE_ERROR", message: /UNIQUE/ });
  assert.equal(database.isTransaction, false);
  assert.equal(queryValue(database, "SELECT count(*) FROM numbers"), 0);
  inTransaction(database, () => database.exec("INSERT INTO numbers VALUES (3)"));
  assert.equal(queryValue(database, "SELECT n FROM numbers"), 3);
});
