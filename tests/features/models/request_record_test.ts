// What is told of requests that have ended, and the line that the request log has of them.

import assert from "node:assert/strict";
import { requestLine } from "../../../src/features/models/request_line.ts";
import type { RequestRecord } from "../../../src/features/models/request_record.ts";
import { manualStream, PROMPT_TOKENS, WORDS } from "../../support/fake_ollama.ts";
import { CHAT, openGateway, refused, REQUEST_ID, settle } from "./gateway_world.ts";

const KEY_ID = "k3y00000";

Deno.test("an answer is told with its model, its times, its tokens and its bytes", async () => {
  const { ask, records, ollama, clock } = openGateway();
  ollama.pace = () => Promise.resolve(clock.advance(10));
  for (const stream of [true, false]) {
    const body = JSON.stringify({ ...CHAT, stream });
    const text = await (await ask("/api/chat", { body })).text();
    const [told] = records.splice(0);
    const { durationMs, firstByteMs, ...rest } = told ?? assert.fail();
    assert.deepEqual(rest, {
      requestId: REQUEST_ID,
      keyId: KEY_ID,
      path: "/api/chat",
      model: "llama3.1:8b",
      hasAnswer: true,
      hasLeft: false,
      code: undefined,
      waitedMs: 0,
      promptTokens: PROMPT_TOKENS,
      outputTokens: WORDS.length,
      bodyBytes: body.length,
      answerBytes: text.length,
    });
    if (stream) assert.ok(firstByteMs !== undefined && durationMs > firstByteMs);
  }
});

Deno.test("lists have no model, and names without a tag are told with theirs", async () => {
  const { ask, records } = openGateway();
  const text = await (await ask("/api/tags")).text();
  await (await ask("/api/embed", { body: { model: "nomic-embed-text", input: "x" } })).text();
  await (await ask("/api/show", { body: { name: "llama3.1:8b" } })).text();
  assert.deepEqual(records.map(({ path, model }) => [path, model]), [
    ["/api/tags", undefined],
    ["/api/embed", "nomic-embed-text:latest"],
    ["/api/show", "llama3.1:8b"],
  ]);
  assert.equal(records[0]?.answerBytes, text.length);
});

Deno.test("a refusal is told with its code, and a model that is not allowed with no name", async () => {
  const { ask, records, ollama } = openGateway();
  await refused(ask("/api/chat", { body: { ...CHAT, model: "secret:1" } }), "model_not_allowed");
  ollama.script = () => new Response("", { status: 500 });
  await refused(ask("/api/chat", { body: CHAT }), "upstream_failed");
  assert.deepEqual(
    records.map(({ model, code, hasAnswer, firstByteMs, waitedMs }) => [
      model,
      code,
      hasAnswer,
      firstByteMs,
      waitedMs,
    ]),
    [
      [undefined, "model_not_allowed", false, undefined, undefined],
      ["llama3.1:8b", "upstream_failed", false, undefined, 0],
    ],
  );
  assert.doesNotMatch(JSON.stringify(records), /secret/);
});

Deno.test("an answer that breaks off, and a client that leaves, are told as such", async () => {
  const { ask, records, ollama } = openGateway();
  const streams = [manualStream(), manualStream()];
  let asked = 0;
  ollama.script = () => streams[asked++]?.response ?? assert.fail();
  for (const stream of streams) stream.write('{"message":{"content":"The"},"done":false}\n');
  const broken = await ask("/api/chat", { body: CHAT });
  streams[0]?.fail();
  const text = await broken.text();
  await (await ask("/api/chat", { body: CHAT })).body?.cancel();
  assert.deepEqual(records.map(({ code, hasLeft, hasAnswer }) => [code, hasLeft, hasAnswer]), [
    ["upstream_failed", false, true],
    [undefined, true, true],
  ]);
  assert.equal(records[0]?.answerBytes, text.length);
});

Deno.test("the time in the queue is told, also of who gives up in it", async () => {
  const { ask, records, ollama, clock, gateway } = openGateway({
    settings: { maxConcurrent: 1, queue: 2 },
  });
  const stream = manualStream();
  ollama.script = () => stream.response;
  stream.write('{"message":{"content":"The"},"done":false}\n');
  const first = await ask("/api/chat", { body: CHAT });
  const left = new AbortController();
  const second = ask("/api/chat", { body: CHAT, signal: left.signal });
  const third = ask("/api/chat", { body: CHAT });
  await settle();
  assert.deepEqual(gateway.slots(), { taken: 1, free: 0, waiting: 2 });
  clock.advance(2_000);
  left.abort();
  await assert.rejects(second);
  clock.advance(1_000);
  ollama.script = undefined;
  await first.body?.cancel();
  await (await third).text();
  assert.deepEqual(records.map(({ waitedMs, hasLeft }) => [waitedMs, hasLeft]), [
    [2_000, true],
    [0, true],
    [3_000, false],
  ]);
});

const RECORD: RequestRecord = {
  requestId: REQUEST_ID,
  keyId: KEY_ID,
  path: "/api/chat",
  model: "llama3.1:8b",
  hasAnswer: true,
  hasLeft: false,
  code: undefined,
  durationMs: 1234.5,
  firstByteMs: 99.6,
  waitedMs: 0.2,
  promptTokens: 11,
  outputTokens: 6,
  bodyBytes: 70,
  answerBytes: 900,
};
const LINE = {
  time: "2026-01-31T12:00:00.000Z",
  requestId: REQUEST_ID,
  keyId: KEY_ID,
  model: "llama3.1:8b",
  path: "/api/chat",
  status: 200,
  outcome: "ok",
  durationMs: 1235,
  firstByteMs: 100,
  waitedMs: 0,
  promptTokens: 11,
  outputTokens: 6,
  bodyBytes: 70,
  answerBytes: 900,
};
const LINES: [what: string, changes: Partial<RequestRecord>, line: object][] = [
  ["an answer", {}, {}],
  ["an answer that broke off", { code: "upstream_failed" }, { outcome: "upstream_failed" }],
  [
    "a refusal",
    { hasAnswer: false, code: "rate_limited", firstByteMs: undefined, waitedMs: undefined },
    { status: 429, outcome: "rate_limited", firstByteMs: null, waitedMs: null },
  ],
  ["no model", { model: undefined }, { model: null }],
  ["a client that left", { hasLeft: true }, { outcome: "left" }],
  ["one that left early", { hasLeft: true, hasAnswer: false }, { outcome: "left", status: null }],
];
for (const [what, changes, line] of LINES) {
  Deno.test(`the line of ${what}`, () => {
    const text = requestLine({ ...RECORD, ...changes }, {
      wallMs: Date.UTC(2026, 0, 31, 12),
      statusOf: (code) => code === "rate_limited" ? 429 : 500,
    });
    assert.deepEqual(JSON.parse(text), { ...LINE, ...line });
    assert.doesNotMatch(text, /\n/);
  });
}
