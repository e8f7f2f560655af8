// The usage of the model gateway in SQLite, and the outbox for usage that is kept elsewhere.

import type { SQLOutputValue } from "node:sqlite";
import type {
  UsageBatch,
  UsageEntry,
  UsageOutbox,
  UsageStore,
} from "../../features/models/usage.ts";
import type { SqlDatabase } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A UsageStore over the tables of the third and eighth migration. */
export class SqliteUsageStore implements UsageStore {
  readonly #database: SqlDatabase;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    // A table that is not as this version knows it is found here, and not at the first request.
    database.prepare("SELECT key_id, day, model, duration_ms FROM model_usage LIMIT 0").all();
  }

  /** Adds a batch once. */
  add({ batchId, entries }: UsageBatch): Promise<void> {
    return attempt(() =>
      inTransaction(this.#database, () => {
        const day = entries[0]?.day ?? "";
        const isNew = this.#database.prepare(
          "INSERT OR IGNORE INTO model_usage_batches (batch_id, day) VALUES (?, ?)",
        ).run(batchId, day).changes;
        if (Number(isNew) === 0) return;
        // A batch is tried again within minutes, not days.
        this.#database.prepare("DELETE FROM model_usage_batches WHERE day < date(?, '-7 days')")
          .run(day);
        const upsert = this.#database.prepare(
          `INSERT INTO model_usage
             (key_id, day, model, requests, prompt_tokens, output_tokens, errors, duration_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (day, key_id, model) DO UPDATE SET
             requests = requests + excluded.requests,
             prompt_tokens = prompt_tokens + excluded.prompt_tokens,
             output_tokens = output_tokens + excluded.output_tokens,
             errors = errors + excluded.errors,
             duration_ms = duration_ms + excluded.duration_ms`,
        );
        for (const entry of entries) {
          const { keyId, day, model } = entry;
          const { requests, promptTokens, outputTokens, errors, durationMs } = entry;
          upsert.run(keyId, day, model, requests, promptTokens, outputTokens, errors, durationMs);
        }
      })
    );
  }

  /** All entries from a day on. */
  list(options: { sinceDay: string; keyId?: string | undefined }): Promise<UsageEntry[]> {
    const { sinceDay, keyId = null } = options;
    return attempt(() =>
      this.#database.prepare(
        `SELECT * FROM model_usage WHERE day >= ?1 AND (?2 IS NULL OR key_id = ?2)
         ORDER BY day, key_id, model`,
      ).all(sinceDay, keyId).map(toEntry)
    );
  }
}

/** A UsageOutbox over a table of the third migration. */
export class SqliteUsageOutbox implements UsageOutbox {
  readonly #database: SqlDatabase;

  /** An outbox in an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Keeps a batch, in the place of one with its id. */
  put({ batchId, entries }: UsageBatch): void {
    const statement = this.#database.prepare(
      `INSERT INTO model_usage_outbox (batch_id, entries) VALUES (?, ?)
       ON CONFLICT (batch_id) DO UPDATE SET entries = excluded.entries`,
    );
    inTransaction(this.#database, () => statement.run(batchId, JSON.stringify(entries)));
  }

  /** All batches, oldest first. */
  list(): UsageBatch[] {
    return this.#database.prepare("SELECT batch_id, entries FROM model_usage_outbox ORDER BY id")
      .all().map((row) => ({
        batchId: String(row["batch_id"]),
        entries: entriesOf(String(row["entries"])),
      }));
  }

  /** Forgets a batch. */
  remove(batchId: string): void {
    const statement = this.#database.prepare("DELETE FROM model_usage_outbox WHERE batch_id = ?");
    inTransaction(this.#database, () => statement.run(batchId));
  }
}

// A batch of an earlier version tells no models.
function entriesOf(text: string): UsageEntry[] {
  const entries = JSON.parse(text) as (Omit<UsageEntry, "model"> & Partial<UsageEntry>)[];
  return entries.map((entry) => ({ model: "", ...entry }));
}

// The interface is for stores that answer later; this one throws where they reject.
// deno-lint-ignore require-await -- that is all that async is for here
async function attempt<Result>(work: () => Result): Promise<Result> {
  return work();
}

function toEntry(row: Record<string, SQLOutputValue>): UsageEntry {
  return {
    keyId: String(row["key_id"]),
    day: String(row["day"]),
    model: String(row["model"]),
    requests: Number(row["requests"]),
    promptTokens: Number(row["prompt_tokens"]),
    outputTokens: Number(row["output_tokens"]),
    errors: Number(row["errors"]),
    durationMs: Number(row["duration_ms"]),
  };
}
