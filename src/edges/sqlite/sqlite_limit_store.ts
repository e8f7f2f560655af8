// The limits of the model gateway in SQLite: one row per key for the minute that it is in, and one for
// the day. A restart takes nothing back.

import type { LimitStore, TokenBatch } from "../../features/models/limit_store.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A LimitStore over the tables of the third migration. */
export class SqliteLimitStore implements LimitStore {
  readonly #database: SqlDatabase;
  readonly #statements: Readonly<Record<"take" | "tokens" | "add", SqlStatement>>;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#statements = {
      // One statement decides and counts; no row changes where the limit is used up.
      take: database.prepare(
        `INSERT INTO model_requests (key_id, minute, used) VALUES (?1, ?2, 1)
         ON CONFLICT (key_id) DO UPDATE SET
           used = CASE WHEN minute = ?2 THEN used + 1 ELSE 1 END, minute = ?2
         WHERE minute <> ?2 OR used < ?3`,
      ),
      tokens: database.prepare("SELECT used FROM model_tokens WHERE key_id = ? AND day = ?"),
      add: database.prepare(
        `INSERT INTO model_tokens (key_id, day, used) VALUES (?1, ?2, ?3)
         ON CONFLICT (key_id) DO UPDATE SET
           used = CASE WHEN day = ?2 THEN used + ?3 ELSE ?3 END, day = ?2
         WHERE day <= ?2`,
      ),
    };
  }

  /** Counts a request, unless the limit is used up. */
  // deno-lint-ignore require-await -- the interface is for stores that answer later
  async takeRequest(key: { keyId: string; minute: number; max: number }): Promise<boolean> {
    if (key.max < 1) return false;
    const { take } = this.#statements;
    const { keyId, minute, max } = key;
    return inTransaction(this.#database, () => Number(take.run(keyId, minute, max).changes) > 0);
  }

  /** The tokens of a day. */
  // deno-lint-ignore require-await -- the interface is for stores that answer later
  async tokensOn({ keyId, day }: { keyId: string; day: string }): Promise<number> {
    return Number(this.#statements.tokens.get(keyId, day)?.["used"] ?? 0);
  }

  /** Adds tokens to a day. Its answer cannot be lost, so no batch comes twice. */
  // deno-lint-ignore require-await -- the interface is for stores that answer later
  async addTokens({ keyId, day, tokens }: TokenBatch): Promise<void> {
    inTransaction(this.#database, () => this.#statements.add.run(keyId, day, tokens));
  }
}
