// The official clients of Ollama and OpenAI, pointed at the model gateway as they would be at a
// server of their own, and servers that fail over real sockets.

import assert from "node:assert/strict";
import { Ollama } from "ollama";
import OpenAI from "openai";
import {
  FakeOllama,
  type ManualStream,
  manualStream,
  PROMPT_TOKENS,
  WORDS,
} from "../support/fake_ollama.ts";
import { MODEL_KEY, type ModelServer, startModelServer } from "../support/model_server.ts";
import { addRemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { fetchToTheEnd } from "../support/fetch_to_the_end.ts";
import { systemTest } from "../support/system_test.ts";
import type { ModelSettings } from "../../src/features/models/model_settings.ts";

const MODEL = "llama3.1:8b";
const MESSAGES = [{ role: "user" as const, content: "How far is the moon?" }];
const TEXT = WORDS.join("");
const PARAMETERS = {
  type: "object",
  required: ["place"],
  properties: { place: { type: "string", description: "A city" } },
};
const TOOL = {
  type: "function" as const,
  function: { name: "weather", description: "Tells the weather", parameters: PARAMETERS },
};
const AUTHORIZED = { Authorization: `Bearer ${MODEL_KEY}` };
const LEAKS = /ollama|postgres|redis|sqlite|traceback|127\.0|\/root/i;

interface World {
  ollama: FakeOllama;
  server: ModelServer;
  native: Ollama;
  openai: OpenAI;
}

function modelTest(name: string, test: (world: World) => Promise<void>): void {
  systemTest(name, {
    whyNot: undefined,
    run: async () => {
      const ollama = new FakeOllama();
      const upstream = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        ollama.handle,
      );
      const server = await startModelServer(`http://127.0.0.1:${upstream.addr.port}`);
      try {
        const { baseUrl } = server;
        const native = new Ollama({ host: baseUrl, headers: AUTHORIZED, fetch: fetchToTheEnd });
        const openai = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: MODEL_KEY, maxRetries: 0 });
        await test({ ollama, server, native, openai });
        assert.deepEqual(server.gateway.counts(), { requests: 0, heldBytes: 0 });
      } finally {
        await server.close();
        await upstream.shutdown();
      }
    },
  });
}

modelTest("the ollama client chats, streamed and not", async ({ native, server }) => {
  const answer = await native.chat({ model: MODEL, messages: MESSAGES, keep_alive: "5m" });
  assert.deepEqual([answer.message.content, answer.eval_count], [TEXT, WORDS.length]);
  const words: string[] = [];
  const options = { temperature: 0.1, num_ctx: 4096 };
  const stream = await native.chat({ model: MODEL, messages: MESSAGES, stream: true, options });
  for await (const { message } of stream) words.push(message.content);
  assert.deepEqual(words, [...WORDS, ""]);
  const { response } = await native.generate({ model: MODEL, prompt: "How far?" });
  assert.equal(response, TEXT);
  const expected = { promptTokens: PROMPT_TOKENS, outputTokens: WORDS.length, isError: false };
  const seen = server.outcomes.map(({ durationMs: _, model: __, ...rest }) => rest);
  assert.deepEqual(seen, [expected, expected, expected]);
});

modelTest("the ollama client uses tools, embeds, lists and shows", async ({ native, ollama }) => {
  const { message } = await native.chat({ model: MODEL, messages: MESSAGES, tools: [TOOL] });
  assert.deepEqual(message.tool_calls, [
    { function: { name: "weather", arguments: { place: "Oslo" } } },
  ]);
  assert.deepEqual(JSON.parse(ollama.seen[0]?.text ?? "").tools, [TOOL]);
  const calls: unknown[] = [];
  const stream = await native.chat({
    model: MODEL,
    messages: MESSAGES,
    tools: [TOOL],
    stream: true,
  });
  for await (const part of stream) calls.push(...part.message.tool_calls ?? []);
  assert.equal(calls.length, 1);
  const { embeddings } = await native.embed({ model: "nomic-embed-text", input: ["x"] });
  assert.deepEqual(embeddings, [[0.010071029, -0.0017594862]]);
  const { models } = await native.list();
  assert.deepEqual(models.map(({ name }) => name), [MODEL, "nomic-embed-text:latest"]);
  const shown = await native.show({ model: MODEL });
  assert.deepEqual(shown.capabilities, ["completion", "tools"]);
  assert.deepEqual(await native.version(), { version: "0.12.6" });
});

