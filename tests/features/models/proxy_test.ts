// The gateway between a client and the fake server: what reaches either of them, and what does not.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { BODY_KEEP_ALIVE_MS } from "../../../src/features/models/proxy.ts";
import { manualStream, PROMPT_TOKENS, WORDS } from "../../support/fake_ollama.ts";
import { type Ask, CHAT, openGateway, pieces, refused, settle } from "./gateway_world.ts";

const COUNTED = { promptTokens: PROMPT_TOKENS, outputTokens: WORDS.length };

Deno.test("a chat is streamed and counted", async () => {
  const { ask, ollama, outcomes, gateway } = openGateway();
  const response = await ask("/api/chat", { body: CHAT });
  assert.equal(response.status, 200);
  assert.deepEqual(Object.fromEntries(response.headers), {
    "cache-control": "no-store",
    "content-type": "application/x-ndjson",
  });
  const frames = (await response.text()).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(frames.map(({ message }) => message.content).join(""), WORDS.join(""));
  assert.equal(frames.at(-1).done, true);
  assert.deepEqual(outcomes, [{ ...COUNTED, isError: false, durationMs: 0, model: CHAT.model }]);
  assert.deepEqual(gateway.counts(), { requests: 0, heldBytes: 0 });
  assert.deepEqual(ollama.seen.map(({ method, path }) => [method, path]), [["POST", "/api/chat"]]);
});

