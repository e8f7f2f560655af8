// A pool of connections to the PostgreSQL server that several gateways share (docs/models.md). The
// server may be away at any time, the start included: nothing is opened before the first query, and
// every query ends within a limit. A pool that failed is put away whole and the next query opens
// another, because the driver cannot always go on with a connection that broke while it wrote.
// For the same reason nothing here uses the driver's transactions: each change is one statement.

import type { Socket } from "node:net";
import type { Sql } from "postgres";
import { AppError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { migratePostgres } from "./postgres_schema.ts";
import { STORE_RETRY_AFTER_S, within } from "./within.ts";

/** How long a query may take, its connection and the migrations included, in milliseconds. */
export const QUERY_LIMIT_MS = 3000;

/** How many connections a gateway has at most. */
export const MAX_POOL_CONNECTIONS = 4;

const IDLE_LIMIT_S = 60;
const RECONNECT_PAUSE_S = 0.1;
const END_GRACE_MS = 1000;
const CLOSE_LIMIT_MS = 500;
const MESSAGE = "The shared store cannot be reached";

/** Options of {@linkcode openPostgres}. */
export interface PostgresOptions {
  /** Where it is told that the tables were made. */
  log: Logger;
  /**
   * How long a query may take, in milliseconds.
   * @default QUERY_LIMIT_MS
   */
  timeoutMs?: number;
}

/** The server. Everything but `end()` rejects with AppError unavailable, whatever failed. */
export interface Postgres {
  /** What queries come to, on tables that are there. */
  run<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Asks the server for an answer, without touching tables. */
  ping(): Promise<void>;
  /** Closes all connections; queries after that are refused. Takes two seconds at most. */
  end(): Promise<void>;
}

interface Pool {
  readonly sql: Sql;
  readonly sockets: Set<Socket>;
  /** What waits for it. */
  readonly running: Set<Promise<unknown>>;
  isClosed: boolean;
}

/** Opens nothing yet: the first query connects. */
export function openPostgres(url: string, options: PostgresOptions): Postgres {
  const { log, timeoutMs = QUERY_LIMIT_MS } = options;
  let current: Pool | undefined;
  let driver: Promise<Driver> | undefined;
  let migration: Promise<void> | undefined;
  let isEnded = false;
  const retired = new Set<Pool>();
  const closing = new Set<Promise<void>>();

  async function attempt<Result>(work: (pool: Pool) => Promise<Result>): Promise<Result> {
    let pool: Pool | undefined;
    let answer: Promise<Result> | undefined;
    let loaded: Driver | undefined;
    try {
      loaded = await (driver ??= loadDriver());
      if (isEnded) throw new Error("Closed");
      pool = current ??= openPool(loaded, { url, timeoutMs });
      answer = within(timeoutMs, work(pool));
      pool.running.add(answer);
      return await answer;
    } catch (error) {
      driver = undefined;
      // Tables may have gone, or the migration hangs on a connection that broke.
      migration = undefined;
      // What the server itself said leaves the connection as good as before.
      if (pool && !(loaded && error instanceof loaded.postgres.PostgresError)) retire(pool);
      throw new AppError("unavailable", MESSAGE, {
        cause: error,
        retryAfterS: STORE_RETRY_AFTER_S,
      });
    } finally {
      if (pool && answer) {
        pool.running.delete(answer);
        if (pool.running.size === 0 && retired.has(pool)) close(pool);
      }
    }
  }

  // Closed only after the other queries on it had their time.
  function retire(pool: Pool): void {
    if (current === pool) current = undefined;
    if (!pool.isClosed) retired.add(pool);
  }

  function close(pool: Pool): void {
    retired.delete(pool);
    const closed = closePool(pool).finally(() => closing.delete(closed));
    closing.add(closed);
  }

  async function migrateOnce({ sql }: Pool): Promise<void> {
    migration ??= migratePostgres(sql).then((hasChanged) => {
      if (hasChanged) log.info("Created the tables of the shared store");
    });
    await migration;
  }

  return {
    run: (work) =>
      attempt(async (pool) => {
        await migrateOnce(pool);
        return await work(pool.sql);
      }),
    ping: () =>
      attempt(async ({ sql }) => {
        await sql`SELECT 1`;
      }),
    async end(): Promise<void> {
      isEnded = true;
      if (current) {
        const rest = Promise.allSettled(current.running);
        retire(current);
        await within(END_GRACE_MS, rest).catch(() => {});
      }
      for (const pool of retired) close(pool);
      await Promise.all(closing);
    },
  };
}

interface Driver {
  readonly postgres: typeof import("postgres");
  readonly connect: typeof import("node:net").connect;
}

async function loadDriver(): Promise<Driver> {
  const [{ default: postgres }, { connect }] = await Promise.all([
    import("postgres"),
    import("node:net"),
  ]);
  return { postgres, connect };
}

function openPool(driver: Driver, options: { url: string; timeoutMs: number }): Pool {
  const { postgres, connect } = driver;
  const { url, timeoutMs } = options;
  // Some of these are missing in the driver's types.
  const open = {
    max: MAX_POOL_CONNECTIONS,
    // One query at a time on each: a slow one keeps nothing waiting while others are idle.
    max_pipeline: 0,
    connect_timeout: timeoutMs / 1000,
    idle_timeout: IDLE_LIMIT_S,
    backoff: () => RECONNECT_PAUSE_S,
    fetch_types: false,
    onnotice: () => {},
    // What nobody waits for any more must not pile up at the server, say behind a lock.
    connection: { application_name: "latchkey", statement_timeout: timeoutMs },
    socket: (target: SocketTarget): Socket => openSocket(pool, { url, target, connect }),
  };
  const pool: Pool = {
    sql: openSql(() => postgres(url, open)),
    sockets: new Set(),
    running: new Set(),
    isClosed: false,
  };
  return pool;
}

function openSql(open: () => Sql): Sql {
  try {
    return open();
  } catch {
    // The error of the parser carries the URL, and with it the password.
    throw new Error("The URL of the shared store is malformed");
  }
}

interface SocketTarget {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path: string | false;
}

// The driver neither closes a socket that still connects nor one whose peer is gone; so they are
// made, and in the end destroyed, here.
function openSocket(
  { sockets, isClosed }: Pool,
  { url, target, connect }: {
    url: string;
    target: SocketTarget;
    connect: Driver["connect"];
  },
): Socket {
  // The driver would connect again for queries that still waited when it was closed.
  if (isClosed) throw new Error("Closed");
  for (const socket of sockets) if (socket.destroyed) sockets.delete(socket);
  const at = Math.floor(Math.random() * target.port.length);
  // The driver takes an IPv6 address apart at its colons.
  const [, address6] = /^[^/]*\/\/(?:[^/@]*@)?\[([0-9a-f:.]+)\]/i.exec(url) ?? [];
  const host = address6 ?? target.host[at] ?? "localhost";
  const port = target.port[at] ?? 5432;
  const socket = target.path ? connect(target.path) : connect(port, host);
  socket.on("error", () => {});
  sockets.add(socket);
  // Where the driver looks for the name that a certificate must have.
  return Object.assign(socket, { host, port });
}

async function closePool(pool: Pool): Promise<void> {
  pool.isClosed = true;
  await within(CLOSE_LIMIT_MS, pool.sql.end({ timeout: 0 })).catch(() => {});
  await Promise.all([...pool.sockets].map((socket) => {
    if (socket.closed) return;
    return new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy();
    });
  }));
}
