import assert from "node:assert/strict";
import {
  concatBytes,
  decodeAscii,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  equalBytes,
  utf8,
} from "../../src/base/bytes.ts";
import { seededRandom } from "../support/seeded_random.ts";

const BASE64: [string, number[]][] = [
  ["", []],
  ["AA==", [0]],
  ["/w==", [255]],
  ["AAA=", [0, 0]],
  ["AAAA", [0, 0, 0]],
  ["+/+/", [251, 255, 191]],
  ["TGF0Y2hrZXk=", [...new TextEncoder().encode("Latchkey")]],
];
for (const [text, bytes] of BASE64) {
  Deno.test(`base64 "${text}" is ${bytes.length} bytes, both ways`, () => {
    assert.deepEqual(decodeBase64(text), Uint8Array.from(bytes));
    assert.equal(encodeBase64(Uint8Array.from(bytes)), text);
  });
}

Deno.test("decodeBase64() gives back what encodeBase64() wrote, at every length", () => {
  const random = seededRandom(6);
  for (let length = 0; length < 100; length++) {
    const bytes = random(length);
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
  }
});

const NO_BASE64: [string, string][] = [
  ["a space in front", " AAA"],
  ["a space within", "AA A"],
  ["four spaces", "    "],
  ["a line feed behind", "AAA\n"],
  ["a line end every 4 characters", "AAAA\r\n\r\n"],
  ["a tab", "AAA\t"],
  ["a line feed behind a full text", "AAAA\n"],
  ["no padding for one byte", "AA"],
  ["no padding for two bytes", "AAA"],
  ["half the padding", "AA="],
  ["one character alone", "A"],
  ["three pads", "A==="],
  ["pads alone", "===="],
  ["a pad too many", "AAAA="],
  ["a pad within", "AA=A"],
  ["a second text behind the padding", "AA==AAAA"],
  ["set bits behind one byte", "AB=="],
  ["set bits behind two bytes", "AAB="],
  ["the URL alphabet's minus", "-AAA"],
  ["the URL alphabet's underscore", "_AAA"],
  ["a letter beyond ASCII", "ÄAAA"],
  ["a zero character", "AAA\0"],
];
for (const [name, text] of NO_BASE64) {
  Deno.test(`decodeBase64() refuses ${name}`, () => {
    assert.equal(decodeBase64(text), undefined);
  });
}

Deno.test("equalBytes() compares every byte and the length", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.equal(equalBytes(bytes, Uint8Array.of(1, 2, 3)), true);
  assert.equal(equalBytes(new Uint8Array(0), new Uint8Array(0)), true);
  for (const other of [[0, 2, 3], [1, 0, 3], [1, 2, 0], [1, 2], [1, 2, 3, 0], []]) {
    assert.equal(equalBytes(bytes, Uint8Array.from(other)), false);
    assert.equal(equalBytes(Uint8Array.from(other), bytes), false);
  }
});

Deno.test("equalBytes() is not fooled by two differences that cancel out", () => {
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(2, 1)), false);
  assert.equal(equalBytes(Uint8Array.of(0x0f, 0xf0), Uint8Array.of(0xf0, 0x0f)), false);
});

Deno.test("concatBytes() joins in order into bytes of its own", () => {
  const part = Uint8Array.of(2, 3);
  const joined = concatBytes(Uint8Array.of(1), new Uint8Array(0), part);
  part.fill(9);
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
  assert.deepEqual(concatBytes(), new Uint8Array(0));
});

Deno.test("decodeUtf8() keeps a byte order mark and gives back what utf8() wrote", () => {
  for (const text of ["", "Küche 📱", "\ufeffA", "\0"]) {
    assert.equal(decodeUtf8(utf8(text)), text);
  }
});

const NO_UTF8: [string, number[]][] = [
  ["a byte that never occurs", [0xff]],
  ["a lone continuation", [0x80]],
  ["a character cut short", [0x41, 0xf0, 0x9f, 0x93]],
  ["an overlong zero", [0xc0, 0x80]],
  ["half a surrogate pair", [0xed, 0xa0, 0x80]],
  ["a code beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
];
for (const [name, bytes] of NO_UTF8) {
  Deno.test(`decodeUtf8() refuses ${name}`, () => {
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), undefined);
  });
}

Deno.test("base64 is the same on platforms without the methods of Uint8Array", () => {
  const { toBase64 } = Uint8Array.prototype;
  const { fromBase64 } = Uint8Array;
  const texts = [
    "",
    "AA==",
    "AB==",
    "AAA=",
    "AAB=",
    "AAAA",
    "+/+/",
    "A===",
    "AA=A",
    "AAAA\n",
    "-_-_",
  ];
  const native = texts.map((text) => decodeBase64(text));
  try {
    Object.assign(Uint8Array.prototype, { toBase64: undefined });
    Object.assign(Uint8Array, { fromBase64: undefined });
    assert.deepEqual(texts.map((text) => decodeBase64(text)), native);
    assert.equal(encodeBase64(Uint8Array.of(0, 255, 62, 63)), "AP8+Pw==");
  } finally {
    Object.assign(Uint8Array.prototype, { toBase64 });
    Object.assign(Uint8Array, { fromBase64 });
  }
});

const ASCII: [name: string, bytes: number[], text: string | undefined][] = [
  ["nothing", [], ""],
  ["every character", Array.from({ length: 128 }, (_, code) => code), undefined],
  ["a letter of two bytes", [0x61, 0xc3, 0xa4], undefined],
  ["a letter of four bytes", [0xf0, 0x9f, 0x8c, 0x99], undefined],
  ["a byte that is no character", [0x61, 0xff], undefined],
  ["half a character", [0x61, 0xc3], undefined],
  ["the sign for what is no character", [0xef, 0xbf, 0xbd], undefined],
];
for (const [name, bytes, text] of ASCII) {
  Deno.test(`decodeAscii() of ${name}`, () => {
    const expected = name === "every character" ? String.fromCharCode(...bytes) : text;
    assert.equal(decodeAscii(Uint8Array.from(bytes)), expected);
  });
}
