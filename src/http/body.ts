// Reading a request's body whole, within its limit.

import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { decodeUtf8 } from "../base/bytes.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { RequestEnv } from "./request_env.ts";

/** Refuses a body over `maxBytes` with the given code. */
export function limitBody(maxBytes: number, code: ErrorCode): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError(code, `body: expected at most ${maxBytes} bytes`);
    },
  });
}

/**
 * The body as text; undefined where it is not UTF-8. bad_request where the peer left before all of
 * it had come.
 */
export async function readText(c: Context<RequestEnv>): Promise<string | undefined> {
  try {
    const body = await c.req.arrayBuffer();
    c.env.peer.guarded?.progressed();
    return decodeUtf8(new Uint8Array(body));
  } catch (error) {
    // The limit announces itself this way and is answered by its own middleware.
    if (error instanceof Error && error.name === "BodyLimitError") throw error;
    throw new AppError("bad_request", "The body did not arrive whole", { cause: error });
  }
}
