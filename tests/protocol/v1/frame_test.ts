import assert from "node:assert/strict";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { type Bytes, concatBytes, decodeBase64, utf8 } from "../../../src/base/bytes.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  parseBinaryFirstFrame,
  parseFrame,
  parseJsonFirstFrame,
} from "../../../src/protocol/v1/frame.ts";

const SALT = new Uint8Array(16).fill(9);
const CIPHERTEXT = new Uint8Array(16).fill(5);
const SALT_TEXT = "CQkJCQkJCQkJCQkJCQkJCQ==";
const CIPHERTEXT_TEXT = "BQUFBQUFBQUFBQUFBQUFBQ==";
const FIRST_TEXT = `{"v":1,"e":"${CIPHERTEXT_TEXT}","t":"token","s":"${SALT_TEXT}"}`;
const FIRST_JSON = {
  envelope: "json",
  version: 1,
  authToken: "token",
  salt: SALT,
  ciphertext: CIPHERTEXT,
};

Deno.test("encodeFirstFrame() writes v, e, t and s as JSON", () => {
  const options = { envelope: "json", authToken: "token", salt: SALT } as const;
  assert.equal(encodeFirstFrame(CIPHERTEXT, options), FIRST_TEXT);
});

const FIRST_FRAMES: [string, string, object][] = [
  ["an encoded one", FIRST_TEXT, {}],
  [
    "members in another order and more of them",
    `{"x":{},"s":"${SALT_TEXT}","t":"token","e":"${CIPHERTEXT_TEXT}","v":1}`,
    {},
  ],
  ["white space around it", ` ${FIRST_TEXT}\n`, {}],
  ["v 1.0", FIRST_TEXT.replace(":1,", ":1.0,"), {}],
  ["v 1e0", FIRST_TEXT.replace(":1,", ":1e0,"), {}],
  ["another version", FIRST_TEXT.replace(":1,", ":2,"), { version: 2 }],
  ["a far version", FIRST_TEXT.replace(":1,", ":9007199254740993,"), { version: 2 ** 53 }],
  ["a salt that is not base64", FIRST_TEXT.replace(SALT_TEXT, "?"), { salt: undefined }],
  ["a salt of another length", FIRST_TEXT.replace(SALT_TEXT, "CQ=="), { salt: Uint8Array.of(9) }],
  ["a salt in the URL alphabet", FIRST_TEXT.replace(SALT_TEXT, "__8="), { salt: undefined }],
  ["a ciphertext with white space", FIRST_TEXT.replace("BQUF", " BQUF"), { ciphertext: undefined }],
  ["a token of any text", FIRST_TEXT.replace("token", "\\u0000 Ü"), { authToken: "\0 Ü" }],
];
for (const [name, text, change] of FIRST_FRAMES) {
  Deno.test(`parseJsonFirstFrame() takes ${name} for a first frame`, () => {
    assert.deepEqual(parseJsonFirstFrame(text), { ...FIRST_JSON, ...change });
  });
}

const PLAINTEXTS: [string, string][] = [
  ["the empty text", ""],
  ["ping", "ping"],
  ["a JSON-RPC request", '{"jsonrpc":"2.0","method":"version","id":1}'],
  ["an array around it", `[${FIRST_TEXT}]`],
  ["a text around it", JSON.stringify(FIRST_TEXT)],
  ["two of them", FIRST_TEXT + FIRST_TEXT],
  ["one cut short", FIRST_TEXT.slice(0, -1)],
  ["v as text", FIRST_TEXT.replace(":1,", ':"1",')],
  ["v 0", FIRST_TEXT.replace(":1,", ":0,")],
  ["v -0", FIRST_TEXT.replace(":1,", ":-0,")],
  ["v -1", FIRST_TEXT.replace(":1,", ":-1,")],
  ["v 1.5", FIRST_TEXT.replace(":1,", ":1.5,")],
  ["v beyond every number", FIRST_TEXT.replace(":1,", ":1e999,")],
  ["v true", FIRST_TEXT.replace(":1,", ":true,")],
  ["v null", FIRST_TEXT.replace(":1,", ":null,")],
  ["v in an array", FIRST_TEXT.replace(":1,", ":[1],")],
  ["no v", FIRST_TEXT.replace(`"v":1,`, "")],
  ["no e", FIRST_TEXT.replace(`"e"`, `"f"`)],
  ["no t", FIRST_TEXT.replace(`"t"`, `"u"`)],
  ["no s", FIRST_TEXT.replace(`"s"`, `"r"`)],
  ["an empty e", FIRST_TEXT.replace(CIPHERTEXT_TEXT, "")],
  ["an empty t", FIRST_TEXT.replace("token", "")],
  ["an empty s", FIRST_TEXT.replace(SALT_TEXT, "")],
  ["t as a number", FIRST_TEXT.replace(`"token"`, "1")],
  ["e as an array", FIRST_TEXT.replace(`"${CIPHERTEXT_TEXT}"`, `["${CIPHERTEXT_TEXT}"]`)],
  ["names in capitals", FIRST_TEXT.replace(/"[vets]"/g, (name) => name.toUpperCase())],
  ["all of it in a member __proto__", `{"__proto__":${FIRST_TEXT}}`],
];
for (const [name, text] of PLAINTEXTS) {
  Deno.test(`parseJsonFirstFrame() takes ${name} for plaintext`, () => {
    assert.equal(parseJsonFirstFrame(text), undefined);
  });
}

