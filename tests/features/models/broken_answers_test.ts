// Servers that are silent or too long, clients that leave, stop sending or stop reading, and the
// places that all of them give back.

import assert from "node:assert/strict";
import {
  DOCUMENT_HOLD_BYTES,
  MAX_WHOLE_DOCUMENT_BYTES,
} from "../../../src/features/models/answer_document.ts";
import {
  CLIENT_SILENCE_MS,
  READER_SILENCE_MS,
} from "../../../src/features/models/proxied_request.ts";
import { MAX_LOGGED_BYTES } from "../../../src/features/models/upstream.ts";
import { line, manualStream } from "../../support/fake_ollama.ts";
import { CHAT, LEAKS, openGateway, pieces, refused, REQUEST_ID, settle } from "./gateway_world.ts";
import {
  assertOver,
  FIRST,
  FORMATS,
  LAST,
  MEDIA_TYPES,
  openStream,
  TIMEOUT_MS,
} from "./stream_world.ts";

Deno.test("a silent server is 504 before its first byte, with or without a head", async () => {
  for (const script of [() => manualStream().response, () => new Promise<Response>(() => {})]) {
    const world = openGateway();
    world.ollama.script = script;
    const asked = refused(world.ask("/api/chat", { body: CHAT }), "upstream_timeout");
    await settle();
    world.clock.advance(TIMEOUT_MS - 1);
    await settle();
    assert.equal(world.outcomes.length, 0);
    world.clock.advance(1);
    await asked;
    assertOver(world);
  }
});

Deno.test("a server that hangs within its own error is its error all the same", async () => {
  const world = openGateway();
  const stream = manualStream();
  world.ollama.script = () => new Response(stream.response.body, { status: 500 });
  stream.write("x");
  const asked = refused(world.ask("/api/chat", { body: CHAT }), "upstream_timeout");
  await settle();
  world.clock.advance(TIMEOUT_MS);
  await asked;
  await stream.cancelled;
  assertOver(world);
});

Deno.test("of a long error only its beginning is read", async () => {
  const world = openGateway();
  const stream = manualStream();
  world.ollama.script = () => new Response(stream.response.body, { status: 500 });
  stream.write("x".repeat(MAX_LOGGED_BYTES * 2));
  await refused(world.ask("/api/chat", { body: CHAT }), "upstream_failed");
  await stream.cancelled;
  assert.equal(world.lines[0]?.[2]["text"], "x".repeat(MAX_LOGGED_BYTES));
});

