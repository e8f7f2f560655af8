// Calls of Vercel's AI SDK at each address, one line of JSON per address.
//
// Usage: rows.ts '{"key", "chat", "embed", "gone"}' URL...

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, streamText } from "ai";

const PROMPT = "Say one word.";

interface Names {
  key: string;
  chat: string;
  embed: string;
  gone: string;
}

type Outcome = { said: unknown } | { error: string; message: string };

function rowsAt(url: string, names: Names): Record<string, () => Promise<unknown>> {
  const provider = (apiKey = names.key): ReturnType<typeof createOpenAICompatible> =>
    createOpenAICompatible({ name: "gateway", baseURL: `${url}/v1`, apiKey, includeUsage: true });
  const chat = async (model: string, key?: string): Promise<unknown> => {
    const { text, usage } = await generateText({
      model: provider(key)(model),
      prompt: PROMPT,
      maxRetries: 0,
    });
    return [text, usage.totalTokens];
  };
  return {
    "chat": () => chat(names.chat),
    "chat streamed": async () => {
      const answer = streamText({
        model: provider()(names.chat),
        prompt: PROMPT,
        maxRetries: 0,
        onError: () => {},
      });
      const words = await Array.fromAsync(answer.textStream);
      return [words, (await answer.usage).totalTokens];
    },
    "generate": async () => {
      const { text } = await generateText({
        model: provider().completionModel(names.chat),
        prompt: PROMPT,
        maxRetries: 0,
      });
      return text;
    },
    "embeddings": async () => {
      const model = provider().embeddingModel(names.embed);
      return (await embedMany({ model, values: [PROMPT], maxRetries: 0 })).embeddings;
    },
    "model gone": () => chat(names.gone),
    "wrong key": () => chat(names.chat, "lk_wrong"),
  };
}

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { said: await call() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.name, message: error.message };
  }
}

const [names = "{}", ...urls] = Deno.args;
for (const url of urls) {
  const outcomes: Record<string, Outcome> = {};
  for (const [name, call] of Object.entries(rowsAt(url, JSON.parse(names)))) {
    // deno-lint-ignore no-await-in-loop -- one call after the other
    outcomes[name] = await outcomeOf(call);
  }
  // deno-lint-ignore no-await-in-loop -- as above
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(outcomes)}\n`));
}
