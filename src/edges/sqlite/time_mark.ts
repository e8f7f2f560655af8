// The latest time that the device has seen, in SQLite.

import type { TimeMarkStore } from "../../base/lasting_clock.ts";
import type { SqlDatabase } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A TimeMarkStore over a table of the fourth migration. */
export class SqliteTimeMark implements TimeMarkStore {
  readonly #database: SqlDatabase;

  /** A mark in an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.read();
  }

  /** The kept time. */
  read(): number {
    return Number(this.#database.prepare("SELECT mark_ms FROM time_mark").get()?.["mark_ms"]);
  }

  /** Keeps a time. */
  write(markMs: number): void {
    const statement = this.#database.prepare("UPDATE time_mark SET mark_ms = ?");
    inTransaction(this.#database, () => statement.run(Math.floor(markMs)));
  }
}
