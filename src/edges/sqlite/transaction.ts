// All or nothing, for a few statements that belong together; every write that matters goes through
// here, so that it is guarded and a disk's failure has one text.

import { explainStorageError } from "../../base/storage_error.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";

/** What is told of the transactions of a database. */
export interface TransactionGuard {
  /** Called before each; its throw refuses the transaction. */
  before(): void;
  /** Called after each that was committed. */
  committed?(): void;
}

const guards = new WeakMap<SqlDatabase, TransactionGuard>();

/** Has a guard called for every transaction of a database. */
export function guardTransactions(database: SqlDatabase, guard: TransactionGuard): void {
  guards.set(database, guard);
}

/**
 * Runs `work` in one transaction that takes the write lock at once; a throw undoes all of it. Within
 * another one it belongs to that. Throws AppError unavailable where the disk is full or fails.
 */
export function inTransaction<Result>(database: SqlDatabase, work: () => Result): Result {
  if (database.isTransaction) return work();
  const guard = guards.get(database);
  guard?.before();
  try {
    const { begin, commit } = boundsOf(database);
    begin.run();
    const result = work();
    // Where a disk is full, this is often the first to find it.
    commit.run();
    guard?.committed?.();
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw explainStorageError(error);
  }
}

type Bounds = Readonly<Record<"begin" | "commit", SqlStatement>>;

const bounds = new WeakMap<SqlDatabase, Bounds>();

// Statements, because errors of exec() do not say which they are.
function boundsOf(database: SqlDatabase): Bounds {
  const known = bounds.get(database);
  if (known !== undefined) return known;
  const made = {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
  };
  bounds.set(database, made);
  return made;
}
