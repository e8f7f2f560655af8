import assert from "node:assert/strict";
import { compileRunPatterns, isRunPattern } from "../../../src/features/actions/run_patterns.ts";

const ROWS: [pattern: string, text: string, expected: boolean][] = [
  ["hello", "hello", true],
  ["hello", "hello!", false],
  ["hello", "ahello", false],
  ["hello", "hello\n", false],
  ["hello", "\nhello", false],
  ["hello", "hello\nhello", false],
  ["hello", "Hello", false],
  ["(?i)hello", "HELLO", true],
  ["a|b", "b", true],
  ["a|b", "ab", false],
  ["a|b", "bx", false],
  ["^a$|.", "ab", false],
  ["(?m)^a$", "a\nb", false],
  ["(?m)^a$", "a", true],
  ["a.*", "a\nb", false],
  ["(?s)a.*", "a\nb", true],
  [".*", "", true],
  ["", "", true],
  ["", "x", false],
  ["games/[a-z]+", "games/nes", true],
  ["games/[a-z]+", "games/../etc", false],
  ["\\*\\*stop", "**stop", true],
  ["\\p{Greek}+", "αβγ", true],
  [".", "😀", true],
  ["caf\u00e9", "cafe\u0301", false],
];
for (const [pattern, text, expected] of ROWS) {
  const verb = expected ? "lets" : "keeps";
  Deno.test(`${JSON.stringify(pattern)} ${verb} ${JSON.stringify(text)} ${expected ? "in" : "out"}`, () => {
    assert.equal(compileRunPatterns([pattern])(text), expected);
  });
}

Deno.test("no pattern lets nothing in", () => {
  const isAllowed = compileRunPatterns([]);
  assert.deepEqual(["", "x"].map(isAllowed), [false, false]);
});

Deno.test("one of several patterns must match the whole text", () => {
  const isAllowed = compileRunPatterns(["a", "b+"]);
  assert.deepEqual(["a", "bbb", "ab"].map(isAllowed), [true, true, false]);
});

Deno.test("a pattern gives the same verdict every time", () => {
  const isAllowed = compileRunPatterns(["a+"]);
  assert.deepEqual(["aa", "b", "aa", "aa"].map(isAllowed), [true, false, true, true]);
});

// A backtracking engine needs longer than the universe has for each of these.
const SLOW_ELSEWHERE: [string, string][] = [
  ["(a+)+$", `${"a".repeat(50_000)}b`],
  ["(a|aa)+", `${"a".repeat(50_000)}b`],
  ["(.*)*x", "a".repeat(50_000)],
];
for (const [pattern, text] of SLOW_ELSEWHERE) {
  Deno.test(`${pattern} comes to an end`, () => {
    assert.equal(compileRunPatterns([pattern])(text), false);
  });
}

Deno.test("(a+)+$ lets 50,000 a in", () => {
  assert.equal(compileRunPatterns(["(a+)+$"])("a".repeat(50_000)), true);
});

for (const pattern of ["a", "", "(?i)x", "[a-z]{1,1000}"]) {
  Deno.test(`isRunPattern() takes ${JSON.stringify(pattern)}`, () => {
    assert.equal(isRunPattern(pattern), true);
  });
}
for (const pattern of ["(", "[", "*", "a{2,1}", "(?=a)", "(?<!a)b", "(a)\\1", "a{1001}", "\\"]) {
  Deno.test(`isRunPattern() refuses ${pattern}, and compileRunPatterns() throws`, () => {
    assert.equal(isRunPattern(pattern), false);
    assert.throws(() => compileRunPatterns(["a", pattern]));
  });
}