Deno.test("a client that leaves in the stream ends the request upstream, and is no error", async () => {
  for (const how of ["cancel", "signal"] as const) {
    const { world, stream } = openStream("ndjson");
    stream.write(FIRST.ndjson);
    const leaving = new AbortController();
    const response = await world.ask("/api/chat", { body: CHAT, signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const next = reader?.read().catch(() => {});
    if (how === "cancel") reader?.cancel();
    else leaving.abort();
    await Promise.all([stream.cancelled, next]);
    await settle();
    assertOver(world, false);
    assert.equal(world.outcomes[0]?.outputTokens, 1, "a frame counts as a token");
    assert.deepEqual(world.lines.map(([level]) => level), ["info"], "the server is not to blame");
  }
});

Deno.test("a client that leaves while nothing is read ends the request upstream", async () => {
  const { world, stream } = openStream("ndjson");
  stream.write(FIRST.ndjson);
  const leaving = new AbortController();
  const response = await world.ask("/api/chat", { body: CHAT, signal: leaving.signal });
  leaving.abort();
  await stream.cancelled;
  await assert.rejects(response.text());
  assertOver(world, false);
});

Deno.test("a client that leaves before the first byte ends the request upstream", async () => {
  const world = openGateway();
  const left = Promise.withResolvers<void>();
  world.ollama.script = ({ signal }) => {
    signal.addEventListener("abort", () => left.resolve());
    return new Promise(() => {});
  };
  const leaving = new AbortController();
  const asked = refused(
    world.ask("/api/chat", { body: CHAT, signal: leaving.signal }),
    "bad_request",
  );
  await settle();
  leaving.abort();
  await Promise.all([left.promise, asked]);
  assertOver(world, false);
  const gone = world.ask("/api/chat", { body: CHAT, signal: AbortSignal.abort() });
  await refused(gone, "bad_request");
});

Deno.test("a client that takes nothing loses its answer and its place", async () => {
  const { world, stream } = openStream("ndjson");
  stream.write(FIRST.ndjson.repeat(3));
  const response = await world.ask("/api/chat", { body: CHAT });
  const reader = response.body?.getReader();
  await reader?.read();
  world.clock.advance(READER_SILENCE_MS - 1);
  assert.equal(world.outcomes.length, 0);
  world.clock.advance(1);
  await stream.cancelled;
  await assert.rejects(async () => await reader?.read());
  assertOver(world);
});

Deno.test("a client that stops sending its body is refused, before and after the model", async () => {
  for (const beginning of ['{"messages":[', '{"model":"llama3.1:8b","messages":[']) {
    const world = openGateway();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const asked = refused(world.ask("/api/chat", { body: readable }), "bad_request");
    await writer.write(new TextEncoder().encode(beginning));
    await settle();
    world.clock.advance(CLIENT_SILENCE_MS - 1);
    await settle();
    assert.equal(world.gateway.counts().requests, 1);
    world.clock.advance(1);
    assert.equal((await asked).message, "The body did not arrive in time");
    assert.deepEqual(world.gateway.counts(), { requests: 0, heldBytes: 0 });
    assert.equal(world.clock.timerCount, 0);
    await writer.abort().catch(() => {});
  }
});

Deno.test("a long document is passed on as it comes, counted, and not held", async () => {
  const { world, stream } = openStream("ndjson");
  world.ollama.script = () =>
    new Response(stream.response.body, { headers: { "Content-Type": "application/json" } });
  const head = `{"model":"x","embeddings":[[${"0.25,".repeat(DOCUMENT_HOLD_BYTES / 5)}`;
  stream.write(head);
  stream.write("0.5,");
  const response = await world.ask("/api/embed", { body: { model: "nomic-embed-text" } });
  const reader = response.body?.getReader();
  const parts = [await reader?.read(), await reader?.read()];
  assert.equal(parts.map((part) => part?.value?.length).join(), `${head.length},4`);
  stream.write('1]],"prompt_eval_count":12}');
  stream.end();
  assert.equal(new TextDecoder().decode((await reader?.read())?.value).slice(0, 4), "1]],");
  assert.equal((await reader?.read())?.done, true);
  assert.equal(world.outcomes[0]?.promptTokens, 12);
  assertOver(world, false);
});

Deno.test("a long document that goes wrong breaks off and says nothing", async () => {
  const head = `{"embeddings":[${"0.25,".repeat(DOCUMENT_HOLD_BYTES / 5)}`;
  for (const rest of ['1],"error":"at /root"}', "oops", "1]", "fail", "silence", "leave"]) {
    const { world, stream } = openStream("ndjson");
    world.ollama.script = () =>
      new Response(stream.response.body, { headers: { "Content-Type": "application/json" } });
    stream.write(head);
    stream.write("1,");
    const leaving = new AbortController();
    const body = { model: "nomic-embed-text" };
    const response = await world.ask("/api/embed", { body, signal: leaving.signal });
    const reading = assert.rejects(response.text(), (error) => !LEAKS.test(String(error)));
    await settle();
    if (rest === "fail") stream.fail();
    else if (rest === "silence") world.clock.advance(TIMEOUT_MS);
    else if (rest === "leave") leaving.abort();
    else {
      stream.write(rest);
      stream.end();
    }
    await reading;
    assertOver(world, rest !== "leave");
  }
});

Deno.test("a list over its size is refused", async () => {
  const { world, stream } = openStream("ndjson");
  world.ollama.script = () =>
    new Response(stream.response.body, { headers: { "Content-Type": "application/json" } });
  stream.write(`{"models":["${"x".repeat(MAX_WHOLE_DOCUMENT_BYTES)}"]}`);
  stream.end();
  await refused(world.ask("/api/tags"), "upstream_failed");
  assertOver(world);
});

Deno.test("requests over the places wait in turn, and over the queue are refused", async () => {
  const world = openGateway({ settings: { maxConcurrent: 1, queue: 2 } });
  const streams = [manualStream(), manualStream(), manualStream()];
  let next = 0;
  world.ollama.script = ({ path }) =>
    path === "/api/version"
      ? Response.json({ version: "1" })
      : streams[next++]?.response ?? assert.fail();
  for (const { write } of streams) write(FIRST.ndjson);
  const first = await world.ask("/api/chat", { body: CHAT });
  const leaving = new AbortController();
  const second = refused(
    world.ask("/api/chat", { body: CHAT, signal: leaving.signal }),
    "bad_request",
  );
  const third = world.ask("/api/chat", { body: CHAT });
  await settle();
  const error = await refused(world.ask("/api/chat", { body: CHAT }), "unavailable");
  assert.equal(error.retryAfterS, 1);
  assert.equal(world.ollama.seen.length, 1);
  assert.equal((await world.ask("/api/version")).status, 200, "what no model works on goes on");
  leaving.abort();
  await second;
  await first.body?.cancel();
  await (await third).body?.cancel();
  assert.equal(world.ollama.seen.length, 3, "two chats and the version");
  assert.deepEqual(world.gateway.counts(), { requests: 0, heldBytes: 0 });
  assert.equal(world.outcomes.length, world.begun());
});

Deno.test("nobody waits for a place longer than for the server", async () => {
  const world = openGateway({ settings: { maxConcurrent: 1 } });
  const stream = manualStream();
  world.ollama.script = () => stream.response;
  stream.write(FIRST.ndjson);
  const first = await world.ask("/api/chat", { body: CHAT });
  const waiting = refused(world.ask("/api/chat", { body: CHAT }), "unavailable");
  await settle();
  const reader = first.body?.getReader();
  await reader?.read();
  world.clock.advance(TIMEOUT_MS / 2);
  stream.write(line({ done: false }));
  await reader?.read();
  world.clock.advance(TIMEOUT_MS / 2);
  assert.equal((await waiting).retryAfterS, 1);
  await reader?.cancel();
});

Deno.test("an answer that has begun does not wait for the rest of the body", async () => {
  const stream = manualStream();
  const world = openGateway({
    fetch: (_url, { body }) => {
      void (body as ReadableStream<Uint8Array>).pipeTo(new WritableStream()).catch(() => {});
      return Promise.resolve(stream.response);
    },
  });
  stream.write(FIRST.ndjson);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const asked = world.ask("/api/chat", { body: readable });
  await writer.write(new TextEncoder().encode('{"model":"llama3.1:8b",'));
  const response = await asked;
  const reading = response.text();
  await writer.write(new TextEncoder().encode('"a":1,'));
  await settle();
  world.clock.advance(CLIENT_SILENCE_MS);
  await settle();
  assert.equal(world.outcomes.length, 0);
  stream.write(LAST.ndjson);
  stream.end();
  assert.equal(await reading, FIRST.ndjson + LAST.ndjson);
  assertOver(world, false);
  await writer.abort().catch(() => {});
});

Deno.test("a request whose client left while it was let through is counted once", async () => {
  const letThrough = Promise.withResolvers<void>();
  let ended = 0;
  const world = openGateway({
    accounting: {
      begin: async () => {
        await letThrough.promise;
        return { end: () => void (ended += 1) };
      },
    },
  });
  const leaving = new AbortController();
  const asked = refused(
    world.ask("/api/chat", { body: CHAT, signal: leaving.signal }),
    "bad_request",
  );
  await settle();
  leaving.abort();
  await settle();
  letThrough.resolve();
  await asked;
  assert.equal(ended, 1);
  assert.equal(world.ollama.seen.length, 0);
});

Deno.test("an answer before the body's end is an answer", async () => {
  const world = openGateway({
    fetch: () => Promise.resolve(Response.json({ error: "no" }, { status: 400 })),
  });
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('{"model":"llama3.1:8b",')),
  }, { highWaterMark: 0 });
  await refused(world.ask("/api/chat", { body: endless }), "bad_request");
  assertOver(world);
  await refused(world.ask("/api/chat", { body: pieces("[]") }), "bad_request");
});

