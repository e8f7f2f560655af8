// Ollama's client for JavaScript.

import { Ollama } from "ollama";
import { collect, MESSAGES, type Names, PROMPT, type Rows, TOOL } from "./calls.ts";

/** Its calls at an address. */
export function ollamaRows(host: string, { key, chat, embed, plain, gone }: Names): Rows {
  const clientOf = (text: string): Ollama =>
    new Ollama({ host, headers: { Authorization: `Bearer ${text}` } });
  const client = clientOf(key);
  const ask = async (model: string, from = client): Promise<unknown> => {
    const { message, prompt_eval_count, eval_count } = await from.chat({
      model,
      messages: MESSAGES,
    });
    return [message.content, prompt_eval_count, eval_count];
  };
  return {
    "chat": () => ask(chat),
    "chat streamed": async () =>
      await collect(
        await client.chat({ model: chat, messages: MESSAGES, stream: true }),
        ({ message, eval_count }) => [message.content, eval_count],
      ),
    "generate": async () => (await client.generate({ model: chat, prompt: PROMPT })).response,
    "generate streamed": async () =>
      await collect(
        await client.generate({ model: chat, prompt: PROMPT, stream: true }),
        ({ response }) => response,
      ),
    "embeddings": async () => (await client.embed({ model: embed, input: [PROMPT] })).embeddings,
    "older embeddings": async () =>
      (await client.embeddings({ model: embed, prompt: PROMPT })).embedding,
    "models": async () => (await client.list()).models.map(({ name }) => name),
    "loaded": async () => (await client.ps()).models.map(({ name }) => name),
    "show": async () => (await client.show({ model: chat })).capabilities,
    "version": async () => (await client.version()).version,
    "no tools": () => client.chat({ model: plain, messages: MESSAGES, tools: [TOOL] }),
    "no thinking": () => client.chat({ model: plain, messages: MESSAGES, think: true }),
    "no insert": () => client.generate({ model: plain, prompt: "a", suffix: "b" }),
    "model gone": () => ask(gone),
    "wrong key": () => ask(chat, clientOf("lk_wrong")),
  };
}