modelTest("the ollama client aborts, and the server hears of it", async ({ native, ollama }) => {
  const stream = manualStream();
  ollama.script = () => stream.response;
  stream.write('{"message":{"role":"assistant","content":"The"},"done":false}\n');
  const chat = await native.chat({ model: MODEL, messages: MESSAGES, stream: true });
  await assert.rejects(async () => {
    for await (const part of chat) {
      assert.equal(part.message.content, "The");
      chat.abort();
    }
  });
  await stream.cancelled;
});

modelTest("the ollama client is told what went wrong", async ({ native, ollama, server }) => {
  await assert.rejects(native.chat({ model: "private:70b", messages: MESSAGES }), {
    status_code: 403,
  });
  await assert.rejects(native.pull({ model: MODEL }), { status_code: 404 });
  const stranger = new Ollama({ host: server.baseUrl });
  await assert.rejects(stranger.list(), { status_code: 401 });
  const stream = manualStream();
  ollama.script = () => stream.response;
  stream.write('{"message":{"role":"assistant","content":"The"},"done":false}\n');
  const chat = await native.chat({ model: MODEL, messages: MESSAGES, stream: true });
  stream.write('{"error":"llama runner process has terminated"}\n');
  await assert.rejects(async () => {
    for await (const _ of chat);
  }, { message: "The model server failed" });
});

modelTest("the openai client chats, streamed and not", async ({ openai, server, ollama }) => {
  const answer = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES });
  assert.equal(answer.choices[0]?.message.content, TEXT);
  assert.match(answer._request_id ?? "", /^[0-9a-f-]{36}$/);
  for (const includesUsage of [false, true]) {
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: MESSAGES,
      stream: true,
      ...(includesUsage ? { stream_options: { include_usage: true } } : {}),
    });
    const words: string[] = [];
    let usage: object | null | undefined;
    for await (const chunk of stream) {
      words.push(...chunk.choices.map(({ delta }) => delta.content ?? ""));
      usage ??= chunk.usage;
      assert.equal(chunk.choices.length, chunk.usage ? 0 : 1);
    }
    assert.equal(words.join(""), TEXT);
    assert.equal(usage !== undefined && usage !== null, includesUsage);
  }
  const completion = await openai.completions.create({ model: MODEL, prompt: "How far?" });
  assert.equal(completion.choices[0]?.text, TEXT);
  const expected = { promptTokens: PROMPT_TOKENS, outputTokens: WORDS.length, isError: false };
  const seen = server.outcomes.map(({ durationMs: _, model: __, ...rest }) => rest);
  assert.deepEqual(seen, Array(4).fill(expected));
  assert.equal(ollama.seen.length, 4);
});

modelTest("the openai client uses tools, embeds and lists", async ({ openai }) => {
  const { choices } = await openai.chat.completions.create({
    model: MODEL,
    messages: MESSAGES,
    tools: [TOOL],
  });
  const [call] = choices[0]?.message.tool_calls ?? [];
  assert.equal(call?.type === "function" && call.function.arguments, '{"place":"Oslo"}');
  const { data } = await openai.embeddings.create({
    model: "nomic-embed-text",
    input: "x",
    encoding_format: "float",
  });
  assert.deepEqual(data[0]?.embedding, [0.25, -0.5]);
  const names: string[] = [];
  for await (const { id } of openai.models.list()) names.push(id);
  assert.deepEqual(names, [MODEL, "nomic-embed-text:latest"]);
});

