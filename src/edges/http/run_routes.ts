// Running a text over REST (docs/protocol.md §8): for NFC tags, links and home automation, which
// can do no more than open a URL.

import type { Context } from "hono";
import { AppError } from "../../base/app_error.ts";
import type { RequestEnv } from "./request_env.ts";

/** The prefixes before the text. */
export const RUN_PREFIXES: readonly string[] = ["/run/", "/r/", "/l/"];

/** Starts what a text stands for; resolves when it was accepted. */
export type RunText = (text: string, from: RunTextOrigin) => Promise<void>;

/** Where a text comes from. */
export interface RunTextOrigin {
  readonly isLocal: boolean;
  /** The id of the key that it came with, where one was asked for and accepted. */
  readonly keyId: string | undefined;
}

/**
 * The text of a run request: the path after the prefix, decoded once, without the query. not_found
 * for a path without one of the prefixes, bad_request where it does not decode.
 */
export function runTextOf(c: Context<RequestEnv>): string {
  // The raw path: a parsed URL would already have resolved "../..", which belongs to the text.
  const afterScheme = c.req.raw.url.replace(/^[a-z]+:\/\/[^/]*/, "");
  const path = afterScheme.split(/[?#]/, 1)[0] ?? "";
  // The router also takes "/run" and "/%72un/x" for these routes, which name no text.
  const prefix = RUN_PREFIXES.find((known) => path.startsWith(known));
  if (prefix === undefined) throw new AppError("not_found", "No such route");
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    throw new AppError("bad_request", "path: expected percent-encoded UTF-8");
  }
}

/** The handler behind the policy. */
export function runRoute(run: RunText): (c: Context<RequestEnv>) => Promise<Response> {
  return async (c) => {
    const text = runTextOf(c);
    if (text === "") throw new AppError("bad_request", "path: expected a text to run");
    await run(text, { isLocal: c.get("isLocal"), keyId: c.get("keyId") });
    return c.json({ status: "accepted" });
  };
}
