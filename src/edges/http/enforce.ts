// The policy as a middleware: what a route asks is its group.

import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../base/app_error.ts";
import type { AuthenticateModelKey } from "../../features/models/model_key.ts";
import type { GuardedConnection } from "./guard/guarded_connection.ts";
import { checkModelPolicy, checkPolicy, type PolicyFacts, type RouteGroup } from "./policy.ts";
import type { RequestEnv } from "./request_env.ts";

/** Options of {@linkcode enforce}. */
export interface EnforceOptions {
  /** What the policy asks of the device, at this moment. */
  facts: () => PolicyFacts;
  /** The text to run, for the run routes. */
  runText?: (c: Context<RequestEnv>) => string;
  /** Whether the key may stand in the query. */
  takesQueryKey?: boolean;
}

/** Lets a request through that the group's row of the policy admits. */
export function enforce(group: RouteGroup, options: EnforceOptions): MiddlewareHandler<RequestEnv> {
  const { facts, runText, takesQueryKey = false } = options;
  return async (c, next) => {
    const { address, guarded } = c.env.peer;
    const { keyId } = checkPolicy(group, {
      isLocal: c.get("isLocal"),
      address,
      headers: c.req.raw.headers,
      ...(runText === undefined ? {} : { runText: runText(c) }),
      queryKey: takesQueryKey ? c.req.query("key") : undefined,
    }, facts());
    // Whoever passed as somebody known may send bodies of the known size.
    c.set("keyId", keyId);
    // A WebSocket is no request that is being answered: it may be evicted, whatever its key.
    const byKey = group !== "websocket";
    if (keyId !== undefined) await promoteKey(guarded, { keyId, byKey });
    else if (group === "post") guarded?.promote();
    else if (group === "pair") guarded?.pairing();
    await next();
  };
}

/** Options of {@linkcode enforceModels}. */
export interface EnforceModelsOptions {
  /** What the policy asks of the device, at this moment. */
  facts: () => PolicyFacts;
  /** Judges keys. */
  authenticate: AuthenticateModelKey;
  /** Whether the key may stand in `x-api-key`, where there is no `Authorization`. */
  takesApiKeyHeader: boolean;
}

/** Lets a request through that the row "models" admits, and sets the key that it came with. */
export function enforceModels(options: EnforceModelsOptions): MiddlewareHandler<RequestEnv> {
  const { facts, authenticate, takesApiKeyHeader } = options;
  return async (c, next) => {
    const { address, guarded } = c.env.peer;
    const key = await checkModelPolicy({
      isLocal: c.get("isLocal"),
      address,
      headers: takesApiKeyHeader ? withBearer(c.req.raw.headers) : c.req.raw.headers,
    }, { facts: facts(), authenticate });
    c.set("modelKey", key);
    await promoteKey(guarded, { keyId: key.keyId, byKey: true });
    await next();
  };
}

// A key that holds all it may waits, or is told so, before anything is opened or upgraded.
async function promoteKey(
  guarded: GuardedConnection | undefined,
  { keyId, byKey }: { keyId: string; byKey: boolean },
): Promise<void> {
  if (guarded === undefined) return;
  if (await guarded.promoteInTurn({ holder: `key ${keyId}`, byKey })) return;
  throw new AppError("unavailable", "Too many connections", { retryAfterS: 1 });
}

// Anthropic's clients send their key so.
function withBearer(headers: Headers): Headers {
  const key = headers.get("x-api-key");
  if (key === null || headers.has("Authorization")) return headers;
  const changed = new Headers(headers);
  changed.set("Authorization", `Bearer ${key}`);
  return changed;
}
