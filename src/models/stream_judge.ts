// Looks at a streamed answer frame by frame, NDJSON lines or server-sent events, before it is passed
// on: only whole frames that are JSON objects and no errors go out, so that nothing that the server
// says of itself reaches a client and an error of ours always begins where a frame does.

import { type Bytes, concatBytes, decodeUtf8, utf8 } from "../base/bytes.ts";
import type { AppError } from "../base/errors.ts";
import { asJsonObject, type JsonObject, parseJsonObject } from "../base/json.ts";
import type { TokenCounts } from "./exchange.ts";

/** The longest frame of a stream, in bytes; the last one of a long context is the longest. */
export const MAX_FRAME_BYTES: number = 2 * 1024 * 1024;

/** How much of a frame that is not passed on goes into the log, in characters. */
export const MAX_LOGGED_CHARACTERS = 2048;

/** Why a stream cannot go on. */
export interface StreamFault {
  /** What is wrong, for the log. */
  readonly reason: "error" | "not_json" | "too_long" | "ended_early";
  /** The beginning of what the server said, for the log. */
  readonly text: string;
}

/** What became of a piece of a stream. */
export interface Judged {
  /** What may go out, in order. */
  readonly passed: readonly Bytes[];
  /** Why nothing more may. */
  readonly fault?: StreamFault;
}

/** Options of {@linkcode StreamJudge}. */
export interface StreamJudgeOptions {
  /** How the stream is written. */
  format: "ndjson" | "sse";
  /** Whether the event that tells the tokens is kept from the client, who did not ask for it. */
  hidesUsage: boolean;
}

type Verdict = "pass" | "drop" | StreamFault;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The judge of one stream. */
export class StreamJudge {
  readonly #options: StreamJudgeOptions;
  // What came of the unfinished frame in earlier pieces, and where its unfinished line begins there.
  #held: Bytes[] = [];
  #heldBytes = 0;
  #lineAt = 0;
  #frame: string[] = [];
  #hasComment = false;
  #isFinal = false;
  #tokens: TokenCounts | undefined;
  #frames = 0;

  /** Has seen nothing yet. */
  constructor(options: StreamJudgeOptions) {
    this.#options = options;
  }

  /** Whether the frame came that ends an answer. */
  get isFinal(): boolean {
    return this.#isFinal;
  }

  /** The tokens as the server told them; where it did not, a frame counts as a token. */
  get tokens(): TokenCounts {
    return this.#tokens ?? { prompt: undefined, output: this.#frames };
  }

  /** Takes the next piece. */
  push(piece: Bytes): Judged {
    // Joined only where a line ends: a long line comes in many pieces.
    const firstEnd = piece.indexOf(LINE_FEED);
    if (firstEnd === -1) return this.#hold(piece, []);
    const bytes = this.#heldBytes === 0 ? piece : concatBytes(...this.#held, piece);
    const passed: Bytes[] = [];
    let lineFrom = this.#lineAt;
    let frameFrom = 0;
    let passFrom = 0;
    let lineEnd = this.#heldBytes + firstEnd;
    for (; lineEnd !== -1; lineEnd = bytes.indexOf(LINE_FEED, lineFrom)) {
      const verdict = this.#judgeLine(bytes.subarray(lineFrom, lineEnd));
      lineFrom = lineEnd + 1;
      if (verdict === undefined) continue;
      if (verdict !== "pass") {
        if (frameFrom > passFrom) passed.push(bytes.subarray(passFrom, frameFrom));
        if (verdict !== "drop") return { passed, fault: verdict };
        passFrom = lineFrom;
      }
      frameFrom = lineFrom;
    }
    if (frameFrom > passFrom) passed.push(bytes.subarray(passFrom, frameFrom));
    this.#held = [];
    this.#heldBytes = 0;
    this.#lineAt = lineFrom - frameFrom;
    // A copy: the piece may be long and what is kept of it short.
    return this.#hold(bytes.slice(frameFrom), passed);
  }