// Each endpoint with a body that its clients send, and what is counted for it.
const WORKS: [path: string, body: object, counted: object][] = [
  ["/api/chat", { ...CHAT, stream: false }, COUNTED],
  ["/api/generate", { model: "llama3.1:8b", prompt: "x" }, COUNTED],
  ["/api/generate", { model: "llama3.1:8b", prompt: "x", stream: false }, COUNTED],
  ["/api/embed", { model: "nomic-embed-text", input: ["x"] }, { ...COUNTED, outputTokens: 0 }],
  ["/api/embeddings", { model: "nomic-embed-text", prompt: "x".repeat(41) }, {
    promptTokens: 11,
    outputTokens: 0,
  }],
  ["/v1/responses", { model: "llama3.1:8b", input: "x" }, COUNTED],
  ["/v1/responses", { model: "llama3.1:8b", input: "x", stream: true }, COUNTED],
  ["/v1/messages", { ...CHAT, max_tokens: 9 }, COUNTED],
  ["/v1/messages", { ...CHAT, max_tokens: 9, stream: true }, COUNTED],
  ["/v1/chat/completions", CHAT, COUNTED],
  ["/v1/chat/completions", { ...CHAT, stream: true }, COUNTED],
  [
    "/v1/chat/completions",
    { ...CHAT, stream: true, stream_options: { include_usage: true } },
    COUNTED,
  ],
  ["/v1/completions", { model: "llama3.1:8b", prompt: "x" }, COUNTED],
  ["/v1/completions", { model: "llama3.1:8b", prompt: "x", stream: true }, COUNTED],
  ["/v1/embeddings", { model: "nomic-embed-text:latest", input: "x" }, {
    ...COUNTED,
    outputTokens: 0,
  }],
];
for (const [path, body, counted] of WORKS) {
  Deno.test(`${path} answers as the server does: ${JSON.stringify(body).slice(0, 90)}`, async () => {
    const { ask, ollama, outcomes } = openGateway();
    const text = await (await ask(path, { body })).text();
    const direct = await ollama.fetch(`http://models.example${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    assert.equal(text, await direct.text());
    const told = outcomes.map(({ model: _, ...rest }) => rest);
    assert.deepEqual(told, [{ ...counted, isError: false, durationMs: 0 }]);
  });
}

Deno.test("a body reaches the server letter for letter, whatever it asks beside the model", async () => {
  const body =
    '{ "messages":[{"role":"user","content":"\\u00e9 \\"model\\": {"}],"options":{"temperature":' +
    '0.10,"model":"private:70b"},"keep_alive":"5m","tools":[{"name":"x"}],\n"model" : "llama3.1:8b" }';
  for (const cuts of [[], [1], [10, 11], [40, 90, 100], [body.length - 1]]) {
    const { ask, ollama } = openGateway();
    const parts = [0, ...cuts].map((cut, i) => body.slice(cut, cuts[i] ?? body.length));
    await (await ask("/api/chat", { body: pieces(...parts, "\n ") })).text();
    assert.equal(ollama.seen[0]?.text, body);
  }
});

Deno.test("a body that comes byte by byte is the same body", async () => {
  const { ask, ollama } = openGateway();
  const body = JSON.stringify({ ...CHAT, options: { stop: ["ü", "\u{1f319}"] } });
  const bytes = [...new TextEncoder().encode(body)].map((byte) => new Uint8Array([byte]));
  await (await ask("/api/chat", { body: pieces(...bytes) })).text();
  assert.equal(ollama.seen[0]?.text, body);
});

Deno.test("the server is told nothing of the client", async () => {
  const { ask, ollama } = openGateway();
  await (await ask("/api/chat", { body: CHAT })).text();
  assert.deepEqual(Object.fromEntries(ollama.seen[0]?.headers ?? []), {
    "accept": "application/json, application/x-ndjson, text/event-stream",
    "accept-encoding": "identity",
    "content-type": "application/json",
    "user-agent": "latchkey",
  });
});

Deno.test("redirects are left to the gateway", async () => {
  const seen: RequestInit[] = [];
  const { ask } = openGateway({
    fetch: (_url, init) => {
      seen.push(init);
      return Promise.resolve(Response.json({ done: true }));
    },
  });
  await (await ask("/api/chat", { body: CHAT })).text();
  assert.deepEqual(seen.map(({ redirect }) => redirect), ["manual"]);
});

Deno.test("nothing of the server's headers is passed back", async () => {
  const { ask, ollama } = openGateway();
  ollama.script = () =>
    Response.json({ done: true }, {
      headers: {
        "Server": "models.example",
        "Set-Cookie": "a=b",
        "Via": "1.1 models.example",
        "Access-Control-Allow-Origin": "*",
        "X-Request-ID": "theirs",
        "Content-Type": "application/json; charset=utf-8",
      },
    });
  const response = await ask("/api/chat", { body: CHAT });
  assert.deepEqual(Object.fromEntries(response.headers), {
    "cache-control": "no-store",
    "content-type": "application/json",
  });
});

Deno.test("a chunk goes out as it comes, and the next is not read before it is wanted", async () => {
  const { ask, ollama } = openGateway();
  const gates = Array.from({ length: WORDS.length + 2 }, () => Promise.withResolvers<void>());
  const reached: number[] = [];
  ollama.pace = (chunk) => {
    reached.push(chunk);
    return gates[chunk]?.promise ?? Promise.resolve();
  };
  const asked = ask("/api/chat", { body: CHAT });
  gates[0]?.resolve();
  const reader = (await asked).body?.getReader();
  const first = await reader?.read();
  assert.match(new TextDecoder().decode(first?.value), /"content":"The"/);
  for (const gate of gates) gate.resolve();
  await settle();
  assert.deepEqual(reached, [0]);
  const second = await reader?.read();
  assert.match(new TextDecoder().decode(second?.value), /"content":" moon"/);
  await settle();
  assert.deepEqual(reached, [0, 1]);
  await reader?.cancel();
});

Deno.test("what follows the model is streamed: the server has it while the client still sends", async () => {
  const got: string[] = [];
  const { ask, told } = openGateway({
    fetch: async (_url, { body }) => {
      const decoder = new TextDecoder();
      for await (const part of body as ReadableStream<Uint8Array>) got.push(decoder.decode(part));
      return Response.json({ done: true });
    },
  });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const asked = ask("/api/generate", { body: readable });
  await writer.write(encoder.encode('{"prompt":"a'));
  await settle();
  assert.deepEqual(got, []);
  await writer.write(encoder.encode('b","model":"llama3.1:8b","suffix":"c'));
  await settle();
  assert.deepEqual(got, ['{"prompt":"a', 'b","model":"llama3.1:8b","suffix":"c']);
  await writer.write(encoder.encode('d"}'));
  await settle();
  assert.equal(got.join(""), '{"prompt":"ab","model":"llama3.1:8b","suffix":"cd"');
  await writer.close();
  await (await asked).text();
  assert.equal(got.join(""), '{"prompt":"ab","model":"llama3.1:8b","suffix":"cd"}');
  assert.deepEqual(told, ["part", "part", "part"]);
});

Deno.test("a second model takes back what went upstream before the server could act on it", async () => {
  const got: string[] = [];
  let wasAborted = false;
  const { ask, outcomes, gateway } = openGateway({
    fetch: async (_url, { body, signal }) => {
      try {
        const decoder = new TextDecoder();
        for await (const part of body as ReadableStream<Uint8Array>) got.push(decoder.decode(part));
      } catch {
        wasAborted = signal?.aborted ?? false;
        throw new TypeError("error sending request for http://models.example:11434/api/chat");
      }
      return Response.json({ done: true });
    },
  });
  const asked = ask("/api/chat", {
    body: pieces('{"model":"llama3.1:8b",', '"MODEL":"private:70b"', "}"),
  });
  const error = await refused(asked, "bad_request");
  assert.equal(error.message, "model: expected only one");
  assert.deepEqual(got, ['{"model":"llama3.1:8b",']);
  assert.equal(wasAborted, true);
  assert.deepEqual(outcomes.map(({ isError }) => isError), [true]);
  assert.deepEqual(gateway.counts(), { requests: 0, heldBytes: 0 });
});

Deno.test("a model that is not allowed is refused without asking the server", async () => {
  const { ask, ollama, begun } = openGateway();
  for (
    const model of [
      "private:70b",
      "LLAMA3.1:8b",
      "llama3.1",
      "llama3.1:8b ",
      "library/llama3.1:8b",
      "registry.ollama.ai/library/llama3.1:8b",
      "llama3.1:8b@sha256:365c0bd3c000",
      "./llama3.1:8b",
      "llama3.1:8b\u0000",
      "nomic-embed-text:",
      "sha256-365c0bd3c000",
    ]
  ) {
    await refused(ask("/api/chat", { body: { ...CHAT, model } }), "model_not_allowed");
  }
  await refused(ask("/api/show", { body: { name: "private:70b" } }), "model_not_allowed");
  await refused(ask("/api/chat", { body: CHAT, models: [] }), "model_not_allowed");
  await refused(ask("/api/chat", { body: CHAT, models: ["private:70b"] }), "model_not_allowed");
  assert.deepEqual([ollama.seen.length, begun()], [0, 0]);
});

Deno.test("lists show what the key may use, and nothing of the host", async () => {
  const { ask } = openGateway();
  const tags = async (models?: readonly string[]): Promise<{ models: { name: string }[] }> =>
    await (await ask("/api/tags", models && { models })).json();
  const all = await tags();
  assert.deepEqual(all.models.map(({ name }) => name), ["llama3.1:8b", "nomic-embed-text:latest"]);
  assert.deepEqual((await tags(["nomic-embed-text"])).models.map(({ name }) => name), [
    "nomic-embed-text:latest",
  ]);
  assert.deepEqual(await tags([]), { models: [] });
  assert.doesNotMatch(JSON.stringify(all), /\/root/);
  const { data } = await (await ask("/v1/models", { models: ["llama3.1:8b"] })).json();
  assert.deepEqual(data, [
    { id: "llama3.1:8b", object: "model", created: 1, owned_by: "library" },
  ]);
});

Deno.test("a description tells of the model and not of the host", async () => {
  const { ask } = openGateway();
  const shown = await (await ask("/api/show", { body: { name: "llama3.1:8b" } })).json();
  assert.deepEqual(shown.model_info, { "general.architecture": "llama" });
  assert.deepEqual(shown.capabilities, ["completion", "tools"]);
  assert.equal(shown.details.family, "llama");
  assert.doesNotMatch(JSON.stringify(shown), /\/root|modelfile/);
  assert.deepEqual(await (await ask("/api/version")).json(), { version: "0.12.6" });
});

Deno.test("a server's status is told in words of the gateway's own", async () => {
  const ROWS: [number, Parameters<typeof refused>[1], number | undefined][] = [
    [400, "bad_request", undefined],
    [401, "upstream_failed", undefined],
    [403, "upstream_failed", undefined],
    [404, "not_found", undefined],
    [405, "bad_request", undefined],
    [413, "too_large", undefined],
    [422, "bad_request", undefined],
    [429, "unavailable", 1],
    [500, "upstream_failed", undefined],
    [502, "upstream_unavailable", undefined],
    [503, "unavailable", 1],
    [504, "upstream_unavailable", undefined],
    [201, "upstream_failed", undefined],
    [301, "upstream_failed", undefined],
    [307, "upstream_failed", undefined],
  ];
  for (const [status, code, retryAfterS] of ROWS) {
    const { ask, ollama, outcomes, lines } = openGateway();
    ollama.script = () =>
      Response.json({ error: "llama runner at /root/.ollama died" }, {
        status,
        headers: { Location: "http://models.example/other" },
      });
    const error = await refused(ask("/api/chat", { body: CHAT }), code);
    assert.equal(error.retryAfterS, retryAfterS);
    assert.equal(ollama.seen.length, 1, "redirects are not followed");
    assert.equal(outcomes[0]?.isError, true);
    const [level, , fields] = lines.find(([, message]) => /refused|format/.test(message)) ?? [];
    // Of a server that is away there is one line for all.
    assert.equal(level, [429, 502, 503, 504].includes(status) ? "debug" : "warn");
    assert.equal(fields?.["text"], '{"error":"llama runner at /root/.ollama died"}');
    assert.equal(fields?.["requestId"], "8c6ff5c2-1c2b-4b6f-9a53-1d9a2f1e0f11");
  }
});

Deno.test("a server that cannot be reached is unavailable", async () => {
  const { ask, outcomes, lines } = openGateway({
    fetch: () => Promise.reject(new TypeError("tcp connect error: 10.0.0.9:11434")),
  });
  await refused(ask("/api/chat", { body: CHAT }), "upstream_unavailable");
  assert.equal(outcomes[0]?.isError, true);
  assert.match(String(lines[0]?.[2]["error"]), /10\.0\.0\.9/);
});

Deno.test("answers that are none of the known formats are refused", async () => {
  const ROWS: (() => Response)[] = [
    () => new Response("<html>/root", { headers: { "Content-Type": "text/html" } }),
    () => new Response("x"),
    () => new Response(null, { headers: { "Content-Type": "application/json" } }),
    () => new Response("", { headers: { "Content-Type": "application/json" } }),
    () => new Response("garbage", { headers: { "Content-Type": "application/json" } }),
    () => new Response('{"done":tru', { headers: { "Content-Type": "application/json" } }),
    () => new Response("[]", { headers: { "Content-Type": "application/json" } }),
    () => new Response('{"done":true}{}', { headers: { "Content-Type": "application/json" } }),
    () => Response.json({ error: "llama runner at /root" }),
    () => new Response("garbage\n", { headers: { "Content-Type": "application/x-ndjson" } }),
    () => new Response("", { headers: { "Content-Type": "application/x-ndjson" } }),
    () =>
      new Response('{"error":"/root"}\n', { headers: { "Content-Type": "application/x-ndjson" } }),
    () =>
      new Response('data: {"error":{}}\n\n', { headers: { "Content-Type": "text/event-stream" } }),
    () => new Response("event: x\n\n", { headers: { "Content-Type": "text/event-stream" } }),
  ];
  for (const script of ROWS) {
    const { ask, ollama, outcomes, gateway } = openGateway();
    ollama.script = script;
    await refused(ask("/api/chat", { body: CHAT }), "upstream_failed");
    assert.equal(outcomes[0]?.isError, true);
    assert.equal(gateway.counts().requests, 0);
  }
  for (const path of ["/api/tags", "/v1/models", "/api/version"]) {
    for (
      const body of ["{}", '{"models":1,"data":1,"version":1}', '{"version":"at /root"}', "no"]
    ) {
      const { ask, ollama } = openGateway();
      ollama.script = () => new Response(body, { headers: { "Content-Type": "application/json" } });
      await refused(ask(path), "upstream_failed");
    }
    const { ask, ollama } = openGateway();
    ollama.script = () => manualStream().response;
    await refused(ask(path), "upstream_failed");
  }
});

Deno.test("a client whose body waits for a place is not taken for one that does not send", async () => {
  const { ask, ollama, clock, told } = openGateway({ settings: { maxConcurrent: 1 } });
  const stream = manualStream();
  ollama.script = () => stream.response;
  stream.write('{"done":false}\n');
  const first = await ask("/api/chat", { body: CHAT });
  told.splice(0);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const waiting = ask("/api/chat", { body: readable });
  await writer.write(new TextEncoder().encode('{"model":"llama3.1:8b",'));
  await settle();
  assert.deepEqual(told.splice(0), ["part"]);
  clock.advance(BODY_KEEP_ALIVE_MS);
  clock.advance(BODY_KEEP_ALIVE_MS);
  assert.deepEqual(told.splice(0), ["part", "part"]);
  const sent = [writer.write(new TextEncoder().encode('"messages":[]}')), writer.close()];
  ollama.script = undefined;
  stream.write('{"done":true}\n');
  stream.end();
  await first.text();
  await (await waiting).text();
  await Promise.all(sent);
  assert.deepEqual(told.splice(0), ["part"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("what a limit refuses never reaches the server, and is not counted twice", async () => {
  const { ask, ollama, gateway } = openGateway({
    accounting: {
      begin: () => Promise.reject(new AppError("rate_limited", "Slow down", { retryAfterS: 7 })),
    },
  });
  const error = await refused(ask("/api/chat", { body: CHAT }), "rate_limited");
  assert.equal(error.retryAfterS, 7);
  assert.equal(ollama.seen.length, 0);
  assert.equal(gateway.counts().requests, 0);
});

Deno.test("what was read whole is not aborted at its end, and what was not is", async () => {
  const signals: AbortSignal[] = [];
  const { ask, ollama, outcomes } = openGateway({
    fetch: (url, init) => {
      signals.push(init.signal);
      return ollama.fetch(url, init);
    },
  });
  const ASKED: [path: string, ask: Ask][] = [
    ["/api/chat", { body: CHAT }],
    ["/api/chat", { body: { ...CHAT, stream: false } }],
    ["/api/tags", {}],
  ];
  for (const [path, wanted] of ASKED) await (await ask(path, wanted)).text();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false, false, false]);
  await (await ask("/api/chat", { body: CHAT })).body?.cancel();
  assert.equal(signals[3]?.aborted, true);
  assert.equal(outcomes.length, 4);
});
