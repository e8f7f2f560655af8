// A PostgreSQL server that gateways share. It may be away at any time, at the start too: whoever asks
// is told so within the limit, and the next question tries again.

import type { Sql, TransactionSql } from "postgres";
import { type Clock, settledWithin } from "../base/clock.ts";
import { AppError, asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { POSTGRES_MIGRATIONS } from "./postgres_migrations.ts";

/** How long a question may take, connecting included, in milliseconds. */
export const QUERY_LIMIT_MS = 3_000;

/** How many connections one gateway holds. */
export const MAX_CONNECTIONS = 4;

/** How long a connection is kept that nobody uses, in seconds. */
const IDLE_S = 60;

/** Guards the migrations of several gateways that start at once; any number that is ours alone. */
const MIGRATION_LOCK = 749_701;

/** Options of {@linkcode openPostgres}. */
export interface PostgresOptions {
  /** Time. */
  clock: Clock;
  /** The log. */
  log: Logger;
  /**
   * Whether the tables are made and brought to this version's shape before the first question.
   * @default {true}
   */
  migrates?: boolean;
}

/** A server, or the way to it. */
export interface Postgres {
  /** Asks something; AppError unavailable where that does not work within the limit. */
  ask<Result>(work: (sql: Sql) => PromiseLike<Result>): Promise<Result>;
  /** Does several things or none, within one limit. */
  transact<Result>(work: (sql: TransactionSql) => Promise<Result>): Promise<Result>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Opens the way to a server; nothing is asked of it yet. */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Postgres> {
  const { clock, log, migrates = true } = options;
  const { default: connect } = await import("postgres");
  const sql = connect(url, {
    max: MAX_CONNECTIONS,
    idle_timeout: IDLE_S,
    connect_timeout: QUERY_LIMIT_MS / 1000,
    onnotice: () => {},
    // Waiting longer than that is the caller's decision, with its own limit.
    backoff: false,
    connection: { application_name: "latchkey" },
  });
  let migrated: Promise<void> | undefined;
  let isAway = false;

  async function ready(): Promise<void> {
    if (!migrates) return;
    migrated ??= migrate(sql).catch((error) => {
      migrated = undefined;
      throw error;
    });
    await migrated;
  }

  async function within<Result>(work: () => Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(QUERY_LIMIT_MS, () => late.reject(new Error("No answer in time")));
    try {
      const result = await Promise.race([work(), late.promise]);
      if (isAway) log.info("The shared store answers again");
      isAway = false;
      return result;
    } catch (error) {
      if (!isAway) log.error("The shared store does not answer", { error: asError(error) });
      isAway = true;
      throw new AppError("unavailable", "The keys cannot be looked at now", {
        cause: error,
        retryAfterS: 5,
      });
    } finally {
      cancel();
    }
  }

  return {
    ask: (work) =>
      within(async () => {
        await ready();
        return await work(sql);
      }),
    transact: (work) =>
      within(async () => {
        await ready();
        return await sql.begin(work) as Awaited<ReturnType<typeof work>>;
      }),
    async close(): Promise<void> {
      await settledWithin(clock, { work: sql.end({ timeout: 1 }), limitMs: 2000 });
    },
  };
}

// All missing steps in one transaction; another gateway that starts meanwhile waits for it.
async function migrate(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    await transaction`CREATE TABLE IF NOT EXISTS latchkey_schema (version integer NOT NULL)`;
    const [row] = await transaction`SELECT max(version) AS version FROM latchkey_schema`;
    const version = Number(row?.["version"] ?? 0);
    if (version > POSTGRES_MIGRATIONS.length) {
      throw new Error("The shared store was written by a newer version");
    }
    for (const [at, step] of POSTGRES_MIGRATIONS.entries()) {
      if (at < version) continue;
      // deno-lint-ignore no-await-in-loop -- each step builds on the one before
      await transaction.unsafe(step);
      // deno-lint-ignore no-await-in-loop -- likewise
      await transaction`INSERT INTO latchkey_schema (version) VALUES (${at + 1})`;
    }
  });
}
