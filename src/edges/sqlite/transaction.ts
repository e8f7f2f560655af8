// All or nothing, for a few statements that belong together; every write that matters goes through
// here, so that it is guarded and a disk's failure has one text.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { explainStorageError } from "../../base/storage_error.ts";

const guards = new WeakMap<DatabaseSync, () => void>();

/** Has `check` called before every transaction of a database; its throw refuses the transaction. */
export function guardTransactions(database: DatabaseSync, check: () => void): void {
  guards.set(database, check);
}

/**
 * Runs `work` in one transaction that takes the write lock at once; a throw undoes all of it. Within
 * another one it belongs to that. Throws AppError unavailable where the disk is full or fails.
 */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work();
  guards.get(database)?.();
  try {
    const { begin, commit } = boundsOf(database);
    begin.run();
    const result = work();
    // Where a disk is full, this is often the first to find it.
    commit.run();
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw explainStorageError(error);
  }
}

type Bounds = Readonly<Record<"begin" | "commit", StatementSync>>;

const bounds = new WeakMap<DatabaseSync, Bounds>();

// Statements, because errors of exec() do not say which they are.
function boundsOf(database: DatabaseSync): Bounds {
  const known = bounds.get(database);
  if (known !== undefined) return known;
  const made = {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
  };
  bounds.set(database, made);
  return made;
}
