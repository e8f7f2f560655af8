// What keys have used at all gateways together, in PostgreSQL.

import type { UsageBatch, UsageEntry, UsageStore } from "../../features/models/usage.ts";
import type { Postgres } from "./postgres.ts";

/** How long the id of a batch is remembered, in days. */
export const BATCH_MEMORY_DAYS = 30;

// A batch that is added takes a few old ids away, so that no one addition has much to do.
const MAX_FORGOTTEN_BATCHES = 100;

/** A UsageStore over the server's tables. */
export class PostgresUsageStore implements UsageStore {
  readonly #postgres: Postgres;

  /** A store on a server, whose owner ends it. */
  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** Adds a batch, once. */
  async add(batch: UsageBatch): Promise<void> {
    const entries = batch.entries.map((entry) => ({
      ...entry,
      durationMs: Math.round(entry.durationMs),
    }));
    // One statement, and so one transaction. Another gateway that adds the same batch waits at its
    // id. Rows are taken in one order, so that two batches do not wait for each other.
    await this.#postgres.run((sql) =>
      sql`
        WITH fresh AS (
          INSERT INTO latchkey_usage_batches (batch_id) VALUES (${batch.batchId})
          ON CONFLICT DO NOTHING RETURNING batch_id
        ), forgotten AS (
          DELETE FROM latchkey_usage_batches WHERE batch_id IN (
            SELECT batch_id FROM latchkey_usage_batches
            WHERE at < now() - make_interval(days => ${BATCH_MEMORY_DAYS})
            LIMIT ${MAX_FORGOTTEN_BATCHES} FOR UPDATE SKIP LOCKED
          )
        )
        INSERT INTO latchkey_usage AS kept
          (key_id, day, model, requests, prompt_tokens, output_tokens, errors, duration_ms)
        SELECT "keyId", day, model, sum(requests), sum("promptTokens"), sum("outputTokens"), sum(errors),
          sum("durationMs")
        FROM jsonb_to_recordset(${sql.json(entries)}) AS entry ("keyId" text COLLATE "C",
          day text COLLATE "C", model text COLLATE "C", requests bigint, "promptTokens" bigint, "outputTokens" bigint,
          errors bigint, "durationMs" bigint)
        WHERE EXISTS (SELECT FROM fresh)
        GROUP BY "keyId", day, model ORDER BY "keyId", day, model
        ON CONFLICT (key_id, day, model) DO UPDATE SET
          requests = kept.requests + excluded.requests,
          prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
          output_tokens = kept.output_tokens + excluded.output_tokens,
          errors = kept.errors + excluded.errors,
          duration_ms = kept.duration_ms + excluded.duration_ms`
    );
  }

  /** All entries from a day on, by day, key and model. */
  async list(options: { sinceDay: string; keyId?: string | undefined }): Promise<UsageEntry[]> {
    const { sinceDay, keyId } = options;
    const rows = await this.#postgres.run((sql) =>
      sql`
        SELECT * FROM latchkey_usage
        WHERE day >= ${sinceDay} ${keyId === undefined ? sql`` : sql`AND key_id = ${keyId}`}
        ORDER BY day, key_id, model`
    );
    return rows.map((row) => ({
      keyId: row["key_id"],
      day: row["day"],
      model: row["model"],
      requests: Number(row["requests"]),
      promptTokens: Number(row["prompt_tokens"]),
      outputTokens: Number(row["output_tokens"]),
      errors: Number(row["errors"]),
      durationMs: Number(row["duration_ms"]),
    }));
  }
}