modelTest("the openai client aborts, and is told what went wrong", async ({ openai, ollama }) => {
  const refusal = openai.chat.completions.create({ model: "private:70b", messages: MESSAGES });
  await assert.rejects(refusal, { status: 403, code: "model_not_allowed" });
  const ask = async (): Promise<{
    stream: ManualStream;
    chat: Awaited<ReturnType<typeof startChat>>;
  }> => {
    const stream = manualStream("text/event-stream");
    ollama.script = () => stream.response;
    stream.write('data: {"choices":[{"index":0,"delta":{"content":"The"}}]}\n\n');
    return { stream, chat: await startChat(openai) };
  };
  const first = await ask();
  for await (const chunk of first.chat) {
    assert.equal(chunk.choices[0]?.delta.content, "The");
    first.chat.controller.abort();
  }
  await first.stream.cancelled;
  const second = await ask();
  second.stream.write('data: {"error":{"message":"llama runner process has terminated"}}\n\n');
  await assert.rejects(async () => {
    for await (const _ of second.chat);
  }, { message: "The model server failed", code: "upstream_failed" });
});

function startChat(openai: OpenAI): Promise<AsyncIterable<OpenAI.ChatCompletionChunk> & Aborted> {
  return openai.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
}

interface Aborted {
  controller: AbortController;
}

// Servers that are none, over raw sockets: what each sends, and what a client sees of it.
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n" +
  "Transfer-Encoding: chunked\r\n\r\n";
const FRAME = '{"message":{"content":"The"},"done":false}\n';
const CHUNK = `${FRAME.length.toString(16)}\r\n${FRAME}\r\n`;
const LONG_BYTES = 10 * 1024 * 1024;
const RAW: [what: string, sent: string, ends: boolean, status: number, tail: string][] = [
  ["that hangs up without a word", "", true, 502, "upstream_unavailable"],
  ["that speaks no HTTP", "garbage\r\n\r\n", true, 502, "upstream_unavailable"],
  ["that says nothing", "", false, 504, "upstream_timeout"],
  ["that says nothing after its head", HEAD, false, 504, "upstream_timeout"],
  ["that dies after its head", HEAD, true, 502, "upstream_failed"],
  ["that dies in the stream", HEAD + CHUNK, true, 200, "upstream_failed"],
  ["that dies within a line", `${HEAD}${CHUNK}5\r\n{"mes\r\n`, true, 200, "upstream_failed"],
  ["that hangs in the stream", HEAD + CHUNK, false, 200, "upstream_timeout"],
  ["that ends without its last line", `${HEAD}${CHUNK}0\r\n\r\n`, true, 200, "upstream_failed"],
  // What came together is judged together, before a status is sent.
  ["that sends garbage", `${HEAD}${CHUNK}7\r\npanic!\n\r\n`, false, 502, "upstream_failed"],
  [
    "that sends a line of 10 MiB",
    `${HEAD}${CHUNK}${LONG_BYTES.toString(16)}\r\n${"x".repeat(LONG_BYTES)}\r\n`,
    false,
    200,
    "upstream_failed",
  ],
];
for (const [what, sent, ends, status, code] of RAW) {
  systemTest(`a server ${what} is ${code}, and its place is free again`, {
    whyNot: undefined,
    run: async () => {
      const raw = serveRaw(sent, ends);
      const settings: Partial<ModelSettings> = { timeoutS: 1, maxConcurrent: 1, queue: 0 };
      const server = await startModelServer(`http://127.0.0.1:${raw.port}`, settings);
      for (let i = 0; i < 2; i++) {
        const response = await fetch(`${server.baseUrl}/api/chat`, {
          method: "POST",
          headers: AUTHORIZED,
          body: JSON.stringify({ model: MODEL, messages: MESSAGES }),
        });
        const text = await response.text();
        assert.equal(response.status, status);
        const last = JSON.parse(text.trim().split("\n").at(-1) ?? "");
        const error = status === 200 ? last : last.error;
        assert.equal(error.code, code);
        assert.equal(error.request_id, response.headers.get("X-Request-ID"));
        assert.doesNotMatch(text, LEAKS);
        assert.equal(text.startsWith(FRAME), status === 200);
      }
      assert.deepEqual(server.gateway.counts(), { requests: 0, heldBytes: 0 });
      assert.deepEqual(server.outcomes.map(({ isError }) => isError), [true, true]);
      await server.close();
      await raw.close();
    },
  });
}

