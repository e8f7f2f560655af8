// What a request counts whose answer never told its tokens: nobody evades a limit by hanging up.

import assert from "node:assert/strict";
import { event, manualStream, PROMPT_TOKENS } from "../../support/fake_ollama.ts";
import { CHAT, openGateway, pieces, refused, settle } from "./gateway_world.ts";
import { FIRST, type Format, FORMATS, LAST, openStream, TIMEOUT_MS } from "./stream_world.ts";

// "user" and "How far is the moon?" are 24 bytes of text.
const ESTIMATE = 6;

type Ending = (options: {
  stream: ReturnType<typeof openStream>["stream"];
  world: ReturnType<typeof openStream>["world"];
  reader: ReadableStreamDefaultReader<Uint8Array>;
}) => Promise<void> | void;

// How a stream ends whose last frame does not come.
const ENDINGS: [string, Ending][] = [
  ["breaks off", ({ stream }) => stream.fail()],
  ["ends early", ({ stream }) => stream.end()],
  ["is left by its client", ({ reader }) => reader.cancel()],
  ["falls silent", ({ world }) => world.clock.advance(TIMEOUT_MS)],
];
for (const format of FORMATS) {
  for (const [what, end] of ENDINGS) {
    Deno.test(`${format}: a stream that ${what} counts its frames and an estimate of its prompt`, async () => {
      const { world, stream } = openStream(format);
      stream.write(FIRST[format].repeat(3));
      const response = await world.ask("/api/chat", { body: CHAT });
      const reader = response.body?.getReader();
      assert.ok(reader);
      await reader.read();
      const reading = reader.read().catch(() => {});
      await settle();
      await end({ world, stream, reader });
      await reading;
      while (await reader.read().then(({ done }) => !done, () => false));
      await settle();
      assert.deepEqual(tokensOf(world), [ESTIMATE, 3]);
    });
  }
}

Deno.test("zeros beside every part of an answer count its parts where it breaks off", async () => {
  const { ask, ollama, outcomes } = openGateway();
  const stream = manualStream("text/event-stream");
  ollama.script = () => stream.response;
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const frame = event({ choices: [{ index: 0, text: "x" }], usage });
  stream.write(frame.repeat(3));
  const body = { model: CHAT.model, prompt: "How far is the moon?....", stream: true };
  const answer = await ask("/v1/completions", { body });
  stream.end();
  assert.doesNotMatch(await answer.text(), /usage/);
  assert.deepEqual(outcomes.map(({ promptTokens, outputTokens }) => [promptTokens, outputTokens]), [
    [ESTIMATE, 3],
  ]);
});

Deno.test("a prompt whose answer had not begun counts where the model may have read it", async () => {
  const leave = new AbortController();
  const left = openGateway();
  left.ollama.script = () => new Promise(() => {});
  const answer = left.ask("/api/chat", { body: CHAT, signal: leave.signal });
  await settle();
  leave.abort();
  await refused(answer, "bad_request");
  assert.deepEqual(tokensOf(left), [ESTIMATE, 0]);

  const silent = openGateway();
  silent.ollama.script = () => new Promise(() => {});
  const late = silent.ask("/api/chat", { body: CHAT });
  await settle();
  silent.clock.advance(TIMEOUT_MS);
  await refused(late, "upstream_timeout");
  assert.deepEqual(tokensOf(silent), [ESTIMATE, 0]);
});

Deno.test("a prompt that no model has read counts nothing", async () => {
  const refusing = openGateway();
  refusing.ollama.script = () => Response.json({ error: "no" }, { status: 400 });
  await refused(refusing.ask("/api/chat", { body: CHAT }), "bad_request");
  assert.deepEqual(tokensOf(refusing), [0, 0]);

  const away = openGateway({
    fetch: async (_, init) => {
      await new Response(init.body).text();
      throw new TypeError("connection reset");
    },
  });
  await refused(away.ask("/api/chat", { body: CHAT }), "upstream_unavailable");
  assert.deepEqual(tokensOf(away), [0, 0]);

  const half = openGateway();
  await refused(
    half.ask("/api/chat", { body: pieces(JSON.stringify(CHAT).slice(0, -3)) }),
    "bad_request",
  );
  assert.deepEqual(tokensOf(half), [0, 0]);

  const describing = openGateway();
  describing.ollama.script = () => Response.json({ capabilities: [] });
  await (await describing.ask("/api/show", { body: { model: CHAT.model, system: "x".repeat(99) } }))
    .text();
  assert.deepEqual(tokensOf(describing), [0, 0]);
});

Deno.test("a document without counts counts its prompt, one that tells them what it tells", async () => {
  const untold = openGateway();
  untold.ollama.script = () => Response.json({ embedding: [1] });
  await (await untold.ask("/api/embed", { body: { model: CHAT.model, input: "a".repeat(40) } }))
    .text();
  assert.deepEqual(tokensOf(untold), [10, 0]);
  const told = openGateway();
  await (await told.ask("/api/embed", { body: { model: CHAT.model, input: "a".repeat(4000) } }))
    .text();
  assert.deepEqual(tokensOf(told), [PROMPT_TOKENS, 0]);
});

Deno.test("an event stream that tells no usage counts its prompt though it came to its end", async () => {
  const format: Format = "sse";
  const { world } = openStream(format);
  const stream = manualStream("text/event-stream");
  world.ollama.script = () => stream.response;
  stream.write(FIRST[format] + LAST[format]);
  stream.end();
  await (await world.ask("/v1/chat/completions", { body: { ...CHAT, stream: true } })).text();
  assert.deepEqual(tokensOf(world), [ESTIMATE, 1]);
});

function tokensOf(world: ReturnType<typeof openGateway>): (number | undefined)[] {
  const [outcome] = world.outcomes;
  return [outcome?.promptTokens, outcome?.outputTokens];
}
