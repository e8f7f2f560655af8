// Asking the model server: a request that is built anew, and what its answer means before a byte of
// it is passed on. Whatever the server says of a failure stays in the log.

import { AppError, asError, type ErrorCode } from "../../base/app_error.ts";
import { type Bytes, decodeUtf8 } from "../../base/bytes.ts";
import type { Logger } from "../../base/log.ts";
import { BUSY_RETRY_AFTER_S } from "./semaphore.ts";

/** How much of a failed answer goes into the log, in bytes. */
export const MAX_LOGGED_BYTES = 2048;

/** What a server answers that is too busy, or a proxy whose server is away; told once, not each time. */
export const AWAY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** How much of an answer is read at once, in bytes. */
export const ANSWER_BUFFER_BYTES: number = 64 * 1024;

/** What a server is asked, as the platform's fetch takes it too. */
export interface UpstreamInit {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, where there is one: whole, or as it comes. */
  readonly body?: Bytes | ReadableStream<Bytes>;
  /** A redirection is an answer like others. */
  readonly redirect: "manual";
  /** Ends the request and its answer. */
  readonly signal: AbortSignal;
}

/** The bytes of an answer, each piece as it came. */
export interface AnswerReader {
  /** The next piece. Rejects where the answer broke off. */
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  /** No more is wanted. */
  cancel(): Promise<void>;
}

/** The body of an answer; the platform's streams are such. */
export interface AnswerBody {
  /** Its one reader. */
  getReader(): AnswerReader;
}

/** The beginning of an answer, as far as it is looked at; the platform's responses are such. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AnswerBody | null;
}

/** The fetch that asks. */
export type Fetch = (url: string, init: UpstreamInit) => Promise<UpstreamResponse>;

/** How an answer is written. */
export type AnswerFormat = "ndjson" | "sse" | "json";

/** An answer that is worth reading. */
export interface UpstreamAnswer {
  /** How it is written. */
  readonly format: AnswerFormat;
  /** Its bytes. */
  readonly source: AnswerSource;
}

/**
 * The bytes of an answer. Ends with its request: the platform's own signal is lost on answers that
 * last, once their request was collected as garbage.
 */
export class AnswerSource {
  readonly #reader: AnswerReader | ReadableStreamBYOBReader;
  readonly #signal: AbortSignal;
  /** What the platform fills; lent to it while a read is under way. */
  #buffer = new ArrayBuffer(0);

  /** The bytes of a body until the signal aborts. */
  constructor(body: AnswerBody, signal: AbortSignal) {
    this.#reader = readerOf(body);
    this.#signal = signal;
    if (signal.aborted) this.cancel();
    else signal.addEventListener("abort", () => this.cancel(), { once: true });
  }

  /** The next bytes; undefined at the end. Rejects where the answer broke off or was cancelled. */
  async read(): Promise<Bytes | undefined> {
    const { done, value } = this.#reader instanceof ReadableStreamBYOBReader
      ? await this.#fill(this.#reader)
      : await this.#reader.read();
    this.#signal.throwIfAborted();
    return done ? undefined : value as Bytes;
  }

  // A default reader takes a new buffer of 64 KiB for each piece, however short that is. Short pieces
  // are copied out of one buffer; a long one keeps it, and the next read has another.
  async #fill(
    reader: ReadableStreamBYOBReader,
  ): Promise<{ done: boolean; value: Uint8Array | undefined }> {
    const isNew = this.#buffer.byteLength === 0;
    const buffer = isNew ? new ArrayBuffer(ANSWER_BUFFER_BYTES) : this.#buffer;
    this.#buffer = new ArrayBuffer(0);
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (value === undefined || done) return { done, value };
    if (value.length > ANSWER_BUFFER_BYTES / 2) return { done, value };
    const copy = value.slice();
    this.#buffer = value.buffer;
    return { done, value: copy };
  }

  /** Ends the answer at the server. */
  cancel(): void {
    // What has ended or broken off cannot be cancelled, and need not be.
    this.#reader.cancel().catch(() => {});
  }
}

// Only the platform's own bodies can be read into a buffer of ours.
function readerOf(body: AnswerBody): AnswerReader | ReadableStreamBYOBReader {
  try {
    return body instanceof ReadableStream ? body.getReader({ mode: "byob" }) : body.getReader();
  } catch {
    return body.getReader();
  }
}

/** Options of {@linkcode askUpstream}. */
export interface UpstreamRequest {
  /** The method. */
  method: "GET" | "POST";
  /** The path. */
  path: string;
  /** Headers that this API has beside the usual ones. */
  headers: Readonly<Record<string, string>>;
  /** The server's base URL, without a slash at its end. */
  baseUrl: string;
  /** The body, where there is one. */
  body: Bytes | ReadableStream<Bytes> | undefined;
  /** Ends the request. */
  signal: AbortSignal;
  fetch: Fetch;
  /** Hears what went wrong; has the request's id already. */
  log: Logger;
}

