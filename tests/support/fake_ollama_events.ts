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
    id: "resp_12",
    object: "response",
    created_at: 1767323045,
    status: "completed",
    error: null,
    incomplete_details: null,
    model,
    output: [{
      id: "msg_12",
      type: "message",
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: words.join(""), annotations: [] }],
    }],
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
  const begun = { ...whole, status: "in_progress", output: [], usage: null };
  const place = { item_id: "msg_12", output_index: 0, content_index: 0 };
  const text = said.words.join("");
  const events: (JsonObject & { type: string })[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { id: "msg_12", type: "message" },
    },
    ...said.words.map((delta) => ({ type: "response.output_text.delta", ...place, delta })),
    { type: "response.output_text.done", ...place, text },
    { type: "response.completed", response: whole },
  ];
  return events.map((event, at) => namedEvent({ ...event, sequence_number: at }));
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
    stop_sequence: null,
    usage: { input_tokens: promptTokens, output_tokens: words.length },
  };
}

/** The events of POST /v1/messages. */
export function messageEvents(said: Said): string[] {
  const usage = { input_tokens: said.promptTokens, output_tokens: 1 };
  const message = { ...messageOf(said), content: [], stop_reason: null, usage };
  return [
    namedEvent({ type: "message_start", message }),
    namedEvent({
      type: "content_block_start",
      index: 0,
      content_block: { type: "text", text: "" },
    }),
    namedEvent({ type: "ping" }),
    ...said.words.map((text) =>
      namedEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })
    ),
    namedEvent({ type: "content_block_stop", index: 0 }),
    namedEvent({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: said.words.length },
    }),
    namedEvent({ type: "message_stop" }),
  ];
}
