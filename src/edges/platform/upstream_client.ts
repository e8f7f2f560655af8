// Asks a model server. Over plain http it does so with node:http, which hands on all that one read of
// the socket gave before anything else runs: the chunks of an answer that came together go on as one
// piece. The platform's fetch takes a turn of the event loop for each chunk, and each then goes out
// in a packet of its own. It still asks over https, where certificates are its business.

import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { asError } from "../../base/app_error.ts";
import { type Bytes, concatBytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type {
  AnswerReader,
  Fetch,
  UpstreamInit,
  UpstreamResponse,
} from "../../features/models/upstream.ts";

/** How many connections are kept for further requests. */
export const MAX_IDLE_CONNECTIONS = 64;

/** How long they are kept while nothing is asked, in milliseconds; a server may vanish meanwhile. */
export const IDLE_CONNECTION_MS = 30_000;

/** How much of an answer is collected before the socket is left unread, in bytes. */
export const MAX_COLLECTED_BYTES: number = 64 * 1024;

// From which length on parts are handed on one by one, in bytes.
const LONG_PART_BYTES = 8 * 1024;

const NOTHING = new Uint8Array(0);

/** A client of one or more servers. */
export interface UpstreamClient {
  /** Asks; rejects where there is no answer. */
  readonly fetch: Fetch;
  /** Closes the connections that are kept. */
  close(): void;
}

/** A client without a connection yet. */
export function openUpstreamClient({ clock }: { clock: Clock }): UpstreamClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS });
  let lastAskedMs = clock.monotonicMs();

  function ask(url: string, init: UpstreamInit): Promise<UpstreamResponse> {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastAskedMs >= IDLE_CONNECTION_MS) closeIdle(agent);
    lastAskedMs = nowMs;
    // Where one request failed, the others' connections may be as dead as its own.
    return askOnce(url, { ...init, agent, onFailed: () => closeIdle(agent) });
  }

  return {
    fetch: (url, init) => url.startsWith("http:") ? ask(url, init) : fetch(url, init),
    close: () => agent.destroy(),
  };
}

function closeIdle({ freeSockets }: Agent): void {
  for (const socket of Object.values(freeSockets).flatMap((sockets = []) => [...sockets])) {
    socket.destroy();
  }
}

function askOnce(
  url: string,
  init: UpstreamInit & { agent: Agent; onFailed: () => void },
): Promise<UpstreamResponse> {
  const { method, headers = {}, body, signal, agent, onFailed } = init;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent });
    const onAbort = (): void => void asked.destroy(asError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    // The platform sends a request again whose kept connection closes before an answer, for whatever
    // reason (denoland/deno#36786): a prompt would run twice, a body that comes in parts would lack
    // what had gone, and a request that was aborted would never end.
    asked.on("socket", () => asked.reusedSocket = false);
    asked.on("close", () => signal.removeEventListener("abort", onAbort));
    asked.on("error", (error) => {
      onFailed();
      reject(error);
    });
    asked.on("upgrade", (_answer, socket) => {
      socket.destroy();
      reject(new Error("Switched to another protocol, unasked"));
    });
    asked.on("response", (answer) => {
      const reader = new CollectedAnswer(answer);
      resolve({
        status: answer.statusCode ?? 0,
        headers: { get: (name) => headerOf(answer, name) },
        body: { getReader: () => reader },
      });
    });
    if (body === undefined || body instanceof Uint8Array) asked.end(body);
    else void send(body, asked);
  });
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

// Never rejects: where the body fails, the request does.
async function send(body: ReadableStream<Bytes>, asked: ClientRequest): Promise<void> {
  const reader = body.getReader();
  asked.on("close", () => void reader.cancel().catch(() => {}));
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (!asked.write(read.value)) await untilDrained(asked);
    }
    asked.end();
  } catch (error) {
    asked.destroy(asError(error));
  }
}

function untilDrained(asked: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      asked.off("drain", go).off("close", go);
      resolve();
    };
    asked.on("drain", go).on("close", go);
  });
}

type AnswerState =
  | { readonly step: "coming" }
  | { readonly step: "whole" }
  | { readonly step: "broken"; readonly error: Error };

// What has come of an answer and was not yet read.
class CollectedAnswer implements AnswerReader {
  readonly #answer: IncomingMessage;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #state: AnswerState = { step: "coming" };
  #wake: (() => void) | undefined;

  constructor(answer: IncomingMessage) {
    this.#answer = answer;
    answer.on("data", (part: Uint8Array) => this.#collect(part));
    answer.on("end", () => this.#end({ step: "whole" }));
    answer.on("error", (error) => this.#end({ step: "broken", error }));
    // The last event of all: of an answer that did not end, it is the only one.
    answer.on("close", () => this.#end({ step: "broken", error: new Error("Closed early") }));
  }

  async read(): Promise<{ done: boolean; value?: Uint8Array }> {
    while (this.#parts.length === 0 && this.#state.step === "coming") {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#parts.length > 0) return { done: false, value: this.#take() };
    if (this.#state.step === "broken") throw this.#state.error;
    return { done: true };
  }

  cancel(): Promise<void> {
    this.#parts = [];
    if (this.#state.step === "coming") this.#answer.destroy();
    return Promise.resolve();
  }

  #collect(part: Uint8Array): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes >= MAX_COLLECTED_BYTES) this.#answer.pause();
    this.#wake?.();
  }

  // Long parts go on as they are: what it costs to join them is more than what it saves.
  #take(): Uint8Array {
    const isLong = (this.#parts[0]?.length ?? 0) >= LONG_PART_BYTES;
    const parts = this.#parts.splice(0, isLong ? 1 : this.#parts.length);
    const taken = parts.length === 1 ? parts[0] ?? NOTHING : concatBytes(...parts);
    this.#bytes -= taken.length;
    if (this.#bytes < MAX_COLLECTED_BYTES && this.#answer.isPaused()) this.#answer.resume();
    return taken;
  }

  #end(state: AnswerState): void {
    if (this.#state.step === "coming") this.#state = state;
    this.#wake?.();
  }
}