  /** The stream has ended. */
  finish(): Judged {
    const rest = concatBytes(...this.#held);
    this.#held = [];
    if (rest.length > 0 && this.#options.format === "ndjson") {
      const verdict = this.#judgeLine(rest);
      if (typeof verdict === "object") return { passed: [], fault: verdict };
      if (this.#isFinal) return { passed: [concatBytes(rest, utf8("\n"))] };
    }
    if (this.#isFinal) return { passed: [] };
    return { passed: [], fault: { reason: "ended_early", text: beginningOf(rest) } };
  }

  #hold(bytes: Bytes, passed: readonly Bytes[]): Judged {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes > MAX_FRAME_BYTES
      ? { passed, fault: { reason: "too_long", text: beginningOf(concatBytes(...this.#held)) } }
      : { passed };
  }

  // The verdict on the frame that the line ends; undefined where it goes on.
  #judgeLine(bytes: Bytes): Verdict | undefined {
    const hasReturn = bytes.at(-1) === CARRIAGE_RETURN;
    const line = decodeUtf8(hasReturn ? bytes.subarray(0, -1) : bytes);
    if (line === undefined) return { reason: "not_json", text: "(not UTF-8)" };
    return this.#options.format === "ndjson" ? this.#judgeNdjson(line) : this.#judgeSse(line);
  }

  #judgeNdjson(line: string): Verdict {
    if (line === "") return "drop";
    const frame = parseJsonObject(line);
    if (frame === undefined) return fault("not_json", line);
    if (hasError(frame)) return fault("error", line);
    this.#frames += 1;
    if (frame["done"] === true) {
      this.#isFinal = true;
      this.#tokens = {
        prompt: countOf(frame["prompt_eval_count"]),
        output: countOf(frame["eval_count"]),
      };
    }
    return "pass";
  }

  // Comments are the server's own text; a server that has more to say than data is none we know.
  #judgeSse(line: string): Verdict | undefined {
    if (line.startsWith(":")) {
      this.#hasComment = true;
      return undefined;
    }
    if (line !== "") {
      if (!line.startsWith("data:")) return fault("not_json", line);
      this.#frame.push(line.slice("data:".length).replace(/^ /, ""));
      return undefined;
    }
    const data = this.#frame.join("\n");
    const hasComment = this.#hasComment;
    this.#frame = [];
    this.#hasComment = false;
    if (data === "") return "drop";
    return hasComment ? fault("not_json", data) : this.#judgeEvent(data);
  }

  #judgeEvent(data: string): Verdict {
    if (data === "[DONE]") {
      this.#isFinal = true;
      return "pass";
    }
    const event = parseJsonObject(data);
    if (event === undefined) return fault("not_json", data);
    if (hasError(event)) return fault("error", data);
    const usage = asJsonObject(event["usage"]);
    if (usage === undefined) {
      this.#frames += 1;
      return "pass";
    }
    this.#tokens = tokensOfUsage(usage);
    const { choices } = event;
    const isUsageAlone = Array.isArray(choices) && choices.length === 0;
    return this.#options.hidesUsage && isUsageAlone ? "drop" : "pass";
  }
}

/** The frame that ends a stream which broke off, in the stream's own format. */
export function errorFrame(
  error: AppError,
  options: { format: "ndjson" | "sse"; requestId: string },
): Bytes {
  const { format, requestId } = options;
  const { code, message } = error;
  // Each format as its clients read it: Ollama's take a text, OpenAI's an object.
  return format === "ndjson"
    ? utf8(`${JSON.stringify({ error: message, code, request_id: requestId })}\n`)
    : utf8(`data: ${JSON.stringify({ error: { code, message, request_id: requestId } })}\n\n`);
}

/** The tokens in the `usage` of an OpenAI-compatible answer. */
export function tokensOfUsage(usage: JsonObject): TokenCounts {
  return {
    prompt: countOf(usage["prompt_tokens"]),
    output: countOf(usage["completion_tokens"]),
  };
}

/** A number of tokens; 0 for whatever is none. */
export function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function hasError(frame: JsonObject): boolean {
  return Object.hasOwn(frame, "error") && frame["error"] !== null;
}

function fault(reason: StreamFault["reason"], text: string): StreamFault {
  return { reason, text: text.slice(0, MAX_LOGGED_CHARACTERS) };
}

function beginningOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MAX_LOGGED_CHARACTERS));
}
