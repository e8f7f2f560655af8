// An answer that is one JSON document. A short one is read whole before a byte goes out, so that a
// failure still has its status; a long one, such as many embeddings, is passed on from there as it
// comes, and breaks off where the server does.

import { type Bytes, concatBytes } from "../../base/bytes.ts";
import { type AppError, asError } from "../../base/app_error.ts";
import { asJsonObject, type JsonObject } from "../../base/json.ts";
import type { Logger } from "../../base/log.ts";
import type { ProxiedRequest } from "./proxied_request.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import { JsonScanner } from "./json_scanner.ts";
import { countOf } from "./stream_frames.ts";
import { MAX_LOGGED_CHARACTERS } from "./stream_filter.ts";
import { type AnswerSource, failedUpstream } from "./upstream.ts";

/** How much of a document is read before it is passed on, in bytes. */
export const DOCUMENT_HOLD_BYTES: number = 256 * 1024;

/** The longest document that is read whole because it is changed, in bytes. */
export const MAX_WHOLE_DOCUMENT_BYTES: number = 8 * 1024 * 1024;

// Where servers tell the tokens.
const PROMPT_MEMBERS = ["prompt_eval_count", "usage.prompt_tokens", "usage.input_tokens"];
const OUTPUT_MEMBERS = ["eval_count", "usage.completion_tokens", "usage.output_tokens"];

/** Options of {@linkcode openDocument}. */
export interface DocumentOptions {
  /** The document as it comes. */
  source: AnswerSource;
  /** The request; ended with the document. */
  exchange: ProxiedRequest;
  /** Hears what went wrong; has the request's id already. */
  log: Logger;
}

/** The document for the client: whole where it is short. Throws AppError upstream_failed. */
export async function openDocument(
  options: DocumentOptions,
): Promise<Bytes | ReadableStream<Bytes>> {
  const { exchange } = options;
  const document = new ScannedDocument(options);
  const parts: Bytes[] = [];
  let bytes = 0;
  while (bytes <= DOCUMENT_HOLD_BYTES) {
    const part = await document.read();
    if (part === undefined) {
      exchange.handOn(bytes);
      exchange.end({ isWhole: true });
      return concatBytes(...parts);
    }
    bytes += part.length;
    parts.push(part);
  }
  exchange.handOn(0);
  return passOn(document, { parts, exchange });
}

/** Reads a document that is to be changed. Throws AppError upstream_failed, unavailable. */
export async function readDocument(
  options: DocumentOptions & { held: MemoryBudget },
): Promise<JsonObject> {
  const { exchange, held } = options;
  const document = new ScannedDocument(options);
  const parts: Bytes[] = [];
  let bytes = 0;
  for (;;) {
    const part = await document.read();
    if (part === undefined) break;
    const { length } = part;
    bytes += length;
    if (bytes > MAX_WHOLE_DOCUMENT_BYTES) throw document.fail("too long");
    held.take(length);
    exchange.atEnd(() => held.giveBack(length));
    parts.push(part);
  }
  const object = asJsonObject(JSON.parse(new TextDecoder().decode(concatBytes(...parts))));
  if (object === undefined) throw document.fail("no object");
  return object;
}

function passOn(
  document: ScannedDocument,
  { parts, exchange }: { parts: Bytes[]; exchange: ProxiedRequest },
): ReadableStream<Bytes> {
  let isPulling = false;
  return new ReadableStream<Bytes>({
    start: (controller) => {
      const onAbort = (): void => {
        if (isPulling || exchange.hasEnded) return;
        controller.error(exchange.failure);
        exchange.end();
      };
      exchange.signal.addEventListener("abort", onAbort, { once: true });
      exchange.atEnd(() => exchange.signal.removeEventListener("abort", onAbort));
      exchange.waitFor("reader");
    },
    pull: async (controller) => {
      isPulling = true;
      try {
        const part = parts.shift() ?? await document.read();
        if (exchange.hasEnded) return;
        if (part !== undefined) {
          controller.enqueue(part);
          exchange.handOn(part.length);
          return exchange.waitFor("reader");
        }
        controller.close();
        exchange.end({ isWhole: true });
      } catch (error) {
        // There is no room for an error in a document that has begun: it must not look whole.
        controller.error(error);
        exchange.end();
      } finally {
        isPulling = false;
      }
    },
    cancel: () => {
      exchange.leave();
      exchange.end();
    },
  }, { highWaterMark: 0 });
}

// A document whose parts are checked before they are handed on.
class ScannedDocument {
  readonly #options: DocumentOptions;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  readonly #scanner = new JsonScanner(["error", ...PROMPT_MEMBERS, ...OUTPUT_MEMBERS]);

  constructor(options: DocumentOptions) {
    this.#options = options;
  }

  /** The next part; undefined at the end. Throws AppError. */
  async read(): Promise<Bytes | undefined> {
    const { source, exchange, log } = this.#options;
    exchange.waitFor("server");
    let part: Bytes | undefined;
    try {
      part = await source.read();
    } catch (error) {
      if (exchange.failure === undefined) {
        log.warn("The answer ended early", { error: asError(error) });
      }
      throw exchange.fail(failedUpstream());
    }
    if (part === undefined) this.#checkEnd();
    else this.#check(part);
    return part;
  }

  fail(reason: string, text = ""): AppError {
    this.#options.log.warn("The answer cannot be passed on", { reason, text });
    return this.#options.exchange.fail(failedUpstream());
  }

  #check(part: Bytes): void {
    let text = "";
    try {
      text = this.#utf8.decode(part, { stream: true });
      this.#scanner.push(part);
    } catch {
      throw this.fail("not_json", text.slice(0, MAX_LOGGED_CHARACTERS));
    }
    const error = this.#scanner.picked("error");
    if (error !== undefined && error.value !== null) {
      throw this.fail("error", text.slice(0, MAX_LOGGED_CHARACTERS));
    }
    this.#options.exchange.tokens = {
      prompt: this.#count(PROMPT_MEMBERS),
      output: this.#count(OUTPUT_MEMBERS) ?? 0,
    };
  }

  #checkEnd(): void {
    if (!this.#scanner.isComplete) throw this.fail("ended_early");
  }

  // One server's answer has one of them; undefined where it has none.
  #count(members: readonly string[]): number | undefined {
    const [told] = members.flatMap((path) => this.#scanner.picked(path) ?? []);
    return told && countOf(told.value);
  }
}
