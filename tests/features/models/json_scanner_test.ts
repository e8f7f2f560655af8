// The scanner alone; what it takes and refuses of bodies is in request_body_test.ts.

import assert from "node:assert/strict";
import { JsonScanner, MAX_PICKED_BYTES } from "../../../src/features/models/json_scanner.ts";

function scan(text: string, wanted: readonly string[]): JsonScanner {
  const scanner = new JsonScanner(wanted);
  assert.equal(scanner.push(new TextEncoder().encode(text)), text.trimEnd().length);
  assert.equal(scanner.isComplete, true);
  return scanner;
}

Deno.test("members are picked by their path, the last of each name, and counted", () => {
  const text = '{"a":1,"b":{"a":"x","c":{"a":2}},"A":true,"d":[{"a":3}],"a":null} ';
  const scanner = scan(text, ["a", "b.a", "b.c", "d.a", "e"]);
  assert.deepEqual(scanner.picked("a"), { count: 3, value: null });
  assert.deepEqual(scanner.picked("b.a"), { count: 1, value: "x" });
  assert.deepEqual(scanner.picked("b.c"), { count: 1, value: undefined });
  assert.equal(scanner.picked("d.a"), undefined);
  assert.equal(scanner.picked("e"), undefined);
});

Deno.test("elements of a list are no members, whatever stood there before", () => {
  const scanner = scan('{"b":{"a":1},"c":[2,"x"],"c":[[3]]}', ["c.a"]);
  assert.equal(scanner.picked("c.a"), undefined);
});

Deno.test("a value over its length is picked without its text", () => {
  for (
    const [length, isKept] of [[MAX_PICKED_BYTES - 2, true], [MAX_PICKED_BYTES - 1, false]] as const
  ) {
    const value = "x".repeat(length);
    const scanner = scan(`{"a":"${value}"}`, ["a"]);
    assert.deepEqual(scanner.picked("a"), { count: 1, value: isKept ? value : undefined });
  }
});
