// A database that can be opened again beneath its stores: their statements are prepared anew.

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { AppError } from "../../base/app_error.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "./sql_database.ts";
import { FAILED_MESSAGE } from "./sync_queue.ts";

/** A database over a connection that may be replaced. */
export class ReopenedDatabase implements SqlDatabase {
  #connection: DatabaseSync | undefined;

  /** Over a first connection. */
  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /** The connection of this moment; throws AppError unavailable where there is none. */
  get connection(): DatabaseSync {
    if (this.#connection === undefined) throw new AppError("unavailable", FAILED_MESSAGE);
    return this.#connection;
  }

  /** Whether there is one. */
  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether a transaction is open. */
  get isTransaction(): boolean {
    return this.#connection?.isTransaction ?? false;
  }

  /** Puts another connection in its place, or none. */
  replace(connection: DatabaseSync | undefined): void {
    this.#connection = connection;
  }

  /** Prepares a statement, now and for every later connection. */
  prepare(sql: string): SqlStatement {
    return new LastingStatement(this, sql);
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.connection.exec(sql);
  }
}

class LastingStatement implements SqlStatement {
  readonly #database: ReopenedDatabase;
  readonly #sql: string;
  #connection: DatabaseSync;
  #statement: StatementSync;

  constructor(database: ReopenedDatabase, sql: string) {
    this.#database = database;
    this.#sql = sql;
    this.#connection = database.connection;
    this.#statement = this.#connection.prepare(sql);
  }

  all(...params: SQLInputValue[]): SqlRow[] {
    return this.#current().all(...params);
  }

  get(...params: SQLInputValue[]): SqlRow | undefined {
    return this.#current().get(...params);
  }

  iterate(...params: SQLInputValue[]): Iterable<SqlRow> {
    return this.#current().iterate(...params);
  }

  run(...params: SQLInputValue[]): { changes: number | bigint } {
    return this.#current().run(...params);
  }

  #current(): StatementSync {
    const { connection } = this.#database;
    if (connection !== this.#connection) {
      this.#statement = connection.prepare(this.#sql);
      this.#connection = connection;
    }
    return this.#statement;
  }
}
