// The audit log in SQLite. Rows are only ever appended, and removed from the oldest end behind a
// checkpoint that the next one builds on.

import type { SQLOutputValue } from "node:sqlite";
import {
  type AuditDetails,
  type AuditEntry,
  type AuditEvent,
  type AuditStore,
  hashAuditEntry,
  type NewAuditEntry,
} from "../../features/access/audit_log.ts";
import type { AuditCheckpoint } from "../../features/access/anchor_keeper.ts";
import type { Bytes } from "../../base/bytes.ts";
import { parseJsonObject } from "../../base/json.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

const COLUMNS = "id, at_ms, event, details, hash";

/** An AuditStore over a table of the second migration, or the refusals of the fourth. */
export class SqliteAuditStore implements AuditStore {
  readonly #database: SqlDatabase;
  readonly #statements: Readonly<
    Record<
      "last" | "insert" | "after" | "newest" | "checkpoint" | "setCheckpoint" | "hashOf" | "prune",
      SqlStatement
    >
  >;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase, table: "audit" | "audit_refusals" = "audit") {
    this.#database = database;
    this.#statements = {
      last: database.prepare(`SELECT id, hash FROM ${table} ORDER BY id DESC LIMIT 1`),
      insert: database.prepare(`INSERT INTO ${table} (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`),
      after: database.prepare(`SELECT ${COLUMNS} FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`),
      newest: database.prepare(
        `SELECT * FROM (SELECT ${COLUMNS} FROM ${table} ORDER BY id DESC LIMIT ?) ORDER BY id`,
      ),
      checkpoint: database.prepare(`SELECT id, hash FROM ${table}_checkpoint`),
      setCheckpoint: database.prepare(`UPDATE ${table}_checkpoint SET id = ?, hash = ?`),
      hashOf: database.prepare(`SELECT hash FROM ${table} WHERE id = ?`),
      prune: database.prepare(`DELETE FROM ${table} WHERE id <= ?`),
    };
  }

  /** Keeps an entry and drops the oldest beyond `maxEntries`. */
  append(entry: NewAuditEntry, maxEntries: number): AuditEntry {
    return inTransaction(this.#database, () => {
      const last = this.head();
      const id = last.id + 1;
      const hash = hashAuditEntry(last.hash, { ...entry, id });
      const { atMs, event, details } = entry;
      this.#statements.insert.run(id, atMs, event, JSON.stringify(details), hash);
      this.#prune(id - maxEntries);
      return { ...entry, id, hash };
    });
  }

  /** Entries after a number, oldest first. */
  listAfter(afterId: number, limit: number): AuditEntry[] {
    return this.#statements.after.all(afterId, limit).map(toEntry);
  }

  /** The newest entries, oldest first. */
  listNewest(limit: number): AuditEntry[] {
    return this.#statements.newest.all(limit).map(toEntry);
  }

  /** The newest entry, or what is left of it. */
  head(): AuditCheckpoint {
    const row = this.#statements.last.get();
    return row === undefined ? this.checkpoint() : toCheckpoint(row);
  }

  /** What the oldest kept entry builds on. */
  checkpoint(): AuditCheckpoint {
    const row = this.#statements.checkpoint.get();
    return row === undefined ? { id: 0, hash: new Uint8Array(32) } : toCheckpoint(row);
  }

  #prune(upToId: number): void {
    if (upToId < 1) return;
    const row = this.#statements.hashOf.get(upToId);
    if (row === undefined) return;
    this.#statements.setCheckpoint.run(upToId, bytesOf(row["hash"]));
    this.#statements.prune.run(upToId);
  }
}

function toCheckpoint(row: Record<string, SQLOutputValue>): AuditCheckpoint {
  return { id: Number(row["id"]), hash: bytesOf(row["hash"]) };
}

function toEntry(row: Record<string, SQLOutputValue>): AuditEntry {
  return {
    ...toCheckpoint(row),
    atMs: Number(row["at_ms"]),
    event: String(row["event"]) as AuditEvent,
    // A row that was written by another hand must still be shown as the one that is wrong.
    details: (parseJsonObject(String(row["details"])) ?? {}) as AuditDetails,
  };
}

function bytesOf(value: SQLOutputValue | undefined): Bytes {
  return new Uint8Array(value as Uint8Array);
}
