// The event streams of the Responses and the Messages API, as an Ollama server writes them, from the
// published documents of both APIs.

import type { JsonObject } from "../../src/base/json.ts";

/** What an answer says and comes to. */
export interface Said {
  readonly model: string;
  readonly words: readonly string[];
  readonly promptTokens: number;
}

/** An event with its name. */
export function namedEvent(data: JsonObject & { type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The whole answer of POST /v1/responses. */
export function responseOf({ model, words, promptTokens }: Said): JsonObject {
  return {
    ...ASKED,
    created_at: 1767323045,
    completed_at: 1767323046,
    status: "completed",
    model,
    output: [messageItem(words.join(""))],
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: words.length,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens + words.length,
    },
  };
}

/** The events of POST /v1/responses. */
export function responseEvents(said: Said): string[] {
  const whole = responseOf(said);
  const begun = {
    ...whole,
    status: "in_progress",
    completed_at: null,
    output: [],
    usage: null,
  };
  const place = { item_id: "msg_12", output_index: 0, content_index: 0 };
  const text = said.words.join("");
  const events: (JsonObject & { type: string })[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...messageItem(""), status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...place, part: textPart("") },
    ...said.words.map((delta) => ({
      type: "response.output_text.delta",
      ...place,
      delta,
      logprobs: [],
    })),
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: textPart(text) },
    { type: "response.output_item.done", output_index: 0, item: messageItem(text) },
    { type: "response.completed", response: whole },
  ];
  return events.map((event, at) => namedEvent({ ...event, sequence_number: at }));
}

// What an answer repeats of the request, and what it always is.
const ASKED: JsonObject = {
  id: "resp_12",
  object: "response",
  error: null,
  incomplete_details: null,
  previous_response_id: null,
  instructions: null,
  tools: [],
  tool_choice: "auto",
  truncation: "disabled",
  parallel_tool_calls: true,
  text: { format: { type: "text" } },
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  top_logprobs: 0,
  temperature: 1,
  reasoning: null,
  max_output_tokens: null,
  max_tool_calls: null,
  store: false,
  background: false,
  service_tier: "default",
  metadata: {},
  safety_identifier: null,
  prompt_cache_key: null,
};

function messageItem(text: string): JsonObject {
  return {
    id: "msg_12",
    type: "message",
    status: "completed",
    role: "assistant",
    content: [textPart(text)],
  };
}

function textPart(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** The whole answer of POST /v1/messages. */
export function messageOf({ model, words, promptTokens }: Said): JsonObject {
  return {
    id: "msg_12",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: words.join("") }],
    stop_reason: "end_turn",
    usage: { input_tokens: promptTokens, output_tokens: words.length },
  };
}

/** The events of POST /v1/messages; the first one guesses at the prompt. */
export function messageEvents(said: Said): string[] {
  const { stop_reason: _, ...begun } = messageOf(said);
  const usage = { input_tokens: 1, output_tokens: 0 };
  return [
    namedEvent({ type: "message_start", message: { ...begun, content: [], usage } }),
    namedEvent({
      type: "content_block_start",
      index: 0,
      content_block: { type: "text", text: "" },
    }),
    ...said.words.map((text) =>
      namedEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })
    ),
    namedEvent({ type: "content_block_stop", index: 0 }),
    namedEvent({
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { input_tokens: said.promptTokens, output_tokens: said.words.length },
    }),
    namedEvent({ type: "message_stop" }),
  ];
}
