import assert from "node:assert/strict";
import { safeText } from "../../../src/features/screen/safe_text.ts";

const UNSAFE: [string, string][] = [
  ["a NUL", "\0"],
  ["a line end", "\n"],
  ["a carriage return", "\r"],
  ["a tab", "\t"],
  ["an escape", "\x1b"],
  ["a delete", "\x7f"],
  ["a control of the upper half", "\x9b"],
  ["a soft hyphen", "\u00ad"],
  ["a zero-width space", "\u200b"],
  ["a joiner", "\u200d"],
  ["a turn to the right", "\u202e"],
  ["an isolate", "\u2066"],
  ["a line separator", "\u2028"],
  ["a paragraph separator", "\u2029"],
  ["a byte order mark", "\ufeff"],
  ["an invisible tag", "\u{e0041}"],
  ["a character of private use", "\ue000"],
  ["a mark of direction", "\u200f"],
  ["an Arabic mark of direction", "\u061c"],
  ["a Hangul filler", "\u3164"],
  ["half a surrogate pair", "\ud83d"],
];
for (const [what, text] of UNSAFE) {
  Deno.test(`safeText() makes ${what} visible`, () => {
    assert.equal(safeText(`a${text}b`), "a\ufffdb");
    assert.equal(safeText(text.repeat(3)), "\ufffd\ufffd\ufffd");
  });
}

for (const text of ["", "Ann's phone", "a  b", "Телефон", "電話", "📱🔑", "e\u0301", "ש", "<b>&"]) {
  Deno.test(`safeText() leaves ${JSON.stringify(text)} as it is`, () => {
    assert.equal(safeText(text), text);
  });
}

const CUTS: [string, number | undefined, string][] = [
  ["x".repeat(64), undefined, "x".repeat(64)],
  ["x".repeat(65), undefined, `${"x".repeat(63)}…`],
  ["abcde", 5, "abcde"],
  ["abcdef", 5, "abcd…"],
  ["📱📱📱", 3, "📱📱📱"],
  ["📱📱📱📱", 3, "📱📱…"],
  ["\n\n\n\n", 3, "\ufffd\ufffd…"],
];
for (const [text, limit, expected] of CUTS) {
  Deno.test(`safeText() cuts ${JSON.stringify(text)} to ${limit ?? "its default"}`, () => {
    assert.equal(safeText(text, limit), expected);
  });
}
