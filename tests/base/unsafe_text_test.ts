import assert from "node:assert/strict";
import { escapeUnsafe } from "../../src/base/unsafe_text.ts";

const ESCAPES: [text: string, kept: string, expected: string][] = [
  ["", "", ""],
  ["Ann's phone, 電話 📱 ש é", "", "Ann's phone, 電話 📱 ש é"],
  ["a\u202eb", "", "a\\u202eb"],
  ["a\nb\tc", "", "a\\u000ab\\u0009c"],
  ["a\nb\tc\u001b[2J", "\n\t", "a\nb\tc\\u001b[2J"],
  ["\u{e0041}", "", "\\udb40\\udc41"],
  ["\u{e0041}", "\n", "\\udb40\\udc41"],
  ["\udc41", "", "\\udc41"],
];
for (const [text, kept, expected] of ESCAPES) {
  Deno.test(`escapeUnsafe() writes ${expected || "nothing"}, keeping ${JSON.stringify(kept)}`, () => {
    assert.equal(escapeUnsafe(text, kept), expected);
  });
}

Deno.test("escapeUnsafe() leaves JSON the same JSON", () => {
  const value = { name: "\u202e\u009b\u{e0041}\ud800\n" };
  const text = escapeUnsafe(JSON.stringify(value, null, 2), "\n");
  assert.match(text, /^[ -~\n]*$/);
  assert.deepEqual(JSON.parse(text), value);
});
