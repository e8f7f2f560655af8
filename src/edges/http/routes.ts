// All HTTP routes of the device in one table, the first steps of every request, and the one place
// where errors become answers.

import { type Context, type Handler, Hono, type MiddlewareHandler } from "hono";
import { AppError, asError } from "../../base/app_error.ts";
import type { Eventual } from "../../base/eventual.ts";
import type { Logger } from "../../base/log.ts";
import { type RandomSource, randomUuid } from "../../base/random.ts";
import type { KeyHolds } from "../../features/access/key_holds.ts";
import type { PairingWindow } from "../../features/pairing/pairing_window.ts";
import type { Caller } from "../../features/rpc/caller.ts";
import type { Socket } from "../../features/session/socket.ts";
import { limitBody, readText } from "./body.ts";
import { clientAddress } from "./client_address.ts";
import { allowPages } from "./cors.ts";
import { enforce } from "./enforce.ts";
import { errorResponse, httpError, toHttpError } from "./error_response.ts";
import { clientApiOf, isModelPath } from "../../features/models/endpoints.ts";
import type { EventStreams } from "./events.ts";
import type { PeerSocket, SocketReceiver } from "./guard/peer_socket.ts";
import { isLocalRequest } from "./locality.ts";
import { modelRoutes, type ModelService } from "./model_routes.ts";
import type { AppPage } from "./page/app_page.ts";
import { pairingRoutes } from "./pairing_routes.ts";
import { checkHost, type PolicyFacts } from "./policy.ts";
import type { Peer, RequestEnv } from "./request_env.ts";
import { RUN_PREFIXES, runRoute, type RunText, runTextOf } from "./run_routes.ts";
import { watchBody } from "./watched_body.ts";
import { acceptWebSocket, type UpgradeWebSocket } from "./web_socket.ts";

/** The paths of the API, for WebSocket and POST alike. */
export const API_PATHS: readonly string[] = ["/api", "/api/", "/api/v0", "/api/v0.1"];

/** The paths of the event stream. */
export const EVENT_PATHS: readonly string[] = [
  "/api/events",
  "/api/v0/events",
  "/api/v0.1/events",
];

/** The longest body of a POST to the API, in bytes. */
export const MAX_POST_BYTES: number = 1024 * 1024;

/** What the service is doing, for /health. */
export type ServiceState = "starting" | "ready" | "failed";

/** A new socket's peer. */
export interface SocketPeer {
  /** The address, normalised. */
  readonly address: string;
  /** Whether it is the device itself. */
  readonly isLocal: boolean;
  /** Names the connection in the log. */
  readonly connectionId: string;
  /** A message was dealt with. */
  readonly progressed: () => void;
  /** The peer has a session; false where there are too many with one already. */
  readonly promote: (clientId: string) => boolean;
  /** The id of the key that it came with, where one was asked for and accepted. */
  readonly keyId: string | undefined;
}

/** Options of {@linkcode createRoutes}. */
export interface RoutesOptions {
  pairing: PairingWindow;
  /** Hears of a failed confirm, with the address it came from; the answer waits for it. */
  onPairingFailed: (address: string) => void | Promise<void>;
  /** Answers a JSON-RPC text; undefined where there is no answer. */
  handleRpc: (text: string, caller: Caller) => Eventual<string | undefined>;
  /** Builds a connection over a new socket. */
  connect: (socket: Socket, peer: SocketPeer) => SocketReceiver;
  /** What keys hold open. */
  holds: Pick<KeyHolds, "hold">;
  /** Runs a text. */
  runText: RunText;
  /** The event streams. */
  events: EventStreams;
  /**
   * The model gateway.
   * @default its routes do not exist
   */
  models?: ModelService;
  /** The page at /app/. */
  page: AppPage;
  /**
   * Whether an address is that of a proxy which may say for whom it speaks.
   * @default none is
   */
  isTrustedProxy?: (address: string) => boolean;
  /** The metrics as text. */
  metrics: () => Promise<{ contentType: string; body: string }>;
  /** Hears the status of every answer. */
  onAnswered: (status: number) => void;
  /** What the policy asks of the device, at this moment. */
  policyFacts: () => PolicyFacts;
  /** What the service is doing. */
  state: () => ServiceState;
  /** Whether it is about to end and takes no more requests. */
  isStopping: () => boolean;
  /**
   * Takes a connection over.
   * @default {Deno.upgradeWebSocket}
   */
  upgradeWebSocket?: UpgradeWebSocket;
  /** Randomness for request ids. */
  random: RandomSource;
  log: Logger;
}

