// What the official clients really send is what a preflight allows them: their own code says which
// headers that are.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { REMOTE } from "./device.ts";
import { openModels } from "./model_device.ts";

const PAGE = "https://app.example";
const MODEL = "llama3.1:8b";
const MESSAGES = [{ role: "user" as const, content: "x" }];
/** What a browser sets itself, or never asks for. */
const BROWSERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-length",
  "host",
]);

type Send = typeof fetch;

// Each client's calls, whatever comes of them.
const CLIENTS: Record<string, (send: Send) => Promise<unknown>[]> = {
  "OpenAI's": (send) => {
    const client = new OpenAI({
      baseURL: "http://device.example/v1",
      apiKey: "lk_x",
      organization: "o",
      project: "p",
      dangerouslyAllowBrowser: true,
      maxRetries: 1,
      fetch: send,
    });
    return [
      client.chat.completions.create({ model: MODEL, messages: MESSAGES }),
      client.chat.completions.stream({ model: MODEL, messages: MESSAGES }).finalChatCompletion(),
      client.responses.create({ model: MODEL, input: "x" }),
      client.embeddings.create({ model: MODEL, input: "x" }, { idempotencyKey: "k" }),
    ];
  },
  "Anthropic's": (send) => {
    const client = new Anthropic({
      baseURL: "http://device.example",
      apiKey: "lk_x",
      dangerouslyAllowBrowser: true,
      maxRetries: 1,
      fetch: send,
    });
    const ask = { model: MODEL, max_tokens: 8, messages: MESSAGES };
    return [
      client.messages.create(ask),
      client.messages.stream(ask).finalText(),
      client.beta.messages.create({ ...ask, betas: ["files-api-2025-04-14"] }),
    ];
  },
  "Ollama's": (send) => {
    const headers = { Authorization: "Bearer lk_x" };
    const client = new Ollama({ host: "http://device.example", fetch: send, headers });
    return [client.chat({ model: MODEL, messages: MESSAGES }), client.list()];
  },
  "Vercel's": (send) => {
    const provider = createOpenAICompatible({
      name: "gateway",
      baseURL: "http://device.example/v1",
      apiKey: "lk_x",
      fetch: send,
    });
    const ask = { model: provider(MODEL), prompt: "x", maxRetries: 0 };
    return [
      generateText(ask),
      Promise.resolve(streamText({ ...ask, onError: () => {} }).text),
    ];
  },
};
for (const [name, calls] of Object.entries(CLIENTS)) {
  Deno.test(`a preflight allows every header that ${name} client sends`, async () => {
    const sent = new Map<string, Set<string>>();
    const send: Send = (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      const names = sent.get(pathname) ?? new Set();
      for (const header of request.headers.keys()) names.add(header);
      sent.set(pathname, names);
      return Promise.resolve(Response.json({ error: "x" }, { status: 400 }));
    };
    await Promise.allSettled(calls(send));
    assert.ok(sent.size > 0);
    for (const [path, names] of sent) {
      const asked = [...names].filter((header) => !BROWSERS.has(header));
      assert.ok(asked.includes("authorization") || asked.includes("x-api-key"));
      const { status, headers } = await openModels().ask(path, {
        method: "OPTIONS",
        peer: REMOTE,
        headers: {
          Origin: PAGE,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": asked.sort().join(),
        },
      });
      assert.equal(status, 204);
      const allowed = headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(",") ?? [];
      assert.deepEqual(asked.filter((header) => !allowed.includes(header)), [], path);
    }
  });
}
