// Looks at a streamed answer frame by frame, NDJSON lines or server-sent events, before it is passed
// on: only whole frames that are JSON objects and no errors go out, so that nothing that the server
// says of itself reaches a client and an error of ours always begins where a frame does.

import { type Bytes, concatBytes, decodeUtf8, utf8 } from "../../base/bytes.ts";
import { type JsonObject, parseJsonObject } from "../../base/json.ts";
import type { TokenCounts } from "./proxied_request.ts";
import { readFrame, type StreamFormat } from "./stream_frames.ts";

/** The longest frame of a stream, in bytes; the last one of a long context is the longest. */
export const MAX_STREAM_FRAME_BYTES: number = 2 * 1024 * 1024;

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

/** Options of {@linkcode StreamFilter}. */
export interface StreamFilterOptions {
  /** How the stream is written. */
  format: StreamFormat;
  /** Whether what tells the tokens is kept from the client, who did not ask for it. */
  hidesUsage: boolean;
}

type Verdict = "pass" | "drop" | { readonly instead: Bytes } | StreamFault;

const LINE_FEED = 0x0a;

/** The judge of one stream. */
export class StreamFilter {
  readonly #options: StreamFilterOptions;
  // What came of the unfinished frame in earlier pieces, and where its unfinished line begins there.
  #held: Bytes[] = [];
  #heldBytes = 0;
  #lineAt = 0;
  #frame: string[] = [];
  #name: string | undefined;
  #hasComment = false;
  #isFinal = false;
  #prompt: number | undefined;
  #output: number | undefined;
  #parts = 0;

  /** Has seen nothing yet. */
  constructor(options: StreamFilterOptions) {
    this.#options = options;
  }

  /** Whether the frame came that ends an answer. */
  get isFinal(): boolean {
    return this.#isFinal;
  }

