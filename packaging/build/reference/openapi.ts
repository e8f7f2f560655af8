// docs/api/openapi.json: the HTTP routes as an OpenAPI document. What each group of routes asks of a
// request comes from the policy's table, limits and texts from where the code has them.

import { MAX_RUN_CHARACTERS } from "../../../src/features/actions/run_text.ts";
import {
  MAX_PAIR_FINISH_BYTES,
  MAX_PAIR_START_BYTES,
  TRIES_LEFT,
} from "../../../src/edges/http/pairing_routes.ts";
import { POLICY, type RouteGroup } from "../../../src/edges/http/policy.ts";
import { API_PATHS, EVENT_PATHS, MAX_POST_BYTES } from "../../../src/edges/http/routes.ts";
import { RUN_PREFIXES } from "../../../src/edges/http/run_routes.ts";
import { type Endpoint, ENDPOINTS } from "../../../src/features/models/endpoints.ts";
import { API_VERSION } from "../../../src/features/rpc/reference/openrpc.ts";
import { OPENAPI_SCHEMAS } from "./openapi_schemas.ts";

/** A part of the document. */
export type OpenApiNode = Readonly<Record<string, unknown>>;

interface Route {
  readonly group: RouteGroup;
  readonly summary: string;
  readonly description?: string;
  /** What it answers when all is well, by status. */
  readonly answers: OpenApiNode;
  /** Statuses of refusals beside those that follow from the group. */
  readonly refusals?: readonly number[];
  readonly parameters?: readonly OpenApiNode[];
  /** The schema of the body, and the most bytes that it may have where that is fixed. */
  readonly body?: { readonly schema: string; readonly maxBytes: number | undefined };
  /** Whether the key may stand in the query. */
  readonly takesQueryKey?: boolean;
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "What was sent cannot be",
  401: "A valid API key is required, or the confirm is wrong",
  403: "The address, the page or the key may not do this",
  404: "There is no such thing",
  410: "Pairing has expired",
  409: "Something stands against it at this moment",
  413: "The body is too large",
  415: "The body has another type or encoding",
  421: "The Host header names another device",
  426: "Only a WebSocket is answered here: an upgrade is wanted",
  429: "Too many requests",
  500: "A mistake of the device's",
  502: "The model server cannot be reached, or failed",
  503: "Not possible at this time",
  504: "The model server took too long",
};

