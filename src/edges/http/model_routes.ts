// The routes of the model gateway: which requests exist, who may make them, and how they meet the
// gateway. Every other path of a model server is no route here and so 404.

import { type Context, Hono } from "hono";
import type { ErrorStyle } from "../../features/models/client_errors.ts";
import { type Endpoint, ENDPOINTS } from "../../features/models/endpoints.ts";
import type { KeyHolds } from "../../features/access/key_holds.ts";
import type { AuthenticateModelKey } from "../../features/models/model_key.ts";
import type { ModelGateway } from "../../features/models/proxy.ts";
import { tooLargeBody } from "../../features/models/request_body.ts";
import { enforceModels } from "./enforce.ts";
import { httpError } from "./error_response.ts";
import type { PolicyFacts } from "./policy.ts";
import type { RequestEnv } from "./request_env.ts";

/** The model gateway as the routes need it. */
export interface ModelService {
  /** Answers requests. */
  readonly gateway: Pick<ModelGateway, "handle" | "isServerThere">;
  /** Judges keys. */
  readonly authenticate: AuthenticateModelKey;
  /** The longest body of a request, in bytes. */
  readonly maxBodyBytes: number;
  /** How errors are written. */
  readonly errorStyle: ErrorStyle;
}

/** Options of {@linkcode modelRoutes}. */
export interface ModelRoutesOptions extends ModelService {
  /** What the policy asks of the device, at this moment. */
  facts: () => PolicyFacts;
  /** What keys hold open. */
  holds: Pick<KeyHolds, "hold">;
}

/** The routes of all endpoints. */
export function modelRoutes(options: ModelRoutesOptions): Hono<RequestEnv> {
  const { gateway, holds, maxBodyBytes } = options;
  const routes = new Hono<RequestEnv>();
  for (const endpoint of ENDPOINTS) {
    const { method, path, api } = endpoint;
    const enforce = enforceModels({ ...options, takesApiKeyHeader: api === "anthropic" });
    routes.on(
      method,
      [path],
      enforce,
      (c) => answer(c, { endpoint, gateway, holds, maxBodyBytes }),
    );
    routes.all(path, () => {
      throw httpError(405, `Method not allowed: expected ${method}`, { Allow: method });
    });
  }
  return routes;
}

async function answer(
  c: Context<RequestEnv>,
  { endpoint, gateway, holds, maxBodyBytes }:
    & { endpoint: Endpoint }
    & Pick<ModelRoutesOptions, "gateway" | "holds" | "maxBodyBytes">,
): Promise<Response> {
  const key = c.get("modelKey");
  if (key === undefined) throw new TypeError("A model route without its policy");
  checkHeaders(c.req.raw.headers, maxBodyBytes);
  const { guarded } = c.env.peer;
  return await gateway.handle({
    endpoint,
    key,
    model: c.req.param("model"),
    headers: endpoint.api === "anthropic" ? versionOf(c.req.raw.headers) : {},
    body: c.req.raw.body,
    signal: c.req.raw.signal,
    requestId: c.get("requestId"),
    onBodyPart: () => guarded?.bodyPart(),
    hold: (cut) => holds.hold({ keyId: key.keyId, scope: "models", cut }),
  });
}

// The version of the API that an Anthropic client speaks.
function versionOf(headers: Headers): Record<string, string> {
  const version = headers.get("anthropic-version");
  return version !== null && VERSION_TEXT.test(version) ? { "anthropic-version": version } : {};
}

const VERSION_TEXT = /^[0-9A-Za-z.-]{1,32}$/;

// What its bytes are matters, not what they are said to be: the documented examples of model
// servers send JSON as a form.
function checkHeaders(headers: Headers, maxBodyBytes: number): void {
  const encoding = headers.get("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") throw httpError(415, "Content-Encoding: expected none");
  if (Number(headers.get("Content-Length") ?? 0) > maxBodyBytes) throw tooLargeBody(maxBodyBytes);
}
