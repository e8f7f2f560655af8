// Arrays in pieces.

import assert from "node:assert/strict";
import {
  MAX_ARRAY_OBJECT_CHARS,
  splitJsonArray,
} from "../../../src/features/library/json_array.ts";

async function split(text: string, size: number): Promise<string[]> {
  async function* pieces(): AsyncGenerator<string> {
    await Promise.resolve();
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }
  const objects: string[] = [];
  for await (const object of splitJsonArray(pieces())) objects.push(object);
  return objects;
}

const ODD = [
  {},
  { a: '}{]["\\', b: { c: [{ d: "\\" }, []] } },
  { '\\"}': "ä\n", e: [[["]"]]] },
];

Deno.test("splitJsonArray() gives every object whole, however it comes", async () => {
  for (const space of [0, 4]) {
    const text = JSON.stringify(ODD, null, space);
    for (let size = 1; size <= text.length; size++) {
      assert.deepEqual((await split(text, size)).map((object) => JSON.parse(object)), ODD);
    }
  }
  assert.deepEqual(await split("\ufeff [ ] \n", 1), []);
});

Deno.test("splitJsonArray() leaves out an object that is too long, and goes on", async () => {
  const longest = JSON.stringify({ a: "x".repeat(MAX_ARRAY_OBJECT_CHARS - 8) });
  assert.equal(longest.length, MAX_ARRAY_OBJECT_CHARS);
  const text = `[${longest},${longest.replace("x", "xx")},{}]`;
  for (const size of [1_000, text.length]) {
    assert.deepEqual(await split(text, size), [longest, "{}"]);
  }
});

for (const text of ["", "{}", "[", "[{", '[{"a":"}', "[{}", "[1]", "[null]", "[{}] {}", "<html>"]) {
  Deno.test(`splitJsonArray() refuses ${JSON.stringify(text)}`, async () => {
    await assert.rejects(split(text, 2), SyntaxError);
  });
}
