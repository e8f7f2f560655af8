// Anthropic's client for JavaScript.

import Anthropic from "@anthropic-ai/sdk";
import { collect, MESSAGES, type Names, type Rows, TOOL_PARAMETERS } from "./calls.ts";

/** Its calls at an address. */
export function anthropicRows(baseURL: string, { key, chat, plain, gone }: Names): Rows {
  const clientOf = (apiKey: string): Anthropic => new Anthropic({ baseURL, apiKey, maxRetries: 0 });
  const client = clientOf(key);
  const body = { model: chat, max_tokens: 64, messages: MESSAGES };
  const ask = async (model: string, from = client): Promise<unknown> => {
    const { content, usage } = await from.messages.create({ ...body, model });
    const texts = content.map((block) => block.type === "text" ? block.text : block.type);
    return [texts.join(""), usage.input_tokens, usage.output_tokens];
  };
  return {
    "chat": () => ask(chat),
    "chat streamed": async () =>
      await collect(
        client.messages.stream(body),
        (event) => [event.type, "delta" in event ? event.delta : null],
      ),
    "no tools": () =>
      client.messages.create({
        ...body,
        model: plain,
        tools: [{ name: "weather", input_schema: TOOL_PARAMETERS }],
      }),
    "model gone": () => ask(gone),
    "wrong key": () => ask(chat, clientOf("lk_wrong")),
  };
}
