import assert from "node:assert/strict";
import { FUZZ_SEED, SEED_NOTE } from "../support/fuzz_seed.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { asJsonObject, parseJsonObject, rawMember } from "../../src/base/json.ts";

const OBJECTS: [string, object][] = [
  ["{}", {}],
  [' \n{"a":[1]}\t', { a: [1] }],
  ['{"a":1,"a":2}', { a: 2 }],
];
for (const [text, object] of OBJECTS) {
  Deno.test(`parseJsonObject() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseJsonObject(text), object);
  });
}

const NO_OBJECTS = [
  "",
  " ",
  "null",
  "[]",
  "[{}]",
  '"{}"',
  "1",
  "true",
  "{",
  "{}{}",
  "{a:1}",
  "\ufeff{}",
];
for (const text of NO_OBJECTS) {
  Deno.test(`parseJsonObject() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseJsonObject(text), undefined);
  });
}

Deno.test("parseJsonObject() keeps a member __proto__ a plain member", () => {
  const object = parseJsonObject('{"__proto__":{"v":1}}');
  assert.ok(object !== undefined);
  assert.equal(object["v"], undefined);
  assert.deepEqual(Object.keys(object), ["__proto__"]);
});

Deno.test("parseJsonObject() survives any nesting", () => {
  const nested = "[".repeat(30_000) + "]".repeat(30_000);
  assert.ok(parseJsonObject(`{"x":${nested}}`) !== undefined);
  assert.equal(parseJsonObject("[".repeat(30_000)), undefined);
});

Deno.test("asJsonObject() takes objects only", () => {
  const object = { a: 1 };
  assert.equal(asJsonObject(object), object);
  for (const value of [null, undefined, [], [object], "{}", 1, true]) {
    assert.equal(asJsonObject(value), undefined);
  }
});

const SCALARS = [
  "1",
  "1.0",
  "1E5",
  "1e+05",
  "-0",
  "0.10",
  "12345678901234567890",
  "-12345678901234567890",
  "1e999",
  '"text"',
  '"a\\u0041\\n"',
  '""',
  "null",
  "true",
  "false",
];
for (const source of SCALARS) {
  Deno.test(`rawMember() gives the exact text ${source}`, () => {
    assert.equal(rawMember(`{"id":${source}}`, "id"), source);
    assert.equal(rawMember(` { "x" : 1 , "id" : ${source} } `, "id"), source);
  });
}

const MEMBERS: [string, string, string | undefined][] = [
  ["a missing member", '{"a":1}', undefined],
  ["an object", '{"id":{}}', undefined],
  ["an array", '{"id":[1.0]}', undefined],
  ["a name in other case", '{"ID":1}', undefined],
  ["a name in an object alone", '{"p":{"id":1.0}}', undefined],
  ["a name in an array alone", '{"p":[{"id":1.0}]}', undefined],
  ["a name within its own value", '{"id":{"id":1.0}}', undefined],
  ["a nested name in front", '{"p":{"id":1.0},"id":2.0}', "2.0"],
  ["a nested name behind", '{"id":2.0,"p":[{"id":1.0}]}', "2.0"],
  ["a name twice", '{"id":1.0,"id":2.0}', "2.0"],
  ["a name twice around another", '{"id":1.0,"p":{"id":3.0},"id":2.0}', "2.0"],
  ["a name twice, an object last", '{"id":1.0,"id":{}}', undefined],
  ["a name twice, an object first", '{"id":{},"id":1.0}', "1.0"],
  ["an escaped name", '{"\\u0069d":1.0}', "1.0"],
  ["a name under __proto__", '{"__proto__":{"id":1.0}}', undefined],
  ["an array with a member", '["id"]', undefined],
  ["a scalar", "1.0", undefined],
];
for (const [name, text, expected] of MEMBERS) {
  Deno.test(`rawMember() of ${name} is ${expected}`, () => {
    assert.equal(rawMember(text, "id"), expected);
  });
}

Deno.test("rawMember() finds names that every object inherits only where they are", () => {
  assert.equal(rawMember("{}", "toString"), undefined);
  assert.equal(rawMember('{"toString":1.0}', "toString"), "1.0");
  assert.equal(rawMember('{"":1.0}', ""), "1.0");
  assert.equal(rawMember("1.0", ""), undefined);
});

Deno.test("rawMember() comes to an end on text that stops early", () => {
  for (const text of ["", "{", '{"a":1', '{"a":[']) {
    assert.equal(rawMember(text, "id"), undefined);
  }
});

Deno.test(`rawMember() finds what JSON.parse() finds, whatever stands around it ${SEED_NOTE}`, () => {
  const random = seededRandom(FUZZ_SEED);
  const pick = (from: readonly string[]): string => from[(random(1)[0] ?? 0) % from.length] ?? "";
  const keys = ['"id"', '"\\u0069d"', '"i\\"d"', '"id\\\\"', '"ID"', '""', '"]{"'];
  const values = ["1.0", '"a"', '"\\"}"', "null", "-1E+5", '{"id":2}', '[1,"]",{}]', "[]", "{}"];
  const spaces = ["", " ", "\n", "\t\r\n"];
  const member = (): string =>
    [spaces, keys, spaces, [":"], spaces, values, spaces].map(pick).join("");
  for (let i = 0; i < 2000; i++) {
    const members = Array.from({ length: (random(1)[0] ?? 0) % 5 }, member);
    const text = `${pick(spaces)}{${members.join(",") || pick(spaces)}}${pick(spaces)}`;
    const { id } = JSON.parse(text);
    const raw = rawMember(text, "id");
    if (typeof id === "object" && id !== null) assert.equal(raw, undefined, text);
    else assert.deepEqual(raw === undefined ? undefined : JSON.parse(raw), id, text);
  }
});
