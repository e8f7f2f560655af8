import assert from "node:assert/strict";
import {
  checkRunRequest,
  MAX_RUN_CHARACTERS,
  MAX_UID_CHARACTERS,
} from "../../../src/features/actions/run_text.ts";
import { AppError } from "../../../src/base/app_error.ts";

const TAKEN = [
  "a",
  "  spaces  ",
  "-rf",
  "$(id) `id` ; rm & | > < * ? ~ ' \"",
  "../../etc/passwd",
  "ünïcödé 🎮",
  "x".repeat(MAX_RUN_CHARACTERS),
  "🎮".repeat(MAX_RUN_CHARACTERS),
];
for (const text of TAKEN) {
  Deno.test(`checkRunRequest() takes ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.deepEqual(checkRunRequest({ text }), { text, uid: undefined });
    assert.deepEqual(checkRunRequest({ text, uid: "04:a2" }), { text, uid: "04:a2" });
  });
}

const REFUSED: [string, string][] = [
  ["", "text: expected a text to run"],
  ["x".repeat(MAX_RUN_CHARACTERS + 1), "text: expected at most 2048 characters"],
  ["🎮".repeat(MAX_RUN_CHARACTERS + 1), "text: expected at most 2048 characters"],
  ["x".repeat(MAX_RUN_CHARACTERS * 2 + 1), "text: expected at most 2048 characters"],
  ...["\0", "\n", "\r", "\t", "\u001b", "\u007f", "\u0085", "\u009f", "\u2028", "\u2029", "\ud800"]
    .map((bad): [string, string] => [
      `a${bad}b`,
      "text: expected one line without control characters",
    ]),
];
for (const [text, message] of REFUSED) {
  Deno.test(`checkRunRequest() refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => checkRunRequest({ text }), (error) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual([error.code, error.message], ["bad_request", message]);
      return true;
    });
  });
}

Deno.test("checkRunRequest() looks at the id of a tag too", () => {
  const uid = "u".repeat(MAX_UID_CHARACTERS);
  assert.equal(checkRunRequest({ text: "a", uid }).uid, uid);
  for (const bad of [`${uid}u`, "a\nb", "\0"]) {
    assert.throws(() => checkRunRequest({ text: "a", uid: bad }), /^AppError: uid: expected/);
  }
});
