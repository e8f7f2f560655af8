// What tests of the stores that gateways share have in common: real servers, silent ones, and what a
// failure must look like.

import assert from "node:assert/strict";
import { allDone } from "./all_done.ts";
import { AppError } from "../../src/base/app_error.ts";
import { silentLogger } from "../../src/base/log.ts";
import { openPostgres, QUERY_LIMIT_MS } from "../../src/edges/shared_store/postgres.ts";
import type { Postgres, PostgresOptions } from "../../src/edges/shared_store/postgres.ts";
import {
  openRedisLimits,
  REDIS_COMMAND_LIMIT_MS,
} from "../../src/edges/shared_store/redis_limits.ts";
import type { RedisLimitStore } from "../../src/edges/shared_store/redis_limits.ts";
import { STORE_RETRY_AFTER_S } from "../../src/edges/shared_store/within.ts";
import { type PostgresServer, startPostgres, whyNoPostgres } from "./postgres_server.ts";
import { type RedisServer, startRedis, whyNoRedis } from "./redis_server.ts";
import { systemTest } from "./system_test.ts";

const noPostgres = await whyNoPostgres();
const noRedis = await whyNoRedis();

/** What a test with PostgreSQL has. */
export interface PostgresWorld {
  /** Its server. */
  server: PostgresServer;
  /** An empty database. */
  url: string;
  /** A gateway's connections to it. */
  open(options?: Partial<PostgresOptions>): Postgres;
}

/** Registers a test with a server of its own; what it opened is ended for it. */
export function postgresTest(name: string, run: (world: PostgresWorld) => Promise<void>): void {
  systemTest(name, {
    whyNot: noPostgres,
    run: async () => {
      const server = await startPostgres();
      const opened: Postgres[] = [];
      try {
        const url = await server.createDatabase("fleet");
        const open = (options: Partial<PostgresOptions> = {}): Postgres => {
          const postgres = openPostgres(url, { log: silentLogger, ...options });
          opened.push(postgres);
          return postgres;
        };
        await run({ server, url, open });
      } finally {
        await allDone(opened.map((postgres) => postgres.end()));
        await server.stop();
      }
    },
  });
}

/** What a test with Redis has. */
export interface RedisWorld {
  /** Its server. */
  server: RedisServer;
  /** A gateway's connection to it. */
  open(options?: { timeoutMs: number }): RedisLimitStore;
}

/** Registers a test with a server of its own; what it opened is closed for it. */
export function redisTest(name: string, run: (world: RedisWorld) => Promise<void>): void {
  systemTest(name, {
    whyNot: noRedis,
    run: async () => {
      const server = await startRedis();
      const opened: RedisLimitStore[] = [];
      try {
        const open = (options: { timeoutMs?: number } = {}): RedisLimitStore => {
          const limits = openRedisLimits(server.url, { log: silentLogger, ...options });
          opened.push(limits);
          return limits;
        };
        await run({ server, open });
      } finally {
        await allDone(opened.map((limits) => limits.close()));
        await server.stop();
      }
    },
  });
}

/** A server that takes connections and never says a word. */
export async function withSilentServer(run: (port: number) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) taken.push(connection);
  })();
  try {
    await run(listener.addr.port);
  } finally {
    listener.close();
    await accepting;
    for (const connection of taken) connection.close();
  }
}

/** Fails unless the call is refused as unavailable in time, and says nothing of the server. */
export async function assertUnavailable(
  call: () => Promise<unknown>,
  options: { limitMs: number; message: string },
): Promise<AppError> {
  const startMs = performance.now();
  const error = await call().then(() => undefined, (thrown: unknown) => thrown);
  const tookMs = performance.now() - startMs;
  assert.ok(error instanceof AppError, `Expected an AppError, got ${String(error)}`);
  assert.equal(error.code, "unavailable");
  assert.equal(error.message, options.message);
  assert.equal(error.retryAfterS, STORE_RETRY_AFTER_S);
  assert.ok(error.cause instanceof Error, "The cause is for the log");
  // Half a second for a busy machine.
  assert.ok(tookMs < options.limitMs + 500, `Took ${tookMs} ms`);
  return error;
}

/** How the store fails. */
export const storeAway = { limitMs: QUERY_LIMIT_MS, message: "The shared store cannot be reached" };

/** How the limits fail. */
export const limitsAway = {
  limitMs: REDIS_COMMAND_LIMIT_MS,
  message: "The limits cannot be counted",
};

/** Calls until it works; fails where that takes longer than ten seconds. */
export async function eventually<Result>(call: () => Promise<Result>): Promise<Result> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Carries connections to a port of this host until it is told to swallow what comes on those. */
export async function withProxy(
  port: number,
  run: (proxy: { port: number; swallow: () => void }) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const carriers: Promise<void>[] = [];
  let carried = { isSwallowing: false };
  const accepting = (async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      connections.push(near, far);
      carriers.push(carry(near, far, carried), carry(far, near, carried));
    }
  })();
  try {
    await run({
      port: listener.addr.port,
      swallow: () => {
        carried.isSwallowing = true;
        carried = { isSwallowing: false };
      },
    });
  } finally {
    listener.close();
    await accepting;
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // It closed itself when its peer did.
      }
    }
    await Promise.all(carriers);
  }
}

async function carry(
  from: Deno.Conn,
  to: Deno.Conn,
  carried: { readonly isSwallowing: boolean },
): Promise<void> {
  try {
    for await (const bytes of from.readable.values({ preventCancel: true })) {
      if (!carried.isSwallowing) await to.write(bytes);
    }
    await to.closeWrite();
  } catch {
    // One of both sides went: the other one is closed at the end.
  }
}
