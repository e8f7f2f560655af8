// OpenAI's client for JavaScript.

import OpenAI from "openai";
import {
  collect,
  MESSAGES,
  type Names,
  PROMPT,
  type Rows,
  TOOL,
  TOOL_PARAMETERS,
} from "./calls.ts";

/** Its calls at an address. */
export function openaiRows(url: string, { key, chat, embed, plain, gone }: Names): Rows {
  const clientOf = (apiKey: string): OpenAI =>
    new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const client = clientOf(key);
  const ask = async (model: string, from = client): Promise<unknown> => {
    const { choices, usage } = await from.chat.completions.create({ model, messages: MESSAGES });
    return [choices[0]?.message.content, usage?.total_tokens];
  };
  const stream = (includesUsage: boolean) => async (): Promise<unknown> =>
    await collect(
      await client.chat.completions.create({
        model: chat,
        messages: MESSAGES,
        stream: true,
        ...(includesUsage && { stream_options: { include_usage: true } }),
      }),
      ({ choices, usage }) => [choices.map(({ delta }) => delta.content), usage?.total_tokens],
    );
  const respond = { model: chat, input: PROMPT };
  return {
    "chat": () => ask(chat),
    "chat streamed": stream(false),
    "chat streamed with usage": stream(true),
    "generate": async () =>
      (await client.completions.create({ model: chat, prompt: PROMPT })).choices[0]?.text,
    "generate streamed": async () =>
      await collect(
        await client.completions.create({ model: chat, prompt: PROMPT, stream: true }),
        ({ choices, usage }) => [choices.map(({ text }) => text), usage],
      ),
    "embeddings": async () =>
      (await client.embeddings.create({ model: embed, input: PROMPT })).data
        .map(({ embedding }) => embedding),
    "models": async () => await collect(client.models.list(), ({ id }) => id),
    "model": async () => (await client.models.retrieve(chat)).id,
    "response": async () => {
      const { output_text, usage } = await client.responses.create(respond);
      return [output_text, usage?.total_tokens];
    },
    "response streamed": async () =>
      await collect(
        await client.responses.create({ ...respond, stream: true }),
        (event) => [event.type, "delta" in event ? event.delta : null],
      ),
    "no tools": () =>
      client.chat.completions.create({ model: plain, messages: MESSAGES, tools: [TOOL] }),
    "no thinking": () =>
      client.chat.completions.create({
        model: plain,
        messages: MESSAGES,
        reasoning_effort: "high",
      }),
    "no insert": () => client.completions.create({ model: plain, prompt: "a", suffix: "b" }),
    "no tools in a response": () =>
      client.responses.create({
        ...respond,
        model: plain,
        tools: [{ type: "function", name: "weather", parameters: TOOL_PARAMETERS, strict: false }],
      }),
    "model gone": () => ask(gone),
    "wrong key": () => ask(chat, clientOf("lk_wrong")),
  };
}
