// The streams of the Responses and the Messages API: each event has a name and a type, an error is
// an event of its own, and what an answer came to is told by events of both ends.

import assert from "node:assert/strict";
import type { StreamFormat } from "../../../src/features/models/stream_frames.ts";
import { manualStream, PROMPT_TOKENS, WORDS } from "../../support/fake_ollama.ts";
import { messageEvents, namedEvent, responseEvents } from "../../support/fake_ollama_events.ts";
import { CHAT, openGateway, REQUEST_ID, settle, type World } from "./gateway_world.ts";

type Named = Extract<StreamFormat, "responses" | "messages">;

const SAID = { model: CHAT.model, words: WORDS, promptTokens: PROMPT_TOKENS };
const EVENTS: Record<Named, string[]> = {
  responses: responseEvents(SAID),
  messages: messageEvents(SAID),
};
const DELTA: Record<Named, string> = {
  responses: namedEvent({ type: "response.output_text.delta", delta: "x" }),
  messages: namedEvent({ type: "content_block_delta", delta: { type: "text_delta", text: "x" } }),
};
const FAILED = "The model server failed";
const ERROR = { code: "upstream_failed", message: FAILED, request_id: REQUEST_ID };
const ERROR_EVENT: Record<Named, string> = {
  responses: namedEvent({
    type: "error",
    code: "upstream_failed",
    message: FAILED,
    param: null,
    error: ERROR,
  }),
  messages: namedEvent({
    type: "error",
    error: { type: "api_error", ...ERROR },
    request_id: REQUEST_ID,
  }),
};

async function streamed(
  format: Named,
  texts: readonly string[],
  { breaksOff = false } = {},
): Promise<{ text: string; world: World }> {
  const world = openGateway();
  const stream = manualStream("text/event-stream");
  world.ollama.script = () => stream.response;
  const asking = world.ask(`/v1/${format}`, { body: { ...CHAT, stream: true } });
  for (const text of texts) stream.write(text);
  const reading = (await asking).text();
  await settle();
  // The gateway may have left already.
  if (breaksOff) stream.fail();
  else await Promise.resolve().then(() => stream.end()).catch(() => {});
  return { text: await reading, world };
}

// What a stream says after its first delta, that nobody may read.
const FAULTS: Record<Named, string[]> = {
  responses: [
    namedEvent({ type: "error", message: "/root" }),
    namedEvent({ type: "response.failed", response: { error: null, secret: "/root" } }),
    namedEvent({ type: "response.completed", response: { error: { message: "/root" } } }),
    "event: response.created\ndata: /root\n\n",
    'event: /root\ndata: {"type":"response.created"}\n\n',
    'data: {"error":"/root"}\n\n',
    "retry: /root\n\n",
  ],
  messages: [
    namedEvent({ type: "error", error: { type: "api_error", message: "/root" } }),
    'event: ping\ndata: {"type":"error","message":"/root"}\n\n',
    'event: /root\ndata: {"type":"ping"}\n\n',
    "event: ping\ndata: [DONE]\n\n",
    "id: /root\n\n",
  ],
};

for (const format of ["responses", "messages"] as const) {
  Deno.test(`${format}: a whole stream goes through letter for letter and is counted`, async () => {
    const { text, world } = await streamed(format, EVENTS[format]);
    assert.equal(text, EVENTS[format].join(""));
    const [outcome] = world.outcomes;
    assert.deepEqual(
      [outcome?.promptTokens, outcome?.outputTokens, outcome?.isError],
      [PROMPT_TOKENS, WORDS.length, false],
    );
  });

  for (const fault of FAULTS[format]) {
    Deno.test(`${format}: ${JSON.stringify(fault).slice(0, 60)} ends the stream`, async () => {
      const { text, world } = await streamed(format, [DELTA[format], fault]);
      assert.equal(text, DELTA[format] + ERROR_EVENT[format]);
      assert.doesNotMatch(text, /root/);
      assert.equal(world.outcomes[0]?.isError, true);
    });
  }

  Deno.test(`${format}: a stream that ends before its last event is told of and counted so far`, async () => {
    for (const breaksOff of [false, true]) {
      const texts = EVENTS[format].slice(0, -2);
      const { text, world } = await streamed(format, texts, { breaksOff });
      assert.equal(text, texts.join("") + ERROR_EVENT[format]);
      assert.equal(world.outcomes[0]?.outputTokens, WORDS.length);
    }
  });
}

Deno.test("messages: the prompt is the one of the first event, or of a later one that tells it", async () => {
  const begin = (tokens: number): string =>
    namedEvent({ type: "message_start", message: { usage: { input_tokens: tokens } } });
  const end = (usage: object): string[] => [
    namedEvent({ type: "message_delta", usage }),
    namedEvent({ type: "message_stop" }),
  ];
  const ROWS: [texts: string[], counted: number[]][] = [
    [[begin(5), DELTA.messages, ...end({ output_tokens: 3 })], [5, 3]],
    [[begin(0), DELTA.messages, ...end({ input_tokens: 7, output_tokens: 3 })], [7, 3]],
    [[begin(5), DELTA.messages, namedEvent({ type: "message_stop" })], [5, 1]],
  ];
  for (const [texts, counted] of ROWS) {
    const { world } = await streamed("messages", texts);
    const [outcome] = world.outcomes;
    assert.deepEqual([outcome?.promptTokens, outcome?.outputTokens], counted);
  }
});
