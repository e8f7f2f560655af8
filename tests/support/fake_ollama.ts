// An Ollama server as far as its clients can tell, written from its published API: the native
// routes and the OpenAI-compatible ones, streams in its own chunks, tools, errors. It answers calls
// in the test's own process or over a socket; a test sets the pace, or answers in its place.

import { CREATED_AT, descriptionOf, runningOf, tagOf } from "./fake_ollama_models.ts";
import { asJsonObject, type JsonObject } from "../../src/base/json.ts";
import {
  messageEvents,
  messageOf,
  responseEvents,
  responseOf,
  type Said,
} from "./fake_ollama_events.ts";
import { Ask, errorBody, toolCallsOf } from "./fake_ollama_request.ts";

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  /** The text of the body. */
  readonly text: string;
  /** Aborts when the other side leaves. */
  readonly signal: AbortSignal;
}

/** A streamed answer under the test's hand. */
export interface ManualStream {
  readonly response: Response;
  /** Sends a text. */
  write(text: string): void;
  /** Sends bytes. */
  writeBytes(bytes: Uint8Array): void;
  /** Ends it whole. */
  end(): void;
  /** Breaks it off. */
  fail(): void;
  /** Resolves when the other side does not want it any more. */
  readonly cancelled: Promise<void>;
}

/** What the server says token by token. */
export const WORDS: readonly string[] = ["The", " moon", " is", " far", " away", "."];

/** Tokens of every prompt, as the server counts them. */
export const PROMPT_TOKENS = 11;

const WORK_PATHS = new Set([
  ...["/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show"],
  ...["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages"],
]);
const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const DURATIONS = {
  total_duration: 5191566416,
  load_duration: 2154458,
  prompt_eval_duration: 383809000,
  eval_duration: 4799921000,
};
const encoder = new TextEncoder();

/** The server. */
export class FakeOllama {
  /** All requests that arrived whole, in order. */
  readonly seen: SeenRequest[] = [];
  /** The models that it has. */
  models: readonly string[] = ["llama3.1:8b", "nomic-embed-text:latest", "private:70b"];
  /** Those of them that neither use tools nor think nor insert. */
  plain: readonly string[] = [];
  /** Waited for before each chunk of a stream. */
  pace: (chunk: number) => Promise<void> = () => Promise.resolve();
  /** Answers in the server's place. */
  script: ((request: SeenRequest) => Response | Promise<Response>) | undefined;
  /** Answers that the other side left before their end. */
  cancelled = 0;