for (const authToken of ["t", "Ü", "x".repeat(255), "550e8400-e29b-41d4-a716-446655440000"]) {
  Deno.test(`a binary first frame keeps a token of ${utf8(authToken).length} bytes`, () => {
    const message = binaryFirstFrame(authToken, CIPHERTEXT);
    const token = utf8(authToken);
    const expected = concatBytes(
      Uint8Array.of(1),
      SALT,
      Uint8Array.of(token.length),
      token,
      CIPHERTEXT,
    );
    assert.deepEqual(message, expected);
    assert.deepEqual(parseBinaryFirstFrame(message), {
      ...FIRST_JSON,
      envelope: "binary",
      authToken,
    });
  });
}

for (const authToken of ["", "x".repeat(256), "Ü".repeat(128)]) {
  Deno.test(`encodeFirstFrame() refuses a token of ${utf8(authToken).length} bytes in binary`, () => {
    assert.throws(() => binaryFirstFrame(authToken, CIPHERTEXT), RangeError);
  });
}

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`encodeFirstFrame() refuses a salt that is not 16 bytes in ${envelope}`, () => {
    for (const length of [0, 15, 17]) {
      const options = { envelope, authToken: "token", salt: new Uint8Array(length) };
      assert.throws(() => encodeFirstFrame(CIPHERTEXT, options), RangeError);
    }
  });
}

Deno.test("parseBinaryFirstFrame() refuses a message shorter than its header and token", () => {
  const message = binaryFirstFrame("token", new Uint8Array(0));
  for (let length = 0; length < message.length; length++) {
    assert.equal(parseBinaryFirstFrame(message.slice(0, length)), undefined);
  }
  assert.deepEqual(parseBinaryFirstFrame(message)?.ciphertext, new Uint8Array(0));
});

Deno.test("parseBinaryFirstFrame() refuses a token of no bytes", () => {
  const message = binaryFirstFrame("token", CIPHERTEXT);
  message[17] = 0;
  assert.equal(parseBinaryFirstFrame(message), undefined);
});

Deno.test("parseBinaryFirstFrame() tells the version it finds", () => {
  for (const version of [1, 2, 255]) {
    const message = binaryFirstFrame("token", CIPHERTEXT);
    message[0] = version;
    assert.equal(parseBinaryFirstFrame(message)?.version, version);
  }
});

Deno.test("parseBinaryFirstFrame() refuses version 0, as the JSON envelope does", () => {
  const message = binaryFirstFrame("token", CIPHERTEXT);
  message[0] = 0;
  assert.equal(parseBinaryFirstFrame(message), undefined);
});

Deno.test("parseBinaryFirstFrame() gives a token that is not UTF-8 to nobody", () => {
  const message = binaryFirstFrame("token", CIPHERTEXT);
  message[18] = 0xff;
  assert.equal(parseBinaryFirstFrame(message)?.authToken, "");
});

Deno.test("parseBinaryFirstFrame() copies what it gives from a view", () => {
  const message = binaryFirstFrame("token", CIPHERTEXT);
  const buffer = concatBytes(Uint8Array.of(0, 0, 0), message);
  const parsed = parseBinaryFirstFrame(buffer.subarray(3));
  buffer.fill(0);
  assert.deepEqual([parsed?.salt, parsed?.ciphertext], [SALT, CIPHERTEXT]);
});

