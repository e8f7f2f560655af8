// The last frame of a stream that broke off, in each format and style, as the gateway sends it.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import type { ErrorStyle } from "../../../src/features/models/client_errors.ts";
import { errorFrame } from "../../../src/features/models/error_frame.ts";
import { manualStream } from "../../support/fake_ollama.ts";
import { CHAT, openGateway, REQUEST_ID } from "./gateway_world.ts";

const SANITIZED = {
  code: "upstream_failed",
  message: "The model server failed",
  request_id: REQUEST_ID,
};
const CHUNK = 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n';
const LINE = '{"message":{"content":"x"},"done":false}\n';
const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n';
const ROWS: [path: string, style: ErrorStyle, contentType: string, first: string, last: object][] =
  [
    ["/v1/chat/completions", "sanitized", "text/event-stream", CHUNK, { error: SANITIZED }],
    ["/v1/chat/completions", "client", "text/event-stream", CHUNK, {
      error: { ...SANITIZED, type: "api_error", param: null },
    }],
    ...(["sanitized", "client"] as const).flatMap((style): typeof ROWS => [
      ["/api/chat", style, "application/x-ndjson", LINE, {
        error: SANITIZED.message,
        code: SANITIZED.code,
        request_id: REQUEST_ID,
      }],
      ["/v1/messages", style, "text/event-stream", DELTA, {
        type: "error",
        error: { ...SANITIZED, type: "api_error" },
        request_id: REQUEST_ID,
      }],
    ]),
  ];
for (const [path, errorStyle, contentType, first, last] of ROWS) {
  Deno.test(`${path} ends with an error in the style ${errorStyle} where it breaks off`, async () => {
    const world = openGateway({ settings: { errorStyle } });
    const stream = manualStream(contentType);
    world.ollama.script = () => stream.response;
    stream.write(first);
    const answer = await world.ask(path, { body: { ...CHAT, stream: true } });
    stream.write(first.replace(/\{.*\}/, '{"error":"/root/.ollama died"}'));
    const text = await answer.text();
    assert.ok(text.startsWith(first));
    assert.deepEqual(JSON.parse(/(\{.*\})\n+$/.exec(text)?.[1] ?? ""), last);
  });
}

Deno.test("the type of an error in a stream is that of its code", () => {
  const options = { style: "client", requestId: REQUEST_ID } as const;
  const ended = new AppError("unauthorized", "The API key has ended");
  for (const format of ["chunks", "messages"] as const) {
    const text = new TextDecoder().decode(errorFrame(ended, { ...options, format }));
    assert.match(text, /"type":"authentication_error"/);
  }
});