  /** Answers over a socket. */
  readonly handle = async (request: Request): Promise<Response> => {
    const { method, headers, signal } = request;
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    const seen = { method, path: `${pathname}${search}`, headers, text, signal };
    this.seen.push(seen);
    return await (this.script ?? ((asked) => this.#answer(asked)))(seen);
  };

  /** Answers in the same process, and goes away like a socket when the request is aborted. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { signal } = init;
    const request = new Request(url, init);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    signal?.addEventListener("abort", () => aborted.reject(signal.reason));
    if (signal?.aborted) throw signal.reason;
    const response = await Promise.race([this.handle(request), aborted.promise]);
    return response.body === null || !signal
      ? response
      : new Response(endWith(response.body, aborted.promise), response);
  };

  #answer(request: SeenRequest): Response {
    const { method, path, text } = request;
    const body = parse(text);
    const refusal = (status: number, message: string): Response =>
      Response.json(errorBody(message, { path, status }), { status });
    if (method === "POST" && body === undefined) return refusal(400, "unexpected EOF");
    const ask = new Ask(body ?? {}, path);
    switch (`${method} ${path}`) {
      case "HEAD /":
      case "GET /":
        return new Response(method === "HEAD" ? "" : "Ollama is running", {
          headers: { "Content-Type": "text/plain; charset=utf-8" },
        });
      case "GET /api/version":
        return Response.json({ version: "0.12.6" });
      case "GET /api/tags":
        return Response.json({ models: this.models.map(tagOf) });
      case "GET /v1/models":
        return Response.json({
          object: "list",
          data: this.models.map((id) => ({ id, object: "model", created: 1, owned_by: "library" })),
        });
      case "GET /api/ps":
        return Response.json({ models: this.models.map(runningOf) });
      case "POST /api/pull":
        return ndjson([{ status: "pulling manifest" }, { status: "success" }]);
    }
    const named = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1];
    if (method === "GET" && named !== undefined) {
      const id = decodeURIComponent(named);
      return this.models.includes(id)
        ? Response.json({ id, object: "model", created: 1, owned_by: "library" })
        : refusal(404, `model '${id}' not found`);
    }
    if (method !== "POST" || !WORK_PATHS.has(path)) {
      return new Response("404 page not found", {
        status: 404,
        headers: { "Content-Type": "text/plain" },
      });
    }
    if (!this.models.map(withTag).includes(withTag(ask.model))) {
      return refusal(404, `model '${ask.model}' not found`);
    }
    const unsupported = this.plain.includes(ask.model) ? ask.wanted() : undefined;
    if (unsupported !== undefined) {
      return refusal(
        400,
        `registry.ollama.ai/library/${ask.model} does not support ${unsupported}`,
      );
    }
    switch (path) {
      case "/api/chat":
        return this.#native(ask, (content) => ({ message: { role: "assistant", content } }));
      case "/api/generate":
        return this.#native(ask, (response) => ({ response }), { context: [259, 344] });
      case "/api/embed":
        return Response.json({
          model: ask.model,
          embeddings: [[0.010071029, -0.0017594862]],
          total_duration: 14143917,
          load_duration: 1019500,
          prompt_eval_count: PROMPT_TOKENS,
        });
      case "/api/embeddings":
        return Response.json({ embedding: [0.010071029, -0.0017594862] });
      case "/v1/responses":
        return this.#events(ask, { whole: responseOf, events: responseEvents });
      case "/v1/messages":
        return this.#events(ask, { whole: messageOf, events: messageEvents });
      case "/api/show":
        return Response.json(descriptionOf(ask.model));
      case "/v1/chat/completions":
        return this.#openAi(ask, "chat");
      case "/v1/completions":
        return this.#openAi(ask, "text");
      case "/v1/embeddings":
        return Response.json({
          object: "list",
          data: [{ object: "embedding", embedding: [0.25, -0.5], index: 0 }],
          model: ask.model,
          usage: { prompt_tokens: PROMPT_TOKENS, total_tokens: PROMPT_TOKENS },
        });
      default:
        throw new TypeError(`No answer for ${path}`);
    }
  }

  #native(
    ask: Ask,
    part: (text: string) => JsonObject,
    // What a later request may go on from.
    context: JsonObject = {},
  ): Response {
    const head = { model: ask.model, created_at: CREATED_AT };
    const last = {
      done: true,
      done_reason: "stop",
      ...context,
      ...DURATIONS,
      prompt_eval_count: PROMPT_TOKENS,
      eval_count: WORDS.length,
    };
    const tools = toolCallsOf(ask);
    if (tools !== undefined) {
      const calls = tools.map(({ name }) => ({ function: { name, arguments: { place: "Oslo" } } }));
      const message = { message: { role: "assistant", content: "", tool_calls: calls } };
      return ask.streams ?? true
        ? this.#stream("application/x-ndjson", [
          line({ ...head, ...message, done: false }),
          line({ ...head, ...part(""), ...last }),
        ])
        : Response.json({ ...head, ...message, ...last });
    }
    if (ask.streams === false) return Response.json({ ...head, ...part(WORDS.join("")), ...last });
    return this.#stream("application/x-ndjson", [
      ...WORDS.map((word) => line({ ...head, ...part(word), done: false })),
      line({ ...head, ...part(""), ...last }),
    ]);
  }

  #openAi(ask: Ask, kind: "chat" | "text"): Response {
    const usage = {
      prompt_tokens: PROMPT_TOKENS,
      completion_tokens: WORDS.length,
      total_tokens: PROMPT_TOKENS + WORDS.length,
    };
    const object = kind === "chat" ? "chat.completion" : "text_completion";
    const head = {
      id: "chatcmpl-12",
      created: 1767323045,
      model: ask.model,
      system_fingerprint: "fp_ollama",
    };
    const tools = toolCallsOf(ask)?.map(({ name }, index) => ({
      id: `call_${index}`,
      index,
      type: "function",
      function: { name, arguments: '{"place":"Oslo"}' },
    }));
    const text = (content: string, key: "delta" | "message"): JsonObject => {
      if (kind === "text") return { text: content };
      return { [key]: { role: "assistant", content, ...(tools && { tool_calls: tools }) } };
    };
    const finish = tools === undefined ? "stop" : "tool_calls";
    if (ask.streams !== true) {
      const words = tools === undefined ? WORDS.join("") : "";
      const choice = { index: 0, ...text(words, "message"), finish_reason: finish };
      return Response.json({ ...head, object, choices: [choice], usage });
    }
    const chunk = { ...head, object: kind === "chat" ? "chat.completion.chunk" : object };
    const words = tools === undefined ? WORDS : [""];
    const includesUsage = asJsonObject(ask.member("stream_options"))?.["include_usage"] === true;
    const part = (said: JsonObject, finish_reason: string | null): string =>
      event({
        ...chunk,
        choices: [{ index: 0, ...said, finish_reason }],
        // As the server does it: zeros beside every text.
        ...(includesUsage && kind === "text" ? { usage: NO_USAGE } : {}),
      });
    return this.#stream("text/event-stream", [
      ...words.map((word) => part(text(word, "delta"), null)),
      part(emptyPart(kind), finish),
      ...(includesUsage ? [event({ ...chunk, choices: [], usage })] : []),
      "data: [DONE]\n\n",
    ]);
  }

  #events(
    ask: Ask,
    { whole, events }: { whole: (said: Said) => JsonObject; events: (said: Said) => string[] },
  ): Response {
    const said = { model: ask.model, words: WORDS, promptTokens: PROMPT_TOKENS };
    return ask.streams === true
      ? this.#stream("text/event-stream", events(said))
      : Response.json(whole(said));
  }

  #stream(contentType: string, chunks: readonly string[]): Response {
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await this.pace(at);
        const chunk = chunks[at++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(encoder.encode(chunk));
      },
      cancel: () => {
        this.cancelled += 1;
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "Content-Type": contentType } });
  }
}

/** A streamed answer that says what the test lets it say. */
export function manualStream(contentType = "application/x-ndjson"): ManualStream {
  const cancelled = Promise.withResolvers<void>();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (started) => {
      controller = started;
    },
    cancel: () => cancelled.resolve(),
  });
  const headers = { "Content-Type": contentType };
  return {
    response: new Response(body, { headers }),
    write: (text) => controller?.enqueue(encoder.encode(text)),
    writeBytes: (bytes) => controller?.enqueue(bytes),
    end: () => controller?.close(),
    fail: () => controller?.error(new TypeError("connection closed: /root/.ollama at 10.0.0.9")),
    cancelled: cancelled.promise,
  };
}

/** One frame of a native stream. */
export function line(frame: JsonObject): string {
  return `${JSON.stringify(frame)}\n`;
}

/** One frame of an OpenAI-compatible stream. */
export function event(frame: JsonObject): string {
  return `data: ${JSON.stringify(frame)}\n\n`;
}

function parse(text: string): JsonObject | undefined {
  try {
    return asJsonObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function emptyPart(kind: "chat" | "text"): JsonObject {
  return kind === "text" ? { text: "" } : { delta: { role: "assistant", content: "" } };
}

function withTag(name: string): string {
  return name.includes(":") ? name : `${name}:latest`;
}

function ndjson(frames: readonly JsonObject[]): Response {
  return new Response(frames.map(line).join(""), {
    headers: { "Content-Type": "application/x-ndjson" },
  });
}

// The body until it ends or the request does.
function endWith(
  body: ReadableStream<Uint8Array>,
  aborted: Promise<never>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    start: (controller) => {
      aborted.catch((reason: unknown) => {
        controller.error(reason);
        reader.cancel().catch(() => {});
      });
    },
    pull: async (controller) => {
      try {
        const { done, value } = await Promise.race([reader.read(), aborted]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
    cancel: () => reader.cancel(),
  }, { highWaterMark: 0 });
}