Deno.test("encodeFrame() and parseFrame() carry a ciphertext in both envelopes", () => {
  assert.equal(encodeFrame(CIPHERTEXT, "json"), `{"e":"${CIPHERTEXT_TEXT}"}`);
  assert.deepEqual(parseFrame(`{"e":"${CIPHERTEXT_TEXT}"}`, "json"), CIPHERTEXT);
  assert.deepEqual(encodeFrame(CIPHERTEXT, "binary"), CIPHERTEXT);
  assert.deepEqual(parseFrame(CIPHERTEXT, "binary"), CIPHERTEXT);
});

Deno.test("parseFrame() ignores members beside e, those of a first frame too", () => {
  assert.deepEqual(parseFrame(FIRST_TEXT, "json"), CIPHERTEXT);
});

const NO_FRAMES: [string, string][] = [
  ["the empty text", ""],
  ["plaintext", '{"jsonrpc":"2.0","method":"version","id":1}'],
  ["an empty e", '{"e":""}'],
  ["e as a number", '{"e":1}'],
  ["e as null", '{"e":null}'],
  ["e that is not base64", '{"e":"?"}'],
  ["e without padding", `{"e":"${CIPHERTEXT_TEXT.slice(0, -2)}"}`],
  ["E", `{"E":"${CIPHERTEXT_TEXT}"}`],
  ["an array", `[{"e":"${CIPHERTEXT_TEXT}"}]`],
  ["a bare text", `"${CIPHERTEXT_TEXT}"`],
  ["two objects", `{"e":"${CIPHERTEXT_TEXT}"}{}`],
];
for (const [name, text] of NO_FRAMES) {
  Deno.test(`parseFrame() refuses ${name}`, () => {
    assert.equal(parseFrame(text, "json"), undefined);
  });
}

Deno.test("parseFrame() refuses a frame of the other kind", () => {
  assert.equal(parseFrame(CIPHERTEXT, "json"), undefined);
  assert.equal(parseFrame(utf8(FIRST_TEXT), "json"), undefined);
  assert.equal(parseFrame(FIRST_TEXT, "binary"), undefined);
});

function binaryFirstFrame(authToken: string, ciphertext: Bytes): Bytes {
  const message = encodeFirstFrame(ciphertext, { envelope: "binary", authToken, salt: SALT });
  assert.ok(typeof message !== "string");
  return message;
}

Deno.test(`parseFrame() reads whatever JSON reads, and nothing else ${SEED_NOTE}`, () => {
  const random = seededRandom(FUZZ_SEED);
  const draw = (below: number): number => (random(1)[0] ?? 0) % below;
  const alphabet = [
    "e",
    '"',
    "\\",
    "/",
    "=",
    "A",
    "u0041",
    "{",
    "}",
    ":",
    ",",
    " ",
    "\n",
    "\t",
    "ü",
  ];
  const texts = [
    '{"e":"AAAA"}',
    '{"e":""}',
    '{"e":"A\\u0041AA"}',
    '{"e":"AA\\/A"}',
    '{"e":"AAAA","e":"BBBB"}',
    '{"e":"AAAA"} ',
    ' {"e":"AAAA"}',
    '{"e": "AAAA"}',
    '{"e":"AA A"}',
    '{"e":"AAA="}',
    '{"e":"AAAB="}',
    '{"e":"AAB="}',
    '{"e":"AAAA"}"}',
    '{"e":"AAAA","x":"BBBB"}',
    '{"E":"AAAA"}',
    '{"e":"',
    '{"e":"}',
    '"}',
  ];
  for (let i = 0; i < 20_000; i++) {
    const text = texts[draw(texts.length)] ?? "";
    const at = draw(text.length + 1);
    const change = alphabet[draw(alphabet.length)] ?? "";
    texts.push(`${text.slice(0, at)}${change}${text.slice(at + draw(2))}`.slice(0, 40));
    if (texts.length > 250) texts.splice(draw(texts.length), 1);
    const [changed = ""] = texts.slice(-1);
    assert.deepEqual(parseFrame(changed, "json"), parseSlowly(changed), changed);
  }
});

function parseSlowly(text: string): Uint8Array | undefined {
  try {
    const { e } = JSON.parse(text);
    if (Array.isArray(JSON.parse(text)) || typeof e !== "string" || e === "") return undefined;
    return decodeBase64(e);
  } catch {
    return undefined;
  }
}
