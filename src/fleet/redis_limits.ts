// The limits of keys, counted for all gateways by one Redis server. It may be away at any time; then
// whoever asks is told so at once.

import type { Redis } from "ioredis";
import { AppError, asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { LimitStore } from "../models/limit_store.ts";

/** How long a command may take, in milliseconds. */
export const COMMAND_LIMIT_MS = 2_000;

/** The longest wait before another try to connect, in milliseconds. */
export const MAX_RECONNECT_MS = 2_000;

/** How long the server may take to let a connection go, in milliseconds. */
const DISCONNECT_MS = 50;

/** How long a minute's count is kept, in seconds: past its end on every gateway's clock. */
const MINUTE_EXPIRY_S = 180;

/** How long a day's count is kept, in seconds. */
const DAY_EXPIRY_S = 3 * 24 * 3600;

// Decides and counts in one step, whichever gateway asks.
const TAKE = `
  local used = tonumber(redis.call('GET', KEYS[1]) or '0')
  if used >= tonumber(ARGV[1]) then return 0 end
  redis.call('INCR', KEYS[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return 1`;

const ADD = `
  redis.call('INCRBY', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return 1`;

/** A LimitStore on a server. */
export interface RedisLimits extends LimitStore {
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Opens the way to a server; it is connected to by itself, again and again. */
export async function openRedisLimits(url: string, log: Logger): Promise<RedisLimits> {
  const { Redis: Client } = await import("ioredis");
  const redis: Redis = new Client(url, {
    lazyConnect: true,
    // A command that waits for a server would hold up a request that waits for an answer.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_LIMIT_MS,
    connectTimeout: COMMAND_LIMIT_MS,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: (tries) => Math.min(tries * 100, MAX_RECONNECT_MS),
  });
  let isAway = false;
  const away = (error: unknown): void => {
    if (!isAway) log.error("The shared limits do not answer", { error: asError(error) });
    isAway = true;
  };
  // Without a listener the platform takes such an event for the end of the process.
  redis.on("error", away);
  redis.on("ready", () => {
    if (isAway) log.info("The shared limits answer again");
    isAway = false;
  });
  // The first connection is awaited, so that a server that is there is there for the first request.
  await redis.connect().catch(away);

  async function ask<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      away(error);
      throw new AppError("unavailable", "The use of this key cannot be counted now", {
        cause: error,
        retryAfterS: 5,
      });
    }
  }

  return {
    takeRequest: ({ keyId, minute, max }) =>
      ask(async () =>
        await redis.eval(TAKE, 1, `latchkey:requests:${keyId}:${minute}`, max, MINUTE_EXPIRY_S) ===
          1
      ),
    tokensOn: ({ keyId, day }) =>
      ask(async () => Number(await redis.get(`latchkey:tokens:${keyId}:${day}`) ?? 0)),
    addTokens: ({ keyId, day, tokens }) =>
      ask(async () => {
        await redis.eval(ADD, 1, `latchkey:tokens:${keyId}:${day}`, tokens, DAY_EXPIRY_S);
      }),
    async close(): Promise<void> {
      redis.disconnect();
      // The client's own timer runs that long, whether or not there was a connection.
      await new Promise((resolve) => setTimeout(resolve, 2 * DISCONNECT_MS));
    },
  };
}