/** The handler as the listeners call it. */
export type HttpHandler = (request: Request, peer: Peer) => Response | Promise<Response>;

type RouteHandler = Handler<RequestEnv> | MiddlewareHandler<RequestEnv>;

/** The handler for all requests of one device. */
export function createRoutes(options: RoutesOptions): Hono<RequestEnv> {
  const { log, state, policyFacts: facts, models } = options;
  const routes = new Hono<RequestEnv>();

  routes.use(nameRequest(options), refuseEarly(options));
  routes.onError((thrown, c) => {
    const { status, error } = toHttpError(thrown);
    if (error.code === "internal") {
      log.error("Request failed", { ...logFields(c), error: thrown });
    } else {
      log.debug("Request refused", { ...logFields(c), status, code: error.code });
    }
    return refusal(c, thrown);
  });
  routes.notFound((c) => refusal(c, new AppError("not_found", "No such route")));
  routes.use(allowPages({ facts, hasModels: models !== undefined }));

  const open = enforce("open", { facts });
  route(["/health", "/healthz"], {
    GET: [
      open,
      (c) => c.json({ status: "ok", state: state() }),
    ],
  });
  route(["/readyz"], {
    GET: [open, async (c) => {
      if (state() !== "ready") throw new AppError("unavailable", "The service is not ready");
      if (models !== undefined && !await models.gateway.isServerThere()) {
        throw new AppError("unavailable", "The model server does not answer");
      }
      return c.json({ status: "ok", state: "ready" });
    }],
  });
  route(["/"], {
    GET: [open, (c) => {
      // Clients of an Ollama server look here whether it is there.
      const isBrowser = c.req.header("Accept")?.includes("text/html") ?? false;
      return models === undefined || isBrowser
        ? c.redirect("/app/", 302)
        : c.text("Ollama is running");
    }],
  });
  route(["/app"], { GET: [open, (c) => c.redirect("/app/", 302)] });
  route(["/app/"], { GET: [open, (c) => options.page.open(c.req.raw.headers, facts())] });
  route(["/app/:file"], {
    GET: [open, async (c) => {
      const file = await options.page.file(c.req.param("file") ?? "", c.req.raw.headers);
      if (file === undefined) throw new AppError("not_found", "No such file");
      return file;
    }],
  });
  route(["/metrics"], {
    GET: [enforce("metrics", { facts }), async (c) => {
      const { contentType, body } = await options.metrics();
      return c.body(body, 200, { "Content-Type": contentType });
    }],
  });
  routes.use("/api/pair/*", enforce("pair", { facts }));
  routes.route("/api/pair", pairingRoutes(options));
  route(["/api/pair/start", "/api/pair/finish"], { POST: [] });
  route(API_PATHS, {
    GET: [
      enforce("websocket", { facts, takesQueryKey: true }),
      (c) => acceptSocket(c, options),
    ],
    POST: [
      enforce("post", { facts }),
      limitBody(MAX_POST_BYTES, "too_large"),
      (c) => answerPost(c, options),
    ],
  });
  route(EVENT_PATHS, {
    GET: [
      refuseHead,
      enforce("events", { facts, takesQueryKey: true }),
      (c) => {
        const { guarded } = c.env.peer;
        const abort = (): void => guarded?.abort();
        const keyId = c.get("keyId");
        return options.events.open({
          isLocal: c.get("isLocal"),
          abort,
          hold: (cut) =>
            keyId === undefined ? () => {} : options.holds.hold({ keyId, scope: "events", cut }),
        });
      },
    ],
  });
  route(RUN_PREFIXES.map((prefix) => `${prefix}*`), {
    GET: [refuseHead, enforce("run", { facts, runText: runTextOf }), runRoute(options.runText)],
  });
  if (models !== undefined) {
    routes.route("/", modelRoutes({ ...models, facts, holds: options.holds }));
  }
  return routes;

  // In the form of those who ask, also where a request did not come as far as the gateway.
  function refusal(c: Context<RequestEnv>, thrown: unknown): Response {
    const { path } = c.req;
    const api = models?.errorStyle === "client" ? clientApiOf(path) : undefined;
    return errorResponse(thrown, c.get("requestId"), { path, api });
  }

  // Handlers by method; every other method is 405.
  function route(
    paths: readonly string[],
    methods: Readonly<Record<string, readonly RouteHandler[]>>,
  ): void {
    for (const path of paths) {
      for (const [method, handlers] of Object.entries(methods)) {
        if (handlers.length > 0) routes.on(method, [path], ...handlers);
      }
      routes.all(path, () => {
        throw methodNotAllowed(Object.keys(methods).join(", "));
      });
    }
  }
}

