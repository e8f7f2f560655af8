// The model gateway: lets a request of a known key through to the model server, if the model is one
// that the key may use, a slot is free and no limit is used up, and brings the answer back. What
// comes over HTTP, and who calls, is http/model_routes.ts.

import { type Bytes, utf8 } from "../../base/bytes.ts";
import { type Clock, every } from "../../base/clock.ts";
import { AppError, toAppError } from "../../base/app_error.ts";
import type { JsonObject } from "../../base/json.ts";
import type { LogFields, Logger } from "../../base/log.ts";
import type { Accounting } from "./accounting.ts";
import { createAllowlist, fullModelName } from "./allowlist.ts";
import { openDocument, readDocument } from "./answer_document.ts";
import { openAnswerStream } from "./answer_stream.ts";
import type { Endpoint } from "./endpoints.ts";
import { ProxiedRequest } from "./proxied_request.ts";
import { MemoryBudget } from "./memory_budget.ts";
import type { ModelKey } from "./model_key.ts";
import {
  cutDescription,
  cutEntry,
  cutVersion,
  filterModels,
  filterRunning,
  filterTags,
} from "./model_list.ts";
import { MIB_BYTES, type ModelSettings } from "./model_settings.ts";
import { Outages } from "./outage.ts";
import { RequestBody } from "./request_body.ts";
import type { RequestRecord } from "./request_record.ts";
import { ServerProbe } from "./server_probe.ts";
import { Semaphore, type SlotLimits, type SlotUser } from "./semaphore.ts";
import {
  askUpstream,
  AWAY_STATUSES,
  failedUpstream,
  type Fetch,
  type UpstreamAnswer,
  type UpstreamResponse,
} from "./upstream.ts";

/**
 * How often a body that waits for its slot tells that its client is not to blame, in milliseconds;
 * less than the guard's patience.
 */
export const BODY_KEEP_ALIVE_MS = 1_000;

/** Options of {@linkcode createModelGateway}. */
export interface ModelGatewayOptions {
  /** The settings at this moment. */
  settings: () => ModelSettings;
  /** Asks the model server. */
  fetch: Fetch;
  /** Counts and limits. */
  accounting: Accounting;
  /**
   * Hears of every request that has ended; must not throw.
   * @default nobody does
   */
  onEnded?: (record: RequestRecord) => void;
  clock: Clock;
  log: Logger;
}

/** A request of a client whose key was accepted. */
export interface ModelRequest {
  /** What it asks for. */
  readonly endpoint: Endpoint;
  /** The model that its path names, where it does. */
  readonly model?: string | undefined;
  /** Headers for the server beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose key it is. */
  readonly key: ModelKey;
  /** Its body. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Names the request. */
  readonly requestId: string;
  /** A part of its body was taken, or is not taken for reasons of the gateway's own. */
  readonly onBodyPart: () => void;
  /** Has the request cut when its key ends, until the result is called. */
  readonly hold: (cut: () => void) => () => void;
}

/** The gateway. */
export interface ModelGateway {
  /** Answers a request; throws AppError. */
  handle(request: ModelRequest): Promise<Response>;
  /** Whether the model server answers; asked anew every few seconds at most. Never rejects. */
  isServerThere(): Promise<boolean>;
  /** How many requests are under way, and how much of them is held in memory. */
  counts(): { requests: number; heldBytes: number };
  /** The slots for requests that models work on, and how many requests wait for one. */
  slots(): { taken: number; free: number; waiting: number };
  /** To be called when the settings have changed: requests that wait may have their slot now. */
  settingsChanged(): void;
  /** A key has other limits from now on. */
  keyChanged(key: Pick<ModelKey, "keyId" | "limits">): void;
  /** Ends all requests under way; to be called when the service stops. */
  close(): void;
}

const MEDIA_TYPES = {
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  json: "application/json",
} as const;

