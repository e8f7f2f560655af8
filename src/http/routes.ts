// All HTTP routes of the device in one table, the first steps of every request, and the one place
// where errors become answers.

import { bodyLimit } from "hono/body-limit";
import { type Context, Hono } from "hono";
import { decodeUtf8 } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type RandomSource, randomUuid } from "../base/random.ts";
import type { PairingWindow } from "../pairing/pairing_window.ts";
import type { Caller } from "../rpc/caller.ts";
import type { Socket } from "../session/socket.ts";
import { errorResponse, httpError, toHttpError } from "./error_response.ts";
import { isLocalRequest } from "./locality.ts";
import { pairingRoutes } from "./pairing_routes.ts";
import type { Peer, RequestEnv } from "./request_env.ts";
import { acceptWebSocket, type SocketReceiver } from "./web_socket.ts";

/** The paths of the API, for WebSocket and POST alike. */
export const API_PATHS: readonly string[] = ["/api", "/api/", "/api/v0", "/api/v0.1"];

/** The longest body of a POST to the API, in bytes. */
export const MAX_POST_BYTES: number = 1024 * 1024;

/** What the service is doing, for /health. */
export type ServiceState = "starting" | "ready" | "failed";

/** Options of {@linkcode createRoutes}. */
export interface RoutesOptions {
  /** The pairing window. */
  pairing: PairingWindow;
  /** Answers a JSON-RPC text; undefined where there is no answer. */
  handleRpc: (text: string, caller: Caller) => Promise<string | undefined>;
  /** Builds a connection over a new socket. */
  connect: (
    socket: Socket,
    peer: { address: string; isLocal: boolean; connectionId: string },
  ) => SocketReceiver;
  /** What the service is doing. */
  state: () => ServiceState;
  /** Randomness for request ids. */
  random: RandomSource;
  /** The log. */
  log: Logger;
}

/** The handler for all requests of one device. */
export function createRoutes(options: RoutesOptions): Hono<RequestEnv> {
  const { random, log, state } = options;
  const routes = new Hono<RequestEnv>();

  routes.use(async (c, next) => {
    c.set("requestId", randomUuid(random));
    c.set("isLocal", isLocalRequest(c.env.peer, c.req.raw.headers));
    await next();
    if (c.res.status !== 101) c.res.headers.set("X-Request-ID", c.get("requestId"));
    log.debug("Request answered", { ...logFields(c), status: c.res.status });
  });
  routes.onError((thrown, c) => {
    const { status, error } = toHttpError(thrown);
    if (error.code === "internal") {
      log.error("Request failed", { ...logFields(c), error: thrown });
    } else {
      log.debug("Request refused", { ...logFields(c), status, code: error.code });
    }
    return errorResponse(thrown, c.get("requestId"));
  });
  routes.notFound((c) =>
    errorResponse(new AppError("not_found", "No such route"), c.get("requestId"))
  );

  for (const path of ["/health", "/healthz"]) {
    routes.get(path, (c) => c.json({ status: "ok", state: state() }));
    allowOnly(routes, path, "GET");
  }
  routes.route("/api/pair", pairingRoutes({ pairing: options.pairing }));
  allowOnly(routes, "/api/pair/start", "POST");
  allowOnly(routes, "/api/pair/finish", "POST");
  for (const path of API_PATHS) {
    routes.get(path, (c) => acceptSocket(c, options));
    routes.post(path, requireLocal, limitPost(), (c) => answerPost(c, options));
    allowOnly(routes, path, "GET, POST");
  }
  return routes;
}

/** The handler as the listeners call it. */
export type RequestHandler = (request: Request, peer: Peer) => Response | Promise<Response>;

function acceptSocket(c: Context<RequestEnv>, options: RoutesOptions): Response {
  const { address } = c.env.peer;
  const isLocal = c.get("isLocal");
  const connectionId = c.get("requestId");
  return acceptWebSocket(c.req.raw, {
    onOpen: (socket) => options.connect(socket, { address, isLocal, connectionId }),
  });
}

async function answerPost(c: Context<RequestEnv>, options: RoutesOptions): Promise<Response> {
  const mediaType = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    throw httpError(415, "Content-Type: expected application/json");
  }
  // A body that is not UTF-8 is no JSON, like the empty text.
  const text = decodeUtf8(new Uint8Array(await c.req.arrayBuffer())) ?? "";
  const answer = await options.handleRpc(text, {
    isLocal: c.get("isLocal"),
    address: c.env.peer.address,
    clientId: undefined,
    requestId: c.get("requestId"),
  });
  if (answer === undefined) return c.body(null, 204);
  return c.body(answer, 200, { "Content-Type": "application/json" });
}

function limitPost(): ReturnType<typeof bodyLimit> {
  return bodyLimit({
    maxSize: MAX_POST_BYTES,
    onError: () => {
      throw new AppError("too_large", `body: expected at most ${MAX_POST_BYTES} bytes`);
    },
  });
}

async function requireLocal(c: Context<RequestEnv>, next: () => Promise<void>): Promise<void> {
  if (!c.get("isLocal")) throw new AppError("forbidden", "Only open on the device itself");
  await next();
}

function allowOnly(routes: Hono<RequestEnv>, path: string, methods: string): void {
  routes.all(path, () => {
    throw httpError(405, `Method not allowed: expected ${methods}`);
  });
}

function logFields(c: Context<RequestEnv>): Record<string, string> {
  return { requestId: c.get("requestId"), address: c.env.peer.address, method: c.req.method };
}
