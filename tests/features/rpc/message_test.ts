import assert from "node:assert/strict";
import {
  encodeError,
  encodeNotification,
  encodeResult,
  ENCRYPTION_REQUIRED_MESSAGE,
  MAX_NESTING,
  parseRpcMessage,
  RPC_ERRORS,
  UNSUPPORTED_VERSION_MESSAGE,
} from "../../../src/features/rpc/message.ts";
import vectors from "../../vectors/v1.json" with { type: "json" };

const NO_JSON = { kind: "invalid", error: RPC_ERRORS.parse, id: null };
const NO_REQUEST = { kind: "invalid", error: RPC_ERRORS.invalidRequest, id: null };
const REQUEST = { kind: "request", method: "m", params: undefined, id: "1" };

const MESSAGES: [string, string, object][] = [
  ["text that is not JSON", "{", NO_JSON],
  ["the empty text", "", NO_JSON],
  ["white space", " \n", NO_JSON],
  ["two objects", '{"jsonrpc":"2.0","method":"m","id":1}{}', NO_JSON],
  ["a byte order mark", '\ufeff{"jsonrpc":"2.0","method":"m","id":1}', NO_JSON],
  ["nesting over the limit", nested(MAX_NESTING + 1), NO_JSON],
  ["a million brackets", "[".repeat(1_000_000), NO_JSON],
  ["an array", '[{"jsonrpc":"2.0","method":"m","id":1}]', NO_REQUEST],
  ["an empty array", "[]", NO_REQUEST],
  ["a number", "5", NO_REQUEST],
  ["a string", '"ping"', NO_REQUEST],
  ["true", "true", NO_REQUEST],
  ["null", "null", NO_REQUEST],
  ["no jsonrpc", '{"method":"m","id":1.0}', { ...NO_REQUEST, id: "1.0" }],
  ["jsonrpc 1.0", '{"jsonrpc":"1.0","method":"m","id":"a"}', { ...NO_REQUEST, id: '"a"' }],
  ["jsonrpc as a number", '{"jsonrpc":2.0,"method":"m","id":true}', { ...NO_REQUEST, id: "true" }],
  ["a wrong jsonrpc without id", '{"jsonrpc":"1.0","method":"m"}', NO_REQUEST],
  ["a wrong jsonrpc, id an array", '{"jsonrpc":"1.0","method":"m","id":[1]}', NO_REQUEST],
  [
    "jsonrpc only in __proto__",
    '{"__proto__":{"jsonrpc":"2.0"},"method":"m","id":1}',
    { ...NO_REQUEST, id: "1" },
  ],
  ["an id absent", '{"jsonrpc":"2.0","method":"m"}', { kind: "notification" }],
  ["a request", '{"jsonrpc":"2.0","method":"m","id":1}', REQUEST],
  ["white space around it", '\r\n {"jsonrpc":"2.0","method":"m","id":1}\t', REQUEST],
  ["members it does not know", '{"jsonrpc":"2.0","method":"m","id":1,"x":[]}', REQUEST],
  ["params null", request('"params":null'), { ...REQUEST, params: null }],
  ["params an object", request('"params":{"id":7.0}'), { ...REQUEST, params: { id: 7 } }],
  ["params an array", request('"params":[1]'), { ...REQUEST, params: [1] }],
  ["id an object", '{"jsonrpc":"2.0","method":"m","id":{"id":1}}', NO_REQUEST],
  ["id an array", '{"jsonrpc":"2.0","method":"m","id":[1]}', NO_REQUEST],
  ["id an array, method absent", '{"jsonrpc":"2.0","id":[1]}', NO_REQUEST],
  ["method absent", '{"jsonrpc":"2.0","id":1,"result":{}}', { kind: "response" }],
  ["method absent, id null", '{"jsonrpc":"2.0","id":null,"error":{}}', { kind: "response" }],
  ["method and id absent", '{"jsonrpc":"2.0"}', NO_REQUEST],
  ["an empty object", "{}", NO_REQUEST],
  [
    "method not a string",
    '{"jsonrpc":"2.0","method":1,"id":1e2}',
    { ...NO_REQUEST, id: "1e2" },
  ],
  ["method null", '{"jsonrpc":"2.0","method":null,"id":1}', { ...NO_REQUEST, id: "1" }],
  ["method not a string, id absent", '{"jsonrpc":"2.0","method":["m"]}', NO_REQUEST],
];
for (const [name, text, expected] of MESSAGES) {
  Deno.test(`parseRpcMessage() sorts out ${name}`, () => {
    assert.deepEqual(parseRpcMessage(text), expected);
  });
}