systemTest("a server that is not there is upstream_unavailable", {
  whyNot: undefined,
  run: async () => {
    const raw = serveRaw("", true);
    await raw.close();
    const server = await startModelServer(`http://127.0.0.1:${raw.port}`);
    const response = await fetch(`${server.baseUrl}/api/tags`, { headers: AUTHORIZED });
    assert.equal(response.status, 502);
    const text = await response.text();
    assert.equal(JSON.parse(text).error.code, "upstream_unavailable");
    assert.doesNotMatch(text, LEAKS);
    await server.close();
  },
});

const HOST_NUMBER = 60;
const LONGER_THAN_A_REQUEST_MS = 11_000;

systemTest("a client from outside may send 16 MiB, wait and read slowly, but must read", {
  whyNot: await whyNoRemoteHost(),
  run: async () => {
    const host = await addRemoteHost(HOST_NUMBER);
    const ollama = new FakeOllama();
    const upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ollama.handle,
    );
    const settings = { maxConcurrent: 1, timeoutS: 120 };
    const server = await startModelServer(`http://127.0.0.1:${upstream.addr.port}`, settings);
    const url = `http://${host.deviceAddress}:${server.port}/api/chat`;
    const ask = (body: string): Promise<Response> =>
      fetch(url, { method: "POST", headers: AUTHORIZED, body });
    try {
      // The first is silent for longer than any request may take to arrive; the second waits all
      // that time with a body that nobody reads.
      const stream = manualStream();
      ollama.script = () => stream.response;
      stream.write(FRAME);
      const first = await ask(JSON.stringify({ model: MODEL, messages: MESSAGES }));
      const head = JSON.stringify({ model: MODEL, prompt: "" }).slice(0, -2);
      const second = ask(head + "x".repeat(16 * 1024 * 1024 - head.length - 2) + '"}');
      await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_A_REQUEST_MS));
      ollama.script = undefined;
      stream.write('{"done":true}\n');
      stream.end();
      assert.equal(await first.text(), `${FRAME}{"done":true}\n`);
      assert.match(await (await second).text(), /"done":true/);
      assert.equal(ollama.seen.at(-1)?.text.length, 16 * 1024 * 1024);
      assert.deepEqual(server.cuts, []);

      const endless = manualStream();
      ollama.script = () => endless.response;
      for (let i = 0; i < 40_000; i++) endless.write(FRAME.padStart(1024));
      const third = await ask(JSON.stringify({ model: MODEL, messages: MESSAGES }));
      await endless.cancelled;
      assert.deepEqual(server.cuts, ["not_reading"]);
      await third.body?.cancel();
      assert.equal(server.gateway.counts().requests, 0);
    } finally {
      await server.close();
      await upstream.shutdown();
      await host.remove();
    }
  },
});

// Sends the same to everybody who has asked.
function serveRaw(sent: string, ends: boolean): { port: number; close: () => Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const serve = async (connection: Deno.TcpConn): Promise<void> => {
    open.add(connection);
    try {
      await connection.read(new Uint8Array(65536));
      const bytes = new TextEncoder().encode(sent);
      for (let at = 0; at < bytes.length;) {
        at += await connection.write(bytes.subarray(at));
      }
      while (!ends && await connection.read(new Uint8Array(65536)) !== null);
    } catch {
      // The gateway has left.
    }
    open.delete(connection);
    connection.close();
  };
  const done = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return {
    port: listener.addr.port,
    close: async () => {
      listener.close();
      await done.catch(() => {});
      while (open.size > 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
