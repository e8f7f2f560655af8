// Streams under a test's hand on their way through a gateway.

import assert from "node:assert/strict";
import { type ManualStream, manualStream } from "../../support/fake_ollama.ts";
import { openGateway, REQUEST_ID, SETTINGS, type World } from "./gateway_world.ts";

/** How a stream is written. */
export type Format = "ndjson" | "sse";
/** Both formats. */
export const FORMATS: readonly Format[] = ["ndjson", "sse"];
/** Their media types. */
export const MEDIA_TYPES = { ndjson: "application/x-ndjson", sse: "text/event-stream" };
/** A frame of each. */
export const FIRST = { ndjson: '{"done":false}\n', sse: 'data: {"choices":[{}]}\n\n' };
/** The last frame of each. */
export const LAST = { ndjson: '{"done":true}\n', sse: "data: [DONE]\n\n" };
/** How long the server may be silent. */
export const TIMEOUT_MS = SETTINGS.timeoutS * 1000;

/** The frame that tells of an error in each format. */
export function errorText(format: Format, code: string, message: string): string {
  return format === "ndjson"
    ? `${JSON.stringify({ error: message, code, request_id: REQUEST_ID })}\n`
    : `data: ${JSON.stringify({ error: { code, message, request_id: REQUEST_ID } })}\n\n`;
}

/** A gateway whose server streams what the test lets it say. */
export function openStream(format: Format): { world: World; stream: ManualStream } {
  const world = openGateway();
  const stream = manualStream(MEDIA_TYPES[format]);
  world.ollama.script = () => stream.response;
  return { world, stream };
}

/** Fails unless the one request is over and all is given back. */
export function assertOver({ gateway, outcomes, clock }: World, isError = true): void {
  assert.deepEqual(gateway.counts(), { requests: 0, heldBytes: 0 });
  assert.deepEqual(outcomes.map((outcome) => outcome.isError), [isError]);
  assert.equal(clock.timerCount, 0);
}
