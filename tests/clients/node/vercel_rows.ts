// Vercel's AI SDK, by the API of OpenAI.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, jsonSchema, streamText, tool } from "ai";
import { type Names, PROMPT, type Rows, TOOL_PARAMETERS } from "./calls.ts";

/** Its calls at an address. */
export function vercelRows(url: string, { key, chat, embed, plain, gone }: Names): Rows {
  const provider = (apiKey = key): ReturnType<typeof createOpenAICompatible> =>
    createOpenAICompatible({ name: "gateway", baseURL: `${url}/v1`, apiKey, includeUsage: true });
  const ask = async (model: string, apiKey?: string): Promise<unknown> => {
    const { text, usage } = await generateText({
      model: provider(apiKey)(model),
      prompt: PROMPT,
      maxRetries: 0,
    });
    return [text, usage.totalTokens];
  };
  return {
    "chat": () => ask(chat),
    "chat streamed": async () => {
      const answer = streamText({
        model: provider()(chat),
        prompt: PROMPT,
        maxRetries: 0,
        onError: () => {},
      });
      const words = await Array.fromAsync(answer.textStream);
      return [words, (await answer.usage).totalTokens];
    },
    "generate": async () => {
      const { text } = await generateText({
        model: provider().completionModel(chat),
        prompt: PROMPT,
        maxRetries: 0,
      });
      return text;
    },
    "embeddings": async () => {
      const model = provider().embeddingModel(embed);
      return (await embedMany({ model, values: [PROMPT], maxRetries: 0 })).embeddings;
    },
    "no tools": async () =>
      (await generateText({
        model: provider()(plain),
        prompt: PROMPT,
        maxRetries: 0,
        tools: { weather: tool({ inputSchema: jsonSchema(TOOL_PARAMETERS) }) },
      })).text,
    "model gone": () => ask(gone),
    "wrong key": () => ask(chat, "lk_wrong"),
  };
}