const CODES = {
  silence: ["warn", "upstream_timeout"],
  leave: ["info", "bad_request"],
  close: ["info", "unavailable"],
  signal: ["info", "bad_request"],
} as const;

// The platform's fetch loses the signal of an answer that lasts.
Deno.test("an answer is cancelled even where the fetch does not hear the signal any more", async () => {
  for (const format of FORMATS) {
    for (const how of ["silence", "leave", "close", "signal"] as const) {
      const stream = manualStream(MEDIA_TYPES[format]);
      const world = openGateway({ fetch: () => Promise.resolve(stream.response) });
      stream.write(FIRST[format]);
      const leaving = new AbortController();
      const response = await world.ask("/api/chat", { body: CHAT, signal: leaving.signal });
      const reader = response.body?.getReader();
      await reader?.read();
      const next = reader?.read();
      await settle();
      if (how === "silence") world.clock.advance(TIMEOUT_MS);
      else if (how === "leave") reader?.cancel();
      else if (how === "signal") leaving.abort();
      else world.gateway.close();
      await Promise.all([stream.cancelled, next]);
      await settle();
      assertOver(world, how === "silence" || how === "close");
      const told = world.lines.map(([level, , { code, requestId }]) => [level, code, requestId]);
      assert.deepEqual(told, [[...CODES[how], REQUEST_ID]], "one line, and it says why");
    }
  }
});