/** A gateway to one model server. */
export function createModelGateway(options: ModelGatewayOptions): ModelGateway {
  const { settings, fetch, accounting, onEnded = () => {}, clock } = options;
  let list = { allow: settings().allow, isAllowed: createAllowlist(settings().allow) };
  const limits = (): SlotLimits => ({ max: settings().maxConcurrent, queue: settings().queue });
  const held = new MemoryBudget();
  const outages = new Outages({ what: "The model server", log: options.log });
  const open = new Set<ProxiedRequest>();
  const probe = new ServerProbe({ baseUrl: () => settings().upstream, fetch, clock });
  // What no model works on never waits for what one does.
  const slots = { work: new Semaphore(limits), other: new Semaphore(limits) };

  function isAllowed(model: string, key: ModelKey): boolean {
    const { allow } = settings();
    if (allow !== list.allow) list = { allow, isAllowed: createAllowlist(allow) };
    return list.isAllowed(model, key);
  }

  async function handle(request: ModelRequest): Promise<Response> {
    const log = logFor(request, options.log);
    const exchange = new ProxiedRequest({
      clientSignal: request.signal,
      timeoutMs: settings().timeoutS * 1000,
      startedAtMs: clock.monotonicMs(),
      onEnded: (ended) => {
        const { requestId, endpoint: { path }, key: { keyId } } = request;
        onEnded({ ...ended, requestId, keyId, path });
      },
      clock,
    });
    open.add(exchange);
    exchange.atEnd(
      request.hold(() => exchange.fail(new AppError("unauthorized", "The API key has ended"))),
    );
    exchange.atEnd(() => {
      open.delete(exchange);
      if (exchange.failure !== undefined) logFailure(exchange.failure, { exchange, log });
    });
    try {
      return await letThrough({ request, exchange, log });
    } catch (thrown) {
      const error = exchange.fail(toAppError(thrown));
      exchange.end();
      throw error;
    }
  }

  async function letThrough(under: UnderWay): Promise<Response> {
    const { request: { endpoint, model, key }, exchange } = under;
    const body = endpoint.method === "GET" ? undefined : bodyOf(under);
    if (body !== undefined) {
      exchange.atEnd(() => {
        exchange.bodyBytes = body.bytes;
        body.close();
      });
      const named = await body.readModel(() => exchange.waitFor("client"));
      exchange.model = checkModel(named, key);
      keepAlive(body, under);
    }
    if (model !== undefined) exchange.model = checkModel(model, key);
    exchange.waitFor("slot");
    exchange.account(await accounting.begin(key));
    const { work, other } = slots;
    const askedMs = clock.monotonicMs();
    try {
      exchange.atEnd(
        await (endpoint.kind === "work" ? work : other).acquire(exchange.signal, slotUserOf(key)),
      );
    } finally {
      exchange.waitedMs = clock.monotonicMs() - askedMs;
    }
    return await ask(under, body);
  }

  // The model's full name.
  function checkModel(model: string, key: ModelKey): string {
    if (isAllowed(model, key)) return fullModelName(model);
    throw new AppError("model_not_allowed", "This API key may not use this model");
  }

  async function ask(under: UnderWay, body: RequestBody | undefined): Promise<Response> {
    const { request: { endpoint, model, headers = {} }, exchange, log } = under;
    let isAnswered = false;
    exchange.waitFor("server");
    const wait = (party: "client" | "server") => (): void => {
      if (!isAnswered) exchange.waitFor(party);
    };
    const onSent = (): void => {
      if (endpoint.kind === "work") exchange.promptEstimate = body?.promptEstimate ?? 0;
    };
    // A server that says nothing is away, whoever ended the wait for it.
    const isOurs = (): boolean =>
      exchange.signal.aborted && exchange.failure?.code !== "upstream_timeout";
    let answer: UpstreamAnswer;
    try {
      answer = await askUpstream({
        method: endpoint.method,
        path: endpoint.path.replace(":model", encodeURIComponent(model ?? "")),
        headers,
        baseUrl: settings().upstream,
        body: body && (takeWhole(body, onSent) ?? body.stream({
          onWaitForClient: wait("client"),
          onWaitForServer: wait("server"),
          onSent,
          onRefused: (error) => exchange.fail(error),
        })),
        signal: exchange.signal,
        fetch: (url, init) => outages.watch(() => fetch(url, init), { isOurs, faultIn }),
        log,
      });
    } catch (error) {
      // The server said no: no model has read the prompt. One that was left alone may have.
      if (!exchange.signal.aborted) exchange.promptEstimate = 0;
      throw error;
    }
    isAnswered = true;
    return await passBack(answer, { under, hidesUsage: body?.addsUsage ?? false });
  }

  async function passBack(
    { format, source }: UpstreamAnswer,
    { under, hidesUsage }: { under: UnderWay; hidesUsage: boolean },
  ): Promise<Response> {
    const { request, exchange, log } = under;
    const { endpoint: { kind, events }, requestId } = request;
    if (kind !== "work") {
      const document = format === "json"
        ? await readDocument({ source, exchange, held, log })
        : undefined;
      const rewritten = document && rewrite(document, request);
      if (rewritten === undefined) {
        log.warn("The model server's answer is not what was asked for");
        throw failedUpstream();
      }
      const bytes = utf8(JSON.stringify(rewritten));
      exchange.handOn(bytes.length);
      exchange.end({ isWhole: true });
      return respond("json", bytes);
    }
    if (format === "json") {
      return respond(format, await openDocument({ source, exchange, log }));
    }
    const frames = format === "ndjson" ? format : events;
    const { errorStyle: style } = settings();
    const stream = { source, format: frames, style, hidesUsage, exchange, requestId, log };
    return respond(format, await openAnswerStream(stream));
  }

  function rewrite(document: JsonObject, { endpoint, key }: ModelRequest): JsonObject | undefined {
    const isVisible = (name: string): boolean => isAllowed(name, key);
    switch (endpoint.path) {
      case "/api/tags":
        return filterTags(document, isVisible);
      case "/api/ps":
        return filterRunning(document, isVisible);
      case "/v1/models/:model":
        return cutEntry(document, isVisible);
      case "/v1/models":
        return filterModels(document, isVisible);
      case "/api/show":
        return cutDescription(document);
      default:
        return cutVersion(document);
    }
  }

  function bodyOf({ request, exchange }: UnderWay): RequestBody {
    return new RequestBody({
      source: request.body,
      asksForUsage: request.endpoint.asksForUsage,
      maxBytes: settings().maxBodyMib * MIB_BYTES,
      held,
      signal: exchange.signal,
      onPart: request.onBodyPart,
    });
  }

  // A client whose body is not read must not be taken for one that does not send it.
  function keepAlive(body: RequestBody, { request, exchange }: UnderWay): void {
    if (body.hasEnded) return;
    const stop = every(clock, BODY_KEEP_ALIVE_MS, () => {
      if (body.hasEnded) stop();
      else if (!body.isReading) request.onBodyPart();
    });
    exchange.atEnd(stop);
  }

  return {
    handle,
    isServerThere: () => probe.isThere(),
    counts: () => ({ requests: open.size, heldBytes: held.bytes }),
    slots: () => ({ taken: slots.work.taken, ...slots.work.counts() }),
    settingsChanged(): void {
      for (const kind of [slots.work, slots.other]) kind.limitsChanged();
    },
    keyChanged(key): void {
      for (const kind of [slots.work, slots.other]) kind.userChanged(slotUserOf(key));
    },
    close(): void {
      for (const exchange of [...open]) {
        exchange.fail(new AppError("unavailable", "The service is stopping"));
      }
    },
  };
}