/** The document. */
export function openApiDocument(): OpenApiNode {
  return {
    openapi: "3.1.0",
    info: {
      title: "Latchkey over HTTP",
      version: API_VERSION,
      description: "Pairing, calls, events and models over plain requests: docs/protocol.md §3, " +
        "§8 and §10, docs/models.md. Methods of the JSON-RPC API are in openrpc.json. A request " +
        "by any other method is answered 405 with the header Allow, and every answer carries " +
        "X-Request-ID.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "http://127.0.0.1:7497" }],
    tags: Object.keys(POLICY).map((name) => ({ name })),
    paths: paths(),
    components: {
      schemas: OPENAPI_SCHEMAS,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key" },
        queryKey: { type: "apiKey", in: "query", name: "key" },
        apiKeyHeader: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}

function paths(): OpenApiNode {
  const state = json("ServiceState", "The service answers");
  const health: Route = {
    group: "open",
    summary: "What the service is doing",
    answers: { 200: state },
  };
  const page: Route = {
    group: "open",
    summary: "The page for phones",
    answers: { 200: { description: "The page", content: { "text/html": {} } } },
  };
  return {
    ...at(["/health", "/healthz"], { get: health }),
    ...at(["/readyz"], {
      get: {
        group: "open",
        summary: "Whether the service can do its work",
        description: "With a model gateway, also whether the model server answers.",
        answers: { 200: state },
      },
    }),
    ...at(["/"], {
      get: {
        group: "open",
        summary: "Leads to the page",
        description: "With a model gateway, clients that accept no HTML are told that it runs.",
        answers: {
          200: { description: "The gateway is there", content: { "text/plain": {} } },
          302: { description: "To /app/" },
        },
      },
    }),
    ...at(["/app"], {
      get: { ...page, summary: "Leads to the page", answers: { 302: { description: "To /app/" } } },
    }),
    ...at(["/app/"], {
      get: {
        ...page,
        answers: { ...page.answers, 302: { description: "To the same page at an own address" } },
      },
    }),
    ...at(["/app/{file}"], {
      get: {
        group: "open",
        summary: "A file of the page",
        parameters: [pathParameter("file", "Its name, as the page has it")],
        answers: { 200: { description: "The file", content: { "*/*": {} } } },
        refusals: [404],
      },
    }),
    ...at(["/metrics"], {
      get: {
        group: "metrics",
        summary: "The metrics of docs/metrics.md",
        answers: { 200: { description: "The metrics", content: { "text/plain": {} } } },
      },
    }),
    ...at(["/api/pair/start"], {
      post: {
        group: "pair",
        summary: "Begins to pair",
        answers: { 200: json("PairStarted", "A session of pairing") },
        refusals: [400, 403, 410],
        body: { schema: "PairStart", maxBytes: MAX_PAIR_START_BYTES },
      },
    }),
    ...at(["/api/pair/finish"], {
      post: {
        group: "pair",
        summary: "Proves the PIN, and is paired",
        answers: { 200: json("PairFinished", "The client is paired") },
        refusals: [400, 401, 403, 404, 410],
        body: { schema: "PairFinish", maxBytes: MAX_PAIR_FINISH_BYTES },
      },
    }),
    ...at(API_PATHS, {
      get: {
        group: "websocket",
        summary: "Opens a WebSocket",
        answers: { 101: { description: "The connection is a WebSocket" } },
        refusals: [426],
        takesQueryKey: true,
      },
      post: {
        group: "post",
        summary: "Calls a method of the JSON-RPC API",
        description: "Whatever JSON-RPC has to say about the call has status 200.",
        answers: {
          200: json("RpcAnswer", "The answer, or an error of JSON-RPC"),
          204: { description: "No answer: it was a notification or an answer" },
        },
        refusals: [413, 415],
        body: { schema: "RpcRequest", maxBytes: MAX_POST_BYTES },
      },
    }),
    ...at(EVENT_PATHS, {
      get: {
        group: "events",
        summary: "Streams notifications",
        description: "Each event has a notification of docs/api/notifications.md as its data.",
        answers: { 200: { description: "The stream", content: { "text/event-stream": {} } } },
        takesQueryKey: true,
      },
    }),
    ...at(RUN_PREFIXES.map((prefix) => `${prefix}{text}`), {
      get: {
        group: "run",
        summary: "Runs a text",
        description: "The text is the rest of the path, slashes included.",
        parameters: [runParameter()],
        answers: { 200: json("Accepted", "The program was started") },
        refusals: [400, 404, 409],
      },
    }),
    ...Object.fromEntries(
      ENDPOINTS.map((endpoint) => [
        endpoint.path.replace(/:(\w+)/, "{$1}"),
        { [endpoint.method.toLowerCase()]: operation(modelRoute(endpoint)) },
      ]),
    ),
  };
}

function at(paths: readonly string[], routes: Readonly<Record<string, Route>>): OpenApiNode {
  return Object.fromEntries(paths.map((path) => [
    path,
    Object.fromEntries(
      Object.entries(routes).map(([method, route]) => [method, operation(route)]),
    ),
  ]));
}

const MODEL_SUMMARIES: Readonly<Record<Endpoint["kind"], string>> = {
  work: "Has a model work",
  show: "Describes a model",
  list: "Lists the models that the key may use",
  entry: "Tells of one model",
  version: "The version of the model server",
};

function modelRoute({ method, kind, api, path }: Endpoint): Route {
  const refusals = [400, 404, 502, 504, ...(method === "POST" ? [413, 415] : [])];
  return {
    group: "models",
    summary: MODEL_SUMMARIES[kind],
    description: `As clients of ${api} ask; docs/models.md has what is passed on.`,
    answers: {
      200: {
        description: "The answer of the model server",
        content: {
          "application/json": {},
          ...(kind === "work" ? { "application/x-ndjson": {}, "text/event-stream": {} } : {}),
        },
      },
    },
    refusals,
    ...(path.includes(":model")
      ? { parameters: [pathParameter("model", "The name of the model")] }
      : {}),
    ...(method === "POST" ? { body: { schema: "ModelRequest", maxBytes: undefined } } : {}),
  };
}

function operation(route: Route): OpenApiNode {
  const { group, summary, description, answers, parameters, body } = route;
  const security = securityOf(route);
  return {
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(security === undefined ? {} : { security }),
    ...(body === undefined ? {} : {
      requestBody: {
        required: true,
        ...(body.maxBytes === undefined ? {} : { description: `At most ${body.maxBytes} bytes` }),
        content: { "application/json": { schema: reference(body.schema) } },
      },
    }),
    responses: {
      ...answers,
      ...Object.fromEntries(
        statusesOf(route).map((status) => [status, refusal(status, group)]),
      ),
    },
  };
}

// What may be answered beside success, by what the policy asks.
function statusesOf({ group, refusals = [] }: Route): number[] {
  const { limits, remoteKey } = POLICY[group];
  return [
    ...new Set([
      ...refusals,
      403,
      421,
      500,
      503,
      ...(remoteKey === "never" ? [] : [401]),
      ...(limits.length > 0 || group === "models" ? [429] : []),
    ]),
  ].sort((a, b) => a - b);
}

function securityOf({ group, takesQueryKey = false }: Route): OpenApiNode[] | undefined {
  const { remoteKey, localKey } = POLICY[group];
  if (remoteKey === "never") return undefined;
  return [
    ...(localKey === "always" ? [] : [{}]),
    { bearer: [] },
    ...(takesQueryKey ? [{ queryKey: [] }] : []),
    ...(group === "models" ? [{ apiKeyHeader: [] }] : []),
  ];
}

const TRIES_LEFT_HEADER: OpenApiNode = {
  description: "How many tries the sender has left",
  schema: { type: "integer" },
};

function refusal(status: number, group: RouteGroup): OpenApiNode {
  const schema = group === "pair" ? "PairingError" : group === "models" ? "ModelError" : "Error";
  return {
    ...json(schema, REFUSALS[status] ?? "Refused"),
    ...(status === 429 || status === 503
      ? { headers: { "Retry-After": { description: "Seconds", schema: { type: "integer" } } } }
      : {}),
    ...(status === 401 && group === "pair" ? { headers: { [TRIES_LEFT]: TRIES_LEFT_HEADER } } : {}),
  };
}

function json(schema: string, description: string): OpenApiNode {
  return { description, content: { "application/json": { schema: reference(schema) } } };
}

function reference(schema: string): OpenApiNode {
  return { $ref: `#/components/schemas/${schema}` };
}

// One line, and no control character in it.
function runParameter(): OpenApiNode {
  const parameter = pathParameter("text", "The text, percent-encoded");
  const pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$";
  return {
    ...parameter,
    schema: { type: "string", minLength: 1, maxLength: MAX_RUN_CHARACTERS, pattern },
  };
}

function pathParameter(name: string, description: string): OpenApiNode {
  return {
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string", minLength: 1 },
  };
}
