// The replay ledger in SQLite. Its uniqueness decides between racing connections.

import type { Bytes } from "../../base/bytes.ts";
import {
  MAX_SALTS_PER_CLIENT,
  type ReplayLedger,
  type SaltRecord,
} from "../../features/session/replay_ledger.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A ReplayLedger over the tables of the first migration. */
export class SqliteReplayLedger implements ReplayLedger {
  readonly #database: SqlDatabase;
  readonly #maxSalts: number;
  readonly #find: SqlStatement;
  readonly #findClient: SqlStatement;
  readonly #count: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #raise: SqlStatement;

  /** A ledger over an open, migrated database. */
  constructor(database: SqlDatabase, options: { maxSalts?: number } = {}) {
    this.#database = database;
    this.#maxSalts = options.maxSalts ?? MAX_SALTS_PER_CLIENT;
    this.#find = database.prepare("SELECT 1 FROM salts WHERE client_id = ? AND salt = ?");
    this.#findClient = database.prepare("SELECT 1 FROM clients WHERE client_id = ?");
    this.#count = database.prepare("SELECT used FROM salt_counts WHERE client_id = ?");
    this.#insert = database.prepare("INSERT INTO salts (client_id, salt) VALUES (?, ?)");
    this.#raise = database.prepare(
      `INSERT INTO salt_counts (client_id, used) VALUES (?, 1)
       ON CONFLICT (client_id) DO UPDATE SET used = used + 1`,
    );
  }

  /** Whether this client has used this salt. */
  has(clientId: string, salt: Bytes): boolean {
    return this.#find.get(clientId, salt) !== undefined;
  }

  /** Records a salt. */
  record(clientId: string, salt: Bytes): SaltRecord {
    return inTransaction(this.#database, () => {
      if (this.#findClient.get(clientId) === undefined) return "unknown_client";
      if (this.has(clientId, salt)) return "used";
      if (Number(this.#count.get(clientId)?.["used"] ?? 0) >= this.#maxSalts) return "full";
      this.#insert.run(clientId, salt);
      this.#raise.run(clientId);
      return "recorded";
    });
  }
}