const FORMATS: Readonly<Record<string, AnswerFormat>> = {
  "application/x-ndjson": "ndjson",
  "text/event-stream": "sse",
  "application/json": "json",
};

/**
 * Asks and waits for the beginning of the answer. Throws AppError with the code that the answer's
 * status stands for, upstream_unavailable where there is none, upstream_failed for what is no
 * answer to the request.
 */
export async function askUpstream(request: UpstreamRequest): Promise<UpstreamAnswer> {
  const { log } = request;
  const response = unpacked(await send(request));
  if (response.status !== 200) {
    const text = await readBeginning(response, request.signal);
    const level = AWAY_STATUSES.has(response.status) ? "debug" : "warn";
    log[level]("The model server refused", { status: response.status, text });
    throw unsupportedFeature(response.status, text) ?? errorOfStatus(response.status);
  }
  const mediaType = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const format = FORMATS[mediaType];
  if (format === undefined || response.body === null) {
    log.warn("The model server answered in an unknown format", {
      mediaType,
      text: await readBeginning(response, request.signal),
    });
    throw failedUpstream();
  }
  return { format, source: new AnswerSource(response.body, request.signal) };
}

// Packed bodies are not asked for, and some servers send them all the same. What is packed otherwise
// is no answer in a format that we know.
function unpacked({ status, headers, body }: UpstreamResponse): UpstreamResponse {
  const encoding = headers.get("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (body === null || encoding === "identity") return { status, headers, body };
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    return { status, headers: new Headers({ "Content-Type": "packed" }), body };
  }
  const unzipped = streamOf(body).pipeThrough(new DecompressionStream("gzip"));
  return { status, headers, body: unzipped };
}

function streamOf(body: AnswerBody): ReadableStream<Bytes> {
  const reader = body.getReader();
  return new ReadableStream<Bytes>({
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done || value === undefined) controller.close();
      else controller.enqueue(value as Bytes);
    },
    cancel: () => reader.cancel(),
  }, { highWaterMark: 0 });
}

/** The error for an answer that cannot be passed on. */
export function failedUpstream(cause?: unknown): AppError {
  return new AppError("upstream_failed", "The model server failed", { cause });
}

async function send(request: UpstreamRequest): Promise<UpstreamResponse> {
  const { method, path, headers, baseUrl, body, signal, fetch, log } = request;
  try {
    return await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        Accept: "application/json, application/x-ndjson, text/event-stream",
        "Accept-Encoding": "identity",
        "User-Agent": "latchkey",
        ...headers,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    log.debug("Cannot reach the model server", { error: asError(error) });
    throw new AppError("upstream_unavailable", "The model server cannot be reached");
  }
}

const ERRORS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ["upstream_failed", "The model server failed"],
  403: ["upstream_failed", "The model server failed"],
  404: ["not_found", "The model was not found"],
  413: ["too_large", "The request is too large for the model server"],
  429: ["unavailable", "The model server is busy"],
  // What the server says when its own queue is full.
  503: ["unavailable", "The model server is busy"],
  // What a proxy before it says.
  502: ["upstream_unavailable", "The model server cannot be reached"],
  504: ["upstream_unavailable", "The model server cannot be reached"],
};

// Clients look for these words and ask again without the feature; the rest of the text is dropped.
const UNSUPPORTED = /\bdoes not support (tools|thinking|insert|images)\b/;

function unsupportedFeature(status: number, text: string): AppError | undefined {
  const [, feature] = (status === 400 ? UNSUPPORTED.exec(text) : null) ?? [];
  return feature === undefined
    ? undefined
    : new AppError("unsupported_feature", `This model does not support ${feature}`);
}

function errorOfStatus(status: number): AppError {
  const isRefusal = status >= 400 && status < 500;
  const [code, message] = ERRORS[status] ??
    (isRefusal
      ? ["bad_request", "The model server refused the request"] as const
      : ["upstream_failed", "The model server failed"] as const);
  return new AppError(
    code,
    message,
    code === "unavailable" ? { retryAfterS: BUSY_RETRY_AFTER_S } : {},
  );
}

// For the log; a failure to read it changes nothing.
async function readBeginning({ body }: UpstreamResponse, signal: AbortSignal): Promise<string> {
  if (body === null) return "";
  const source = new AnswerSource(body, signal);
  let text = "";
  try {
    while (text.length < MAX_LOGGED_BYTES) {
      const part = await source.read();
      if (part === undefined) break;
      text += decodeUtf8(part.subarray(0, MAX_LOGGED_BYTES)) ?? "(not text)";
    }
  } catch {
    text += " (broke off)";
  }
  source.cancel();
  return text.slice(0, MAX_LOGGED_BYTES);
}
