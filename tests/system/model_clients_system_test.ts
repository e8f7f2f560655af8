// The official clients of OpenAI and Anthropic on the routes that the gateway has for them beside
// the chat: each call direct and through the gateway, which must say the same.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { FakeOllama, manualStream, PROMPT_TOKENS, WORDS } from "../support/fake_ollama.ts";
import { namedEvent } from "../support/fake_ollama_events.ts";
import { MODEL_KEY, type ModelServer, startModelServer } from "../support/model_server.ts";
import { systemTest } from "../support/system_test.ts";

const MODEL = "llama3.1:8b";
const MESSAGES = [{ role: "user" as const, content: "How far is the moon?" }];
const TEXT = WORDS.join("");

interface World {
  ollama: FakeOllama;
  server: ModelServer;
  /** The address of the server itself. */
  upstream: string;
}

function clientTest(name: string, test: (world: World) => Promise<void>): void {
  systemTest(name, {
    whyNot: undefined,
    run: async () => {
      const ollama = new FakeOllama();
      const listening = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        ollama.handle,
      );
      const upstream = `http://127.0.0.1:${listening.addr.port}`;
      const server = await startModelServer(upstream);
      try {
        await test({ ollama, server, upstream });
        assert.deepEqual(server.gateway.counts(), { requests: 0, heldBytes: 0 });
      } finally {
        await server.close();
        await listening.shutdown();
      }
    },
  });
}

/** What a call says to the server itself and through the gateway. */
async function both<Said>(
  { server, upstream }: World,
  call: (baseUrl: string) => Promise<Said>,
): Promise<Said> {
  const direct = await call(upstream);
  assert.deepEqual(await call(server.baseUrl), direct);
  return direct;
}

function openaiAt(baseUrl: string): OpenAI {
  return new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: MODEL_KEY, maxRetries: 0 });
}

function anthropicAt(baseUrl: string): Anthropic {
  return new Anthropic({ baseURL: baseUrl, apiKey: MODEL_KEY, maxRetries: 0 });
}

clientTest("the openai client uses responses, streamed and not", async (world) => {
  const said = await both(world, async (baseUrl) => {
    const { output_text, usage } = await openaiAt(baseUrl).responses.create({
      model: MODEL,
      input: "How far is the moon?",
    });
    return { output_text, usage };
  });
  assert.equal(said.output_text, TEXT);
  const types = await both(world, async (baseUrl) => {
    const stream = await openaiAt(baseUrl).responses.create({
      model: MODEL,
      input: "How far?",
      stream: true,
    });
    const seen: string[] = [];
    let text = "";
    for await (const event of stream) {
      seen.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assert.equal(text, TEXT);
    return seen;
  });
  assert.equal(types.at(-1), "response.completed");
  assert.deepEqual(
    world.server.outcomes.map(({ promptTokens, outputTokens }) => [promptTokens, outputTokens]),
    Array(2).fill([PROMPT_TOKENS, WORDS.length]),
  );
});

clientTest(
  "the openai client is told of a stream that breaks off, and of one model",
  async (world) => {
    const { ollama, server } = world;
    const { id } = await both(world, (baseUrl) => openaiAt(baseUrl).models.retrieve(MODEL));
    assert.equal(id, MODEL);
    const stream = manualStream("text/event-stream");
    ollama.script = () => stream.response;
    stream.write(namedEvent({ type: "response.output_text.delta", delta: "The" }));
    const answer = await openaiAt(server.baseUrl).responses.create({
      model: MODEL,
      input: "How far?",
      stream: true,
    });
    stream.write(namedEvent({ type: "error", message: "/root/.ollama died" }));
    await assert.rejects(async () => {
      for await (const _ of answer);
    }, (error: Error) => {
      assert.match(error.message, /The model server failed/);
      return !/root/.test(error.message);
    });
  },
);

clientTest(
  "the anthropic client sends messages with its own key header, streamed and not",
  async (world) => {
    const ask = { model: MODEL, max_tokens: 64, messages: MESSAGES };
    const said = await both(world, async (baseUrl) => {
      const { content, usage } = await anthropicAt(baseUrl).messages.create(ask);
      return { content, usage };
    });
    assert.deepEqual(said.content, [{ type: "text", text: TEXT }]);
    const text = await both(
      world,
      async (baseUrl) => await anthropicAt(baseUrl).messages.stream(ask).finalText(),
    );
    assert.equal(text, TEXT);
    assert.match(
      world.ollama.seen.at(-1)?.headers.get("anthropic-version") ?? "",
      /^\d{4}-\d{2}-\d{2}$/,
    );
    assert.equal(world.ollama.seen.at(-1)?.headers.get("x-api-key"), null);
    assert.deepEqual(
      world.server.outcomes.map(({ promptTokens, outputTokens }) => [promptTokens, outputTokens]),
      Array(2).fill([PROMPT_TOKENS, WORDS.length]),
    );
  },
);

clientTest("the anthropic client is told what went wrong", async ({ ollama, server }) => {
  const client = anthropicAt(server.baseUrl);
  const ask = { model: MODEL, max_tokens: 64, messages: MESSAGES };
  await assert.rejects(client.messages.create({ ...ask, model: "private:70b" }), { status: 403 });
  const stranger = new Anthropic({ baseURL: server.baseUrl, apiKey: "lk_x", maxRetries: 0 });
  await assert.rejects(stranger.messages.create(ask), { status: 401 });
  const stream = manualStream("text/event-stream");
  ollama.script = () => stream.response;
  stream.write(namedEvent({ type: "ping" }));
  const messages = client.messages.stream(ask);
  const failing = messages.finalText();
  stream.write(namedEvent({ type: "error", error: { type: "api_error", message: "/root" } }));
  await assert.rejects(failing, (error: Error) => {
    assert.match(error.message, /The model server failed/);
    return !/root/.test(error.message);
  });
});

clientTest("the ollama client sees what is loaded and uses the older embeddings", async (world) => {
  const headers = { Authorization: `Bearer ${MODEL_KEY}` };
  const { models } = await new Ollama({ host: world.server.baseUrl, headers }).ps();
  assert.deepEqual(models.map(({ name }) => name), [MODEL, "nomic-embed-text:latest"]);
  const { embedding } = await both(
    world,
    (host) => new Ollama({ host, headers }).embeddings({ model: "nomic-embed-text", prompt: "x" }),
  );
  assert.equal(embedding.length, 2);
});

clientTest("what the command line of Ollama sends before it works is answered", async (world) => {
  const headers = { Authorization: `Bearer ${MODEL_KEY}` };
  const head = await fetch(world.server.baseUrl, { method: "HEAD" });
  assert.equal(head.status, 200);
  // Its show, run and stop, as its Go client writes them.
  const bodies: [string, object][] = [
    ["/api/show", {
      model: MODEL,
      system: "",
      template: "",
      verbose: false,
      options: null,
      name: "",
    }],
    ["/api/generate", {
      model: MODEL,
      prompt: "",
      suffix: "",
      system: "",
      name: "",
      stream: false,
    }],
    ["/api/generate", { model: MODEL, prompt: "", keep_alive: 0, name: MODEL, stream: false }],
  ];
  for (const [path, body] of bodies) {
    const answer = await fetch(`${world.server.baseUrl}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, path);
    await answer.body?.cancel();
  }
});
