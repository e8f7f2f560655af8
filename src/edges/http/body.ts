// Reading a request's body whole, within its limit.

import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { decodeUtf8 } from "../../base/bytes.ts";
import { AppError, type ErrorCode } from "../../base/app_error.ts";
import type { RequestEnv } from "./request_env.ts";

/**
 * Refuses a body over `maxBytes` with the given code, and with bad_request one of unknown length that
 * does not arrive whole.
 */
export function limitBody(maxBytes: number, code: ErrorCode): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError(code, `body: expected at most ${maxBytes} bytes`);
    },
  });
  return async (c, next) => {
    let hasPassed = false;
    try {
      // A body of unknown length is read here already.
      return await limit(c, () => {
        hasPassed = true;
        return next();
      });
    } catch (error) {
      if (hasPassed || error instanceof AppError) throw error;
      throw brokenOff(error);
    }
  };
}

/**
 * The body as text; undefined where it is not UTF-8. bad_request where the peer left before all of
 * it had come.
 */
export async function readText(c: Context<RequestEnv>): Promise<string | undefined> {
  try {
    return decodeUtf8(new Uint8Array(await c.req.arrayBuffer()));
  } catch (error) {
    throw brokenOff(error);
  }
}

function brokenOff(cause: unknown): AppError {
  return new AppError("bad_request", "The body did not arrive whole", { cause });
}
