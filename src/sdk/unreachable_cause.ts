// Why a page cannot reach a device. Browsers tell pages only that a request or a socket failed, so
// that nobody spies out a network; what the page may know is found by asking in other ways.

import { ClientError } from "./client_error.ts";
import { untilAborted } from "./until_aborted.ts";

/** How long each question may take, in milliseconds. */
export const CAUSE_TIMEOUT_MS = 3000;

/** Options of {@linkcode nameCause}. */
export interface NameCauseOptions {
  /** The device's address for pairing or sockets. */
  url: string;
  /** The page's address; undefined where the program is no page, and so has no origin. */
  pageUrl: string | undefined;
  /** Sends requests. */
  fetch: (url: string, request: RequestInit) => Promise<Response>;
  /** Gives up. */
  signal: AbortSignal | undefined;
}

/** The address of the page that the program runs in; undefined in Node, Deno and Bun. */
export function currentPageUrl(): string | undefined {
  const href = globalThis.location?.href;
  return href !== undefined && /^https?:/.test(href) ? href : undefined;
}

/**
 * The error, or one with a better code where it is `unreachable` and the page is the cause. Throws the
 * signal's reason where that gives up.
 */
export async function nameCause(error: unknown, options: NameCauseOptions): Promise<unknown> {
  const { url, pageUrl } = options;
  if (!(error instanceof ClientError) || error.code !== "unreachable") return error;
  if (pageUrl === undefined) return error;
  const page = new URL(pageUrl);
  const health = new URL(url.replace(/^ws/, "http").replace(/\/api(\/.*)?$/, ""));
  health.pathname = `${health.pathname.replace(/\/$/, "")}/health`;
  if (page.protocol === "https:" && health.protocol === "http:" && !isLoopback(health.hostname)) {
    const message = "Browsers let no https page talk to an http address";
    return new ClientError("mixed_content", message, { cause: error });
  }
  // OPTIONS has an Origin header on every page, and is refused before anything else is looked at.
  const answer = await answerTo(health, { method: "OPTIONS" }, options);
  // A page may learn that somebody answers whom it may not hear.
  const isThere = answer !== undefined ||
    await answerTo(health, { mode: "no-cors" }, options) !== undefined;
  if (!isThere) return error;
  if (answer !== undefined && answer.status !== 403) return error;
  const message = `The device does not answer pages of ${page.origin}`;
  return new ClientError("origin_not_allowed", message, { cause: error });
}

async function answerTo(
  health: URL,
  init: RequestInit,
  { fetch: request, signal }: NameCauseOptions,
): Promise<Response | undefined> {
  const limit = AbortSignal.timeout(CAUSE_TIMEOUT_MS);
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  limit.addEventListener("abort", stop);
  const asked = { ...init, signal: ending.signal, cache: "no-store" } as const;
  try {
    return await untilAborted(() => request(health.href, asked), signal);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  } finally {
    limit.removeEventListener("abort", stop);
    // Of an answer nothing but its status counts.
    stop();
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
