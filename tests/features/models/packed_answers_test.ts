// A server that packs its answers although it was asked not to.

import assert from "node:assert/strict";
import { CHAT, openGateway, refused, settle } from "./gateway_world.ts";
import { FIRST, LAST } from "./stream_world.ts";

function gzip(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
}

function packed(body: BodyInit, type: string, encoding = "gzip"): Response {
  return new Response(body, { headers: { "Content-Type": type, "Content-Encoding": encoding } });
}

for (const encoding of ["gzip", "x-gzip", "GZIP"]) {
  Deno.test(`an answer in ${encoding} is unpacked, streamed or not`, async () => {
    const { ask, ollama } = openGateway();
    const text = FIRST.ndjson + LAST.ndjson;
    ollama.script = () => packed(gzip(text), "application/x-ndjson", encoding);
    const response = await ask("/api/chat", { body: CHAT });
    assert.equal(await response.text(), text);
    assert.equal(response.headers.get("Content-Encoding"), null);
    ollama.script = () => packed(gzip('{"done":true}'), "application/json", encoding);
    assert.equal(await (await ask("/api/chat", { body: CHAT })).text(), '{"done":true}');
  });
}

Deno.test("what is said of a failure is read from a packed answer too", async () => {
  const { ask, ollama } = openGateway();
  ollama.script = () =>
    new Response(gzip('{"error":"x does not support tools"}'), {
      status: 400,
      headers: { "Content-Encoding": "gzip" },
    });
  await refused(ask("/api/chat", { body: CHAT }), "unsupported_feature");
});

Deno.test("what is packed otherwise, or not as it says, is refused", async () => {
  for (const [body, encoding] of [["x", "br"], ["x", "gzip, br"], ["not gzip", "gzip"]] as const) {
    const { ask, ollama, outcomes } = openGateway();
    ollama.script = () => packed(body, "application/x-ndjson", encoding);
    const error = await (async () => {
      const response = await ask("/api/chat", { body: CHAT });
      return await response.text();
    })().catch((error: unknown) => error);
    const text = error instanceof Error ? error.message : String(error);
    assert.match(text, /The model server failed/);
    assert.equal(outcomes[0]?.isError, true);
  }
});

Deno.test("a packed answer that its client leaves is left at the server", async () => {
  const { ask, ollama } = openGateway();
  let isCancelled = false;
  const source = gzip(FIRST.ndjson).getReader();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await source.read();
      // Then nothing more comes.
      if (!done) controller.enqueue(value);
      else await new Promise(() => {});
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  ollama.script = () => packed(body, "application/x-ndjson");
  const leave = new AbortController();
  const asking = ask("/api/chat", { body: CHAT, signal: leave.signal });
  await settle();
  const response = await asking;
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await settle();
  assert.equal(isCancelled, true);
});
