// What was run, in SQLite.

import type { SQLOutputValue } from "node:sqlite";
import type { HistoryEntry, HistoryStore } from "../../features/library/run_history.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

const COLUMNS = "at_ms, type, uid, text, data, run_by, is_success, system_id, media_path";

/** A HistoryStore over a table of the seventh migration. */
export class SqliteHistoryStore implements HistoryStore {
  readonly #database: SqlDatabase;
  readonly #statements: Readonly<
    Record<"insert" | "prune" | "newest" | "lastPath" | "clear", SqlStatement>
  >;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#statements = {
      insert: database.prepare(
        `INSERT INTO run_history (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      prune: database.prepare(
        `DELETE FROM run_history
         WHERE id <= (SELECT id FROM run_history ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      ),
      newest: database.prepare(`SELECT ${COLUMNS} FROM run_history ORDER BY id DESC LIMIT ?`),
      lastPath: database.prepare(
        `SELECT media_path FROM run_history WHERE system_id = ? AND is_success = 1
         ORDER BY id DESC LIMIT 1`,
      ),
      clear: database.prepare("DELETE FROM run_history"),
    };
  }

  /** Keeps some, given oldest first, and drops the oldest of all beyond `maxEntries`. */
  add(entries: readonly HistoryEntry[], maxEntries: number): void {
    inTransaction(this.#database, () => {
      for (const entry of entries) this.#insert(entry);
      this.#statements.prune.run(maxEntries);
    });
  }

  /** The newest ones, newest first. */
  newest(limit: number): HistoryEntry[] {
    return this.#statements.newest.all(limit).map(toEntry);
  }

  /** The path of what was launched of a system last. */
  lastPath(systemId: string): string | undefined {
    const row = this.#statements.lastPath.get(systemId);
    return row === undefined ? undefined : String(row["media_path"]);
  }

  /** Drops all. */
  clear(): void {
    inTransaction(this.#database, () => this.#statements.clear.run());
  }

  #insert({ atMs, type, uid, text, data, by, isSuccess, media }: HistoryEntry): void {
    this.#statements.insert.run(
      Math.floor(atMs),
      type,
      uid,
      text,
      data,
      by,
      isSuccess ? 1 : 0,
      media?.systemId ?? null,
      media?.path ?? null,
    );
  }
}

function toEntry(row: Record<string, SQLOutputValue>): HistoryEntry {
  const systemId = row["system_id"];
  return {
    atMs: Number(row["at_ms"]),
    type: String(row["type"]),
    uid: String(row["uid"]),
    text: String(row["text"]),
    data: String(row["data"]),
    by: String(row["run_by"]),
    isSuccess: row["is_success"] === 1,
    media: typeof systemId !== "string" ? undefined : { systemId, path: String(row["media_path"]) },
  };
}
