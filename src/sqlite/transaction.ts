// All or nothing, for a few statements that belong together.

import type { DatabaseSync } from "node:sqlite";

/** Runs `work` in one transaction that takes the write lock at once; a throw undoes all of it. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