// Names the request, keeps the guard's account of it and tells of every answer, also where the steps
// after this one throw.
function nameRequest(options: RoutesOptions): MiddlewareHandler<RequestEnv> {
  const { random, log } = options;
  return async (c, next) => {
    const { peer } = c.env;
    const { guarded } = peer;
    c.set("requestId", randomUuid(random));
    const { headers } = c.req.raw;
    // Judged by the connection alone: no proxy makes anybody local.
    const { isTrustedProxy = () => false } = options;
    c.set("isLocal", isLocalRequest(peer, { headers, isTrustedProxy }));
    const address = clientAddress({ peerAddress: peer.address, headers, isTrustedProxy });
    if (address !== peer.address) c.env.peer = { ...peer, address };
    guarded?.requestSeen();
    if (c.req.raw.body === null) guarded?.progressed();
    else if (guarded !== undefined) c.req.raw = watchBody(c.req.raw, () => guarded.progressed());
    await next();
    guarded?.progressed();
    options.onAnswered(c.res.status);
    // Not by the framework, which copies a finished answer for one header.
    if (c.res.status !== 101) c.res.headers.set("X-Request-ID", c.get("requestId"));
    log.debug("Request answered", { ...logFields(c), status: c.res.status });
  };
}

function refuseEarly(options: RoutesOptions): MiddlewareHandler<RequestEnv> {
  const { isStopping, policyFacts, models } = options;
  return async (c, next) => {
    try {
      const keyForHost = models !== undefined && isModelPath(c.req.path);
      if (c.get("isLocal") && !keyForHost) checkHost(c.req.raw.headers, policyFacts());
      if (isStopping()) throw new AppError("unavailable", "The service is stopping");
      await next();
    } catch (thrown) {
      // The framework answers for Errors only.
      throw asError(thrown);
    }
  };
}

// The framework answers HEAD with what GET does, which is not asked for where GET has effects.
const refuseHead: MiddlewareHandler<RequestEnv> = async (c, next) => {
  if (c.req.method === "HEAD") throw methodNotAllowed("GET");
  await next();
};

function methodNotAllowed(allowed: string): Error {
  return httpError(405, `Method not allowed: expected ${allowed}`, { Allow: allowed });
}

function acceptSocket(c: Context<RequestEnv>, options: RoutesOptions): Response {
  const { address, guarded } = c.env.peer;
  const isLocal = c.get("isLocal");
  const connectionId = c.get("requestId");
  const response = acceptWebSocket(c.req.raw, {
    onOpen: (socket) =>
      options.connect(socket, {
        address,
        isLocal,
        connectionId,
        progressed: () => guarded?.progressed(),
        promote: (clientId) => {
          guarded?.remember();
          return guarded?.promote({ holder: `client ${clientId}` }) ?? true;
        },
        keyId: c.get("keyId"),
      }),
    ...(guarded === undefined ? {} : {
      serveSocket: (socket: PeerSocket) => guarded.serveSocket(socket),
      abort: () => guarded.abort(),
      closing: () => guarded.closing(),
    }),
    upgradeWebSocket: options.upgradeWebSocket ?? Deno.upgradeWebSocket,
    log: options.log,
  });
  // The platform knows this very response again: it must not be copied to set a header.
  response.headers.set("X-Request-ID", connectionId);
  return response;
}

async function answerPost(c: Context<RequestEnv>, options: RoutesOptions): Promise<Response> {
  const mediaType = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    throw httpError(415, "Content-Type: expected application/json");
  }
  // A body that is not UTF-8 is no JSON, like the empty text.
  const text = await readText(c) ?? "";
  const answer = await options.handleRpc(text, {
    isLocal: c.get("isLocal"),
    address: c.env.peer.address,
    clientId: undefined,
    requestId: c.get("requestId"),
  });
  if (answer === undefined) return c.body(null, 204);
  return c.body(answer, 200, { "Content-Type": "application/json" });
}

function logFields(c: Context<RequestEnv>): Record<string, string> {
  return { requestId: c.get("requestId"), address: c.env.peer.address, method: c.req.method };
}