  /** The tokens as the server told them; where it did not, a frame counts as a token. */
  get tokens(): TokenCounts {
    return { prompt: this.#prompt, output: this.#output ?? this.#parts };
  }

  /** Takes the next piece. */
  push(piece: Bytes): Judged {
    // Joined only where a line ends: a long line comes in many pieces.
    const firstEnd = piece.indexOf(LINE_FEED);
    if (firstEnd === -1) return this.#hold(piece, []);
    const bytes = this.#heldBytes === 0 ? piece : concatBytes(...this.#held, piece);
    // All lines are decoded together; where that fails, one by one up to the line that is at fault.
    const lines = decodeUtf8(bytes.subarray(this.#lineAt, bytes.lastIndexOf(LINE_FEED)));
    const passed: Bytes[] = [];
    let lineFrom = this.#lineAt;
    let textFrom = 0;
    let frameFrom = 0;
    let passFrom = 0;
    let lineEnd = this.#heldBytes + firstEnd;
    for (; lineEnd !== -1; lineEnd = bytes.indexOf(LINE_FEED, lineFrom)) {
      const textEnd = lines?.indexOf("\n", textFrom) ?? -1;
      const line = lines === undefined
        ? decodeUtf8(bytes.subarray(lineFrom, lineEnd))
        : lines.slice(textFrom, textEnd === -1 ? undefined : textEnd);
      const verdict = this.#judgeLine(line);
      lineFrom = lineEnd + 1;
      textFrom = textEnd + 1;
      if (verdict === undefined) continue;
      if (verdict !== "pass") {
        if (frameFrom > passFrom) passed.push(bytes.subarray(passFrom, frameFrom));
        if (typeof verdict === "object") {
          if ("reason" in verdict) return { passed, fault: verdict };
          passed.push(verdict.instead);
        }
        passFrom = lineFrom;
      }
      frameFrom = lineFrom;
    }
    if (frameFrom > passFrom) passed.push(bytes.subarray(passFrom, frameFrom));
    this.#held = [];
    this.#heldBytes = 0;
    this.#lineAt = lineFrom - frameFrom;
    // A copy: the piece may be long and what is kept of it short.
    return frameFrom === bytes.length ? { passed } : this.#hold(bytes.slice(frameFrom), passed);
  }

  /** The stream has ended. */
  finish(): Judged {
    const rest = concatBytes(...this.#held);
    this.#held = [];
    if (rest.length > 0 && this.#options.format === "ndjson") {
      const verdict = this.#judgeLine(decodeUtf8(rest));
      if (typeof verdict === "object" && "reason" in verdict) return { passed: [], fault: verdict };
      if (this.#isFinal) return { passed: [concatBytes(rest, utf8("\n"))] };
    }
    if (this.#isFinal) return { passed: [] };
    return { passed: [], fault: { reason: "ended_early", text: beginningOf(rest) } };
  }

  #hold(bytes: Bytes, passed: readonly Bytes[]): Judged {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes > MAX_STREAM_FRAME_BYTES
      ? { passed, fault: { reason: "too_long", text: beginningOf(concatBytes(...this.#held)) } }
      : { passed };
  }

  // The verdict on the frame that the line ends; undefined where it goes on.
  #judgeLine(text: string | undefined): Verdict | undefined {
    if (text === undefined) return { reason: "not_json", text: "(not UTF-8)" };
    const line = text.endsWith("\r") ? text.slice(0, -1) : text;
    return this.#options.format === "ndjson" ? this.#judgeNdjson(line) : this.#judgeSse(line);
  }

  #judgeNdjson(line: string): Verdict {
    if (line === "") return "drop";
    const frame = parseJsonObject(line);
    return frame === undefined ? fault("not_json", line) : this.#judgeFrame(frame, line);
  }

  // Comments are the server's own text; a server that has more to say than data is none we know.
  #judgeSse(line: string): Verdict | undefined {
    if (line.startsWith(":")) {
      this.#hasComment = true;
      return undefined;
    }
    if (line !== "") {
      const [, field, value = ""] = /^(data|event): ?(.*)$/s.exec(line) ?? [];
      if (field === "data") this.#frame.push(value);
      else if (field === "event" && this.#hasNames()) this.#name = value;
      else return fault("not_json", line);
      return undefined;
    }
    const data = this.#frame.join("\n");
    const name = this.#name;
    const hasComment = this.#hasComment;
    this.#frame = [];
    this.#name = undefined;
    this.#hasComment = false;
    if (data === "") return "drop";
    return hasComment ? fault("not_json", data) : this.#judgeEvent(data, name);
  }

  #hasNames(): boolean {
    const { format } = this.#options;
    return format === "responses" || format === "messages";
  }

  #judgeEvent(data: string, name: string | undefined): Verdict {
    if (data === "[DONE]" && name === undefined) {
      this.#isFinal = true;
      return "pass";
    }
    const event = parseJsonObject(data);
    // A name says nothing that the data does not.
    if (event === undefined || (name !== undefined && name !== event["type"])) {
      return fault("not_json", data);
    }
    return this.#judgeFrame(event, data);
  }

  #judgeFrame(frame: JsonObject, text: string): Verdict {
    const meaning = readFrame(frame, this.#options.format);
    if (meaning.isError) return fault("error", text);
    if (meaning.isPart) this.#parts += 1;
    if (meaning.isFinal) this.#isFinal = true;
    this.#prompt = meaning.prompt ?? this.#prompt;
    this.#output = meaning.output ?? this.#output;
    if (!this.#options.hidesUsage || !isThere(frame["usage"])) return "pass";
    return meaning.isUsageAlone ? "drop" : { instead: withoutUsage(frame) };
  }
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function withoutUsage({ usage: _, ...frame }: JsonObject): Bytes {
  return utf8(`data: ${JSON.stringify(frame)}\n\n`);
}

function fault(reason: StreamFault["reason"], text: string): StreamFault {
  return { reason, text: text.slice(0, MAX_LOGGED_CHARACTERS) };
}

function beginningOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MAX_LOGGED_CHARACTERS));
}
