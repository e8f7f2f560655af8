// The limits of keys, counted in Redis for all gateways together. A connection is used until it
// breaks; the next command opens another, but not within a short pause after the last one failed. So
// a server that is away costs no queue, no timer and no waiting beyond the limit of a command.

import type { Redis } from "ioredis";
import { AppError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { LimitStore } from "../../features/models/limit_store.ts";
import { STORE_RETRY_AFTER_S, within } from "./within.ts";

/** How long a command may take, its connection included, in milliseconds. */
export const REDIS_COMMAND_LIMIT_MS = 2000;

/** How long commands fail at once after a connection could not be made, at most; milliseconds. */
export const MAX_RECONNECT_PAUSE_MS = 1000;

const FIRST_RECONNECT_PAUSE_MS = 50;
const REQUESTS_EXPIRE_S = 120;
const TOKENS_EXPIRE_S = 3 * 24 * 3600;
const MESSAGE = "The limits cannot be counted";

// A script runs alone on the server: nobody counts between the look and the step.
const TAKE_REQUEST = `
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
if used >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`;

// A batch that comes again, or late after the next one, was added already. The writers' numbers live
// as long as the day's count.
const ADD_TOKENS = `
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[3]) or '0')
if tonumber(ARGV[4]) <= last then return 0 end
redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1`;

/** Options of {@linkcode openRedisLimits}. */
export interface RedisLimitsOptions {
  /** Where it is told that a connection broke. */
  log: Logger;
  /**
   * How long a command may take, in milliseconds.
   * @default REDIS_COMMAND_LIMIT_MS
   */
  timeoutMs?: number;
}

/** A LimitStore with connections. */
export interface RedisLimitStore extends LimitStore {
  /** Closes the connection; commands after that are refused. */
  close(): Promise<void>;
}

interface Connection {
  readonly client: Redis;
  /** When it can be used; rejects with the reason where it cannot. */
  readonly ready: Promise<void>;
  /** When it is closed. */
  readonly ended: Promise<void>;
  /** Whether the server itself said this. */
  readonly isReplyError: (error: unknown) => boolean;
}

/** Opens nothing yet: the first command connects. */
export function openRedisLimits(url: string, options: RedisLimitsOptions): RedisLimitStore {
  const { log, timeoutMs = REDIS_COMMAND_LIMIT_MS } = options;
  let current: Promise<Connection> | undefined;
  let isClosed = false;
  let failures = 0;
  let blockedUntilMs = 0;

  function open(): Promise<Connection> {
    if (isClosed) throw new Error("Closed");
    if (performance.now() < blockedUntilMs) {
      throw new Error("The connection could not be made a moment ago");
    }
    const opened = openConnection(url, { log, timeoutMs });
    opened.then(({ ended }) => ended).then(() => forget(opened), () => forget(opened));
    opened.then(({ ready }) => ready).then(() => failures = 0, pause);
    return opened;
  }

  async function run<Result>(command: (client: Redis) => Promise<Result>): Promise<Result> {
    let opened: Promise<Connection> | undefined;
    let isAnswer = false;
    try {
      opened = current ??= open();
      const answer = opened.then(async ({ client, ready, isReplyError }) => {
        try {
          await ready;
          return await command(client);
        } catch (error) {
          // What the server itself said leaves the connection as good as before.
          isAnswer = isReplyError(error);
          throw error;
        }
      });
      return await within(timeoutMs, answer);
    } catch (cause) {
      if (opened && !isAnswer) drop(opened);
      throw new AppError("unavailable", MESSAGE, { cause, retryAfterS: STORE_RETRY_AFTER_S });
    }
  }

  function pause(): void {
    const pauseMs = FIRST_RECONNECT_PAUSE_MS * 2 ** Math.min(failures++, 10);
    blockedUntilMs = performance.now() + Math.min(pauseMs, MAX_RECONNECT_PAUSE_MS);
  }

  function forget(opened: Promise<Connection>): void {
    if (current === opened) current = undefined;
  }

  function drop(opened: Promise<Connection>): void {
    forget(opened);
    opened.then(closeConnection, () => {});
  }

  return {
    async takeRequest({ keyId, minute, max }): Promise<boolean> {
      const key = `latchkey:requests:${keyId}:${minute}`;
      const taken = await run((client) =>
        client.eval(TAKE_REQUEST, 1, key, max, REQUESTS_EXPIRE_S)
      );
      return taken === 1;
    },
    async tokensOn({ keyId, day }): Promise<number> {
      return Number(await run((client) => client.get(tokensKey(keyId, day))) ?? 0);
    },
    async addTokens({ keyId, day, tokens, writer, number }): Promise<void> {
      const keys = [tokensKey(keyId, day), `latchkey:token-writers:${keyId}:${day}`];
      await run((client) =>
        client.eval(ADD_TOKENS, keys.length, ...keys, tokens, TOKENS_EXPIRE_S, writer, number)
      );
    },
    async close(): Promise<void> {
      isClosed = true;
      const last = await current?.catch(() => undefined);
      current = undefined;
      if (last) await closeConnection(last);
    },
  };
}

function tokensKey(keyId: string, day: string): string {
  return `latchkey:tokens:${keyId}:${day}`;
}

async function openConnection(
  url: string,
  options: { log: Logger; timeoutMs: number },
): Promise<Connection> {
  const { log, timeoutMs } = options;
  const { default: { Redis, ReplyError } } = await import("ioredis");
  let client: Redis;
  try {
    client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      disableClientInfo: true,
      protocol: 2,
    });
  } catch {
    // The error of the parser may carry the URL, and with it the password.
    throw new Error("The URL of the limits is malformed");
  }
  let reason: unknown;
  client.on("error", (error: Error) => {
    reason ??= error;
    log.debug("The connection to the limits failed", { error });
  });
  const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
  // The rejection only says that it is closed; the event before it says why.
  const ready = client.connect().catch((error: unknown) => {
    throw reason ?? error;
  });
  ready.catch(() => {});
  return { client, ready, ended, isReplyError: (error) => error instanceof ReplyError };
}

async function closeConnection({ client, ended }: Connection): Promise<void> {
  if (client.status === "end" || client.status === "close") return;
  client.disconnect();
  // A server that is gone would not answer the polite end.
  client.stream?.destroy();
  await within(REDIS_COMMAND_LIMIT_MS, ended).catch(() => {});
}
