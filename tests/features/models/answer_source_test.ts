// Reading an answer: into one buffer where the platform's body allows that, and as it comes else.

import assert from "node:assert/strict";
import { ANSWER_BUFFER_BYTES, AnswerSource } from "../../../src/features/models/upstream.ts";

const never = new AbortController().signal;

/** A byte stream as the platform's bodies are. */
function byteStream(
  pieces: readonly Uint8Array[],
): { body: ReadableStream<Uint8Array>; wasCancelled: () => boolean } {
  const left = [...pieces];
  let wasCancelled = false;
  const body = new ReadableStream({
    type: "bytes",
    pull: (controller) => {
      const view = controller.byobRequest?.view;
      assert.ok(view, "Read into a buffer");
      const piece = left.shift();
      if (piece === undefined) {
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      new Uint8Array(view.buffer, view.byteOffset).set(piece);
      controller.byobRequest?.respond(piece.length);
    },
    cancel: () => {
      wasCancelled = true;
    },
  });
  return { body, wasCancelled: () => wasCancelled };
}

async function readAll(source: AnswerSource): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await source.read();
    if (piece === undefined) return pieces;
    pieces.push(piece);
  }
}

const PIECES = [1, 150, 3, ANSWER_BUFFER_BYTES / 2, 7, ANSWER_BUFFER_BYTES, 9].map((length, n) =>
  new Uint8Array(length).fill(n + 1)
);

Deno.test("pieces stay as they were read, though their buffer is used again", async () => {
  const { body } = byteStream(PIECES);
  const read = await readAll(new AnswerSource(body, never));
  assert.deepEqual(
    read.map((piece) => [piece.length, piece[0], piece.at(-1)]),
    PIECES.map((piece) => [piece.length, piece[0], piece.at(-1)]),
  );
});

Deno.test("short pieces hold no more memory than their bytes", async () => {
  const { body } = byteStream(PIECES.slice(0, 3));
  const read = await readAll(new AnswerSource(body, never));
  assert.deepEqual(read.map(({ buffer }) => buffer.byteLength), [1, 150, 3]);
});

Deno.test("a body that is no byte stream is read as it comes", async () => {
  const body = ReadableStream.from(PIECES);
  const read = await readAll(new AnswerSource(body, never));
  assert.deepEqual(read, PIECES);
});

Deno.test("an answer ends with its request, in the midst of a read too", async () => {
  const abort = new AbortController();
  let wasCancelled = false;
  const body = new ReadableStream({
    type: "bytes",
    pull: () => new Promise<void>(() => {}),
    cancel: () => {
      wasCancelled = true;
    },
  });
  const source = new AnswerSource(body, abort.signal);
  const reading = source.read();
  abort.abort(new Error("left"));
  await assert.rejects(reading, /left/);
  assert.equal(wasCancelled, true);
  const late = byteStream(PIECES);
  await assert.rejects(new AnswerSource(late.body, abort.signal).read(), /left/);
  assert.equal(late.wasCancelled(), true);
});
