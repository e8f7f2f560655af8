// What web pages of allowed origins may send and read (docs/protocol.md §8): CORS, and the preflight
// of private networks.

import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { AppError } from "../../base/app_error.ts";
import { isModelPath } from "../../features/models/endpoints.ts";
import { isAllowedOrigin } from "./origins.ts";
import type { PolicyFacts } from "./policy.ts";
import type { RequestEnv } from "./request_env.ts";

/** The most headers of a client that are allowed to one page. */
export const MAX_CLIENT_HEADERS = 32;

const HEADERS = ["Accept", "Content-Type", "Authorization"];
const EXPOSED = ["X-Request-ID", "Retry-After"];
// What the clients of OpenAI, Anthropic and Ollama send from a page.
const CLIENT_HEADER =
  /^(?:x-stainless-[a-z-]{1,40}|anthropic-[a-z-]{1,40}|openai-[a-z-]{1,40}|x-api-key|user-agent|idempotency-key)$/;

/** Options of {@linkcode allowPages}. */
export interface AllowPagesOptions {
  /** What the policy asks of the device, at this moment. */
  facts: () => PolicyFacts;
  /** Whether there is a model gateway. */
  hasModels: boolean;
}

/** Answers preflights and refuses pages of foreign origins. */
export function allowPages(options: AllowPagesOptions): MiddlewareHandler<RequestEnv> {
  const { facts, hasModels } = options;
  return async (c, next) => {
    const origin = c.req.header("Origin");
    if (origin === undefined || c.req.header("Upgrade") !== undefined) return await next();
    if (!isAllowedOrigin(origin, facts())) {
      throw new AppError("forbidden", "This origin is not allowed");
    }
    if (c.req.header("Access-Control-Request-Private-Network") === "true") {
      c.header("Access-Control-Allow-Private-Network", "true");
    }
    const asked = c.req.header("Access-Control-Request-Headers") ?? "";
    const allow = cors({
      origin,
      allowMethods: ["GET", "POST", "OPTIONS"],
      allowHeaders: hasModels && isModelPath(c.req.path)
        ? [...HEADERS, ...clientHeadersIn(asked)]
        : HEADERS,
      exposeHeaders: EXPOSED,
    });
    return await allow(c, next);
  };
}

function clientHeadersIn(asked: string): string[] {
  return asked.toLowerCase().split(",").map((name) => name.trim())
    .filter((name) => CLIENT_HEADER.test(name)).slice(0, MAX_CLIENT_HEADERS);
}
