import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { JsonScanner } from "../../../src/features/models/json_scanner.ts";
import {
  BYTES_PER_TOKEN,
  MAX_WORD_BYTES,
  TextMeter,
} from "../../../src/features/models/text_meter.ts";

const PICTURE = "iVBORw0KGgo".repeat(100_000);
const LONG_TEXT = "a moon ".repeat(10_000);

// What a body counts, in bytes of text.
const ROWS: [what: string, body: object, bytes: number, scalars?: number][] = [
  ["no text", {}, 0],
  ["a text", { prompt: "x".repeat(400) }, 400],
  [
    "texts in each other",
    { messages: [{ role: "user", content: "four" }, { content: "word" }] },
    12,
  ],
  ["a long text", { prompt: LONG_TEXT }, LONG_TEXT.length],
  ["a long text without blanks of its own letters", { prompt: "\u6708".repeat(9_000) }, 27_000],
  ["a picture", { images: [PICTURE] }, MAX_WORD_BYTES],
  [
    "two pictures and a text",
    { images: [PICTURE, PICTURE], prompt: "what" },
    2 * MAX_WORD_BYTES + 4,
  ],
  [
    "a text after a picture",
    { images: [PICTURE], prompt: LONG_TEXT },
    MAX_WORD_BYTES + LONG_TEXT.length,
  ],
  ["lines", { prompt: "line\n".repeat(4000) }, 24_000 - 4000],
  ["tokens", { context: [1, 22, 333] }, 0, 3],
  ["a name and no model", { model: "llama3.1:8b" }, 0],
];
for (const [what, body, bytes, scalars = 0] of ROWS) {
  Deno.test(`TextMeter counts ${what}, in one piece and in many`, () => {
    const whole = utf8(JSON.stringify(body));
    for (const size of [whole.length, 7, 1000]) {
      const meter = new TextMeter();
      const scanner = new JsonScanner(["model"], { meter });
      for (let at = 0; at < whole.length; at += size) scanner.push(whole.subarray(at, at + size));
      assert.equal(meter.tokens, Math.ceil(bytes / BYTES_PER_TOKEN) + scalars, `pieces of ${size}`);
    }
  });
}
