// What a frame of a streamed answer says: whether it is an error or the last one, and the tokens
// that it tells. One function per format, because each API has streams of its own.

import { asJsonObject, type JsonObject } from "../../base/json.ts";

/** How the frames of a stream are written. */
export type StreamFormat =
  /** JSON lines of Ollama's own API. */
  | "ndjson"
  /** Events of the OpenAI-compatible API: chunks, then "[DONE]". */
  | "chunks"
  /** Events of OpenAI's Responses API, each with its type. */
  | "responses"
  /** Events of Anthropic's Messages API, each with its type. */
  | "messages";

/** What a frame says. */
export interface FrameMeaning {
  /** Whether it tells of a failure of the server's. */
  readonly isError: boolean;
  /** Whether it ends the answer. */
  readonly isFinal: boolean;
  /** Whether it carries a part of the answer; about a token. */
  readonly isPart: boolean;
  /** Whether it tells tokens and nothing else. */
  readonly isUsageAlone: boolean;
  /** Tokens of the prompt, where it tells them. */
  readonly prompt?: number | undefined;
  /** Tokens of the answer so far, where it tells them. */
  readonly output?: number | undefined;
}

/** Reads a frame. */
export function readFrame(frame: JsonObject, format: StreamFormat): FrameMeaning {
  switch (format) {
    case "ndjson":
      return readLine(frame);
    case "chunks":
      return readChunk(frame);
    case "responses":
      return readResponseEvent(frame);
    case "messages":
      return readMessageEvent(frame);
  }
}

const PART: FrameMeaning = { isError: false, isFinal: false, isPart: true, isUsageAlone: false };
const OTHER: FrameMeaning = { ...PART, isPart: false };
const ERROR: FrameMeaning = { ...OTHER, isError: true };
const FINAL_RESPONSES = new Set(["response.completed", "response.incomplete"]);

function readLine(frame: JsonObject): FrameMeaning {
  if (hasError(frame)) return ERROR;
  if (frame["done"] !== true) return PART;
  return {
    ...PART,
    isFinal: true,
    prompt: countOf(frame["prompt_eval_count"]),
    output: countOf(frame["eval_count"]),
  };
}

function readChunk(event: JsonObject): FrameMeaning {
  if (hasError(event)) return ERROR;
  const usage = asJsonObject(event["usage"]);
  if (usage === undefined) return PART;
  const { choices } = event;
  const prompt = countOf(usage["prompt_tokens"]);
  const output = countOf(usage["completion_tokens"]);
  if (Array.isArray(choices) && choices.length === 0) {
    return { ...OTHER, isUsageAlone: true, prompt, output };
  }
  // Some tell zeros beside every part, which says nothing of an answer that then breaks off.
  return { ...PART, prompt: prompt || undefined, output: output || undefined };
}

function readResponseEvent(event: JsonObject): FrameMeaning {
  const type = String(event["type"]);
  const response = asJsonObject(event["response"]) ?? {};
  if (type === "error" || type === "response.failed") return ERROR;
  if (hasError(event) || hasError(response)) return ERROR;
  if (!FINAL_RESPONSES.has(type)) return type.endsWith(".delta") ? PART : OTHER;
  const usage = asJsonObject(response["usage"]);
  return {
    ...OTHER,
    isFinal: true,
    ...(usage === undefined ? {} : {
      prompt: countOf(usage["input_tokens"]),
      output: countOf(usage["output_tokens"]),
    }),
  };
}

function readMessageEvent(event: JsonObject): FrameMeaning {
  const type = String(event["type"]);
  if (type === "error" || hasError(event)) return ERROR;
  if (type === "message_stop") return { ...OTHER, isFinal: true };
  if (type === "content_block_delta") return PART;
  // The first event tells the prompt, a later one what has been said; some tell both there.
  const usage = asJsonObject((asJsonObject(event["message"]) ?? event)["usage"]);
  if (usage === undefined) return OTHER;
  return {
    ...OTHER,
    prompt: countOf(usage["input_tokens"]) || undefined,
    output: type === "message_delta" ? countOf(usage["output_tokens"]) : undefined,
  };
}

/** A number of tokens; 0 for whatever is none. */
export function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function hasError(frame: JsonObject): boolean {
  return Object.hasOwn(frame, "error") && frame["error"] !== null;
}
