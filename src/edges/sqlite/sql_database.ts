// What the stores need of a database: node:sqlite's DatabaseSync has it, and so has one that can be
// opened again beneath its stores (served_database.ts).

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";

/** A row by the names of its columns. */
export type SqlRow = Record<string, SQLOutputValue>;

/** A prepared statement. */
export interface SqlStatement {
  /** All rows. */
  all(...params: SQLInputValue[]): SqlRow[];
  /** The first row. */
  get(...params: SQLInputValue[]): SqlRow | undefined;
  /** The rows, one by one. */
  iterate(...params: SQLInputValue[]): Iterable<SqlRow>;
  /** Runs it; how many rows changed. */
  run(...params: SQLInputValue[]): { changes: number | bigint };
}

/** An open database. */
export interface SqlDatabase {
  /** Whether a transaction is open. */
  readonly isTransaction: boolean;
  /** Prepares one statement; throws where it does not fit the tables. */
  prepare(sql: string): SqlStatement;
  /** Runs statements without parameters. */
  exec(sql: string): void;
}