const IDS = [
  ...["0", "1", "-1", "1.0", "1.50", "1E5", "1e+5", "-0", "-0.0", "1e999", "5e-400"],
  ...["9007199254740993", "12345678901234567890", "0.1000000000000000055511151231257827"],
  ...["null", "true", "false"],
  ...['""', '"a"', '"\\u0041"', '"A\\/\\n"', '"\\ud83d\\ude00"', '"\\ud800"', '"é😀"', '"},\\""'],
];
for (const id of IDS) {
  Deno.test(`parseRpcMessage() keeps the exact text of the id ${id}`, () => {
    const texts = [
      `{"jsonrpc":"2.0","method":"m","id":${id}}`,
      `{"id" : ${id} ,"params":{"id":[8,{"id":9}]},"method":"m","jsonrpc":"2.0"}`,
      `{"id":7,"jsonrpc":"2.0","\\u0069d":\n${id},"method":"m","__proto__":{"id":8}}`,
    ];
    for (const text of texts) {
      const message = parseRpcMessage(text);
      assert.ok(message.kind === "request");
      assert.equal(message.id, id);
      assert.equal(encodeResult(message.id, 0), `{"jsonrpc":"2.0","id":${id},"result":0}`);
    }
  });
}

const ALLOWED_NESTING: [string, string][] = [
  ["nesting at the limit", nested(MAX_NESTING)],
  ["brackets in strings", request(`"params":{"x":"${"[{".repeat(100)}"}`)],
  ["brackets behind an escaped quote", request(`"params":{"x":"\\"${"[".repeat(100)}"}`)],
  ["brackets in a key", request(`"params":{"${"{".repeat(100)}":1}`)],
  ["many brackets side by side", request(`"params":[${Array(1000).fill("[{}]")}]`)],
];
for (const [name, text] of ALLOWED_NESTING) {
  Deno.test(`parseRpcMessage() takes ${name}`, () => {
    assert.equal(parseRpcMessage(text).kind, "request");
  });
}

const REFUSED_NESTING: [string, string][] = [
  ["a string that ends in a backslash", `"params":{"x":"\\\\","y":${"[".repeat(99)}${close(99)}}`],
  ["an empty string", `"params":{"x":"","y":${"[".repeat(99)}${close(99)}}`],
];
for (const [name, members] of REFUSED_NESTING) {
  Deno.test(`parseRpcMessage() counts the brackets after ${name}`, () => {
    assert.doesNotThrow(() => JSON.parse(request(members)));
    assert.deepEqual(parseRpcMessage(request(members)), NO_JSON);
  });
}

const RESULTS: [unknown, string][] = [
  [undefined, "null"],
  [null, "null"],
  [false, "false"],
  [0, "0"],
  ["", '""'],
  [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
];
for (const [result, json] of RESULTS) {
  Deno.test(`encodeResult() writes ${String(result)} as ${json}`, () => {
    assert.equal(encodeResult("1.0", result), `{"jsonrpc":"2.0","id":1.0,"result":${json}}`);
  });
}

const cycle: unknown[] = [];
cycle.push(cycle);
const NO_RESULTS: [string, unknown][] = [
  ["a cycle", cycle],
  ["a bigint", { a: 1n }],
  ["a function", () => 1],
  ["a symbol", Symbol("x")],
  ["a value that hides from JSON", { toJSON: () => undefined }],
];
for (const [name, result] of NO_RESULTS) {
  Deno.test(`encodeResult() refuses ${name}`, () => {
    assert.throws(() => encodeResult("1", result), TypeError);
  });
}

Deno.test("encodeError() writes code, message and data in this order", () => {
  const error = { data: { code: "gone" }, message: 'a "b"', code: 1 };
  const json = '{"code":1,"message":"a \\"b\\"","data":{"code":"gone"}}';
  assert.equal(encodeError('"x"', error), `{"jsonrpc":"2.0","id":"x","error":${json}}`);
});

Deno.test("encodeError() leaves data out where there is none and writes a missing id as null", () => {
  assert.equal(
    encodeError(null, RPC_ERRORS.parse),
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
  );
});

Deno.test("encodeNotification() writes no id", () => {
  const text = '{"jsonrpc":"2.0","method":"clients.paired","params":{"clientId":"c"}}';
  assert.equal(encodeNotification("clients.paired", { clientId: "c" }), text);
  assert.deepEqual(parseRpcMessage(text), { kind: "notification" });
});

Deno.test("encodeNotification() leaves params out where there are none", () => {
  assert.equal(encodeNotification("m", undefined), '{"jsonrpc":"2.0","method":"m"}');
});

const PLAINTEXT_ERRORS: Record<string, string> = {
  "encryption required": ENCRYPTION_REQUIRED_MESSAGE,
  "unsupported version": UNSUPPORTED_VERSION_MESSAGE,
};
Deno.test("vectors: both plaintext errors are there", () => {
  const cases = vectors.plaintext_errors.map((row) => row.case).sort();
  assert.deepEqual(cases, Object.keys(PLAINTEXT_ERRORS).sort());
});
for (const row of vectors.plaintext_errors) {
  Deno.test(`vectors: the plaintext error for ${row.case} says the same`, () => {
    assert.deepEqual(JSON.parse(PLAINTEXT_ERRORS[row.case] ?? ""), JSON.parse(row.frame));
  });
}

function request(members: string): string {
  return `{"jsonrpc":"2.0","method":"m","id":1,${members}}`;
}

// The object around it is one level.
function nested(depth: number): string {
  return request(`"params":${"[".repeat(depth - 1)}${close(depth - 1)}`);
}

function close(depth: number): string {
  return "]".repeat(depth);
}