function slotUserOf({ keyId, limits = {} }: Pick<ModelKey, "keyId" | "limits">): SlotUser {
  const { concurrent, weight } = limits;
  return { keyId, weight, concurrent: concurrent || undefined };
}

interface UnderWay {
  readonly request: ModelRequest;
  readonly exchange: ProxiedRequest;
  readonly log: Logger;
}

function respond(
  format: keyof typeof MEDIA_TYPES,
  body: Bytes | ReadableStream<Bytes>,
): Response {
  return new Response(body, {
    headers: { "Content-Type": MEDIA_TYPES[format], "Cache-Control": "no-store" },
  });
}

function takeWhole(body: RequestBody, onSent: () => void): Bytes | undefined {
  const whole = body.takeWhole();
  if (whole !== undefined) onSent();
  return whole;
}

function faultIn({ status }: UpstreamResponse): string | undefined {
  return AWAY_STATUSES.has(status) ? `It answers with status ${status}` : undefined;
}

// Also of answers whose status was long sent.
function logFailure(
  { code, message, retryAfterS }: AppError,
  { exchange, log }: { exchange: ProxiedRequest; log: Logger },
): void {
  // Whoever asks too often must not wear out the flash as well, and an outage is told once.
  const isTold = retryAfterS !== undefined || code === "upstream_unavailable" ||
    (code === "upstream_timeout" && !exchange.hasAnswer);
  const level = isTold ? "debug" : code.startsWith("upstream_") ? "warn" : "info";
  log[level]("Model request failed", { code, reason: message });
}

// Every line names its request.
function logFor({ requestId, endpoint, key }: ModelRequest, log: Logger): Logger {
  const own = { requestId, path: endpoint.path, keyId: key.keyId };
  const at = (level: keyof Logger) => (message: string, fields: LogFields = {}): void =>
    log[level](message, { ...own, ...fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
