// The usage of all gateways in the shared store.

import type { Row } from "postgres";
import type { UsageBatch, UsageEntry, UsageStore } from "../models/usage.ts";
import type { Postgres } from "./postgres.ts";

/** How long it is remembered that a batch was added, in days; it is tried again within minutes. */
export const BATCH_MEMORY_DAYS = 30;

/** A UsageStore over the tables of the first migration. */
export class PostgresUsageStore implements UsageStore {
  readonly #postgres: Postgres;

  /** The usage on a server. */
  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** Adds a batch once. */
  async add({ batchId, entries }: UsageBatch): Promise<void> {
    await this.#postgres.transact(async (sql) => {
      // The row is what makes it once: of two that add the same batch the second waits here.
      const { count } = await sql`INSERT INTO latchkey_usage_batches (batch_id)
        VALUES (${batchId}) ON CONFLICT DO NOTHING`;
      if (count === 0) return;
      await sql`DELETE FROM latchkey_usage_batches
        WHERE added_at < now() - make_interval(days => ${BATCH_MEMORY_DAYS})`;
      // In one order for all gateways, so that no two wait for each other.
      const sorted = [...entries].sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
      for (const entry of sorted) {
        const { day, keyId, requests, promptTokens, outputTokens, errors, durationMs } = entry;
        // deno-lint-ignore no-await-in-loop -- statements of one transaction run one by one
        await sql`INSERT INTO latchkey_usage AS kept
            (day, key_id, requests, prompt_tokens, output_tokens, errors, duration_ms)
          VALUES (${day}, ${keyId}, ${requests}, ${promptTokens}, ${outputTokens}, ${errors},
            ${durationMs})
          ON CONFLICT (day, key_id) DO UPDATE SET
            requests = kept.requests + excluded.requests,
            prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
            output_tokens = kept.output_tokens + excluded.output_tokens,
            errors = kept.errors + excluded.errors,
            duration_ms = kept.duration_ms + excluded.duration_ms`;
      }
    });
  }

  /** All entries from a day on. */
  async list(options: { sinceDay: string; keyId?: string | undefined }): Promise<UsageEntry[]> {
    const { sinceDay, keyId } = options;
    const rows = await this.#postgres.ask((sql) =>
      sql`SELECT to_char(day, 'YYYY-MM-DD') AS day_text, * FROM latchkey_usage
          WHERE day >= ${sinceDay} ${keyId === undefined ? sql`` : sql`AND key_id = ${keyId}`}
          ORDER BY day, key_id`
    );
    return rows.map(toEntry);
  }
}

function idOf({ day, keyId }: UsageEntry): string {
  return `${day} ${keyId}`;
}

function toEntry(row: Row): UsageEntry {
  return {
    keyId: String(row["key_id"]),
    day: String(row["day_text"]),
    requests: Number(row["requests"]),
    promptTokens: Number(row["prompt_tokens"]),
    outputTokens: Number(row["output_tokens"]),
    errors: Number(row["errors"]),
    durationMs: Number(row["duration_ms"]),
  };
}
