import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { RandomSource } from "../../../src/base/random.ts";
import {
  drawKey,
  KEY_ID_CHARACTERS,
  KEY_SCOPES,
  KEY_SECRET_BYTES,
  parseKey,
} from "../../../src/features/access/api_key.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const ID = "abcd0189";
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
// base64url of 00 01 … 1f, without padding.
const SECRET_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const TEXT = `lk_${ID}_${SECRET_TEXT}`;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("a key is lk_, 8 characters of id, _, and 32 bytes in base64url", () => {
  assert.deepEqual([KEY_ID_CHARACTERS, KEY_SECRET_BYTES], [8, 32]);
  assert.deepEqual(KEY_SCOPES, ["rpc", "events", "run", "models"]);
  const random = seededRandom(3);
  for (let i = 0; i < 100; i++) {
    assert.match(drawKey(random).text, /^lk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  }
});

Deno.test("drawKey() puts the secret that it drew into the text and keeps its SHA-256 only", () => {
  const drawn: Uint8Array[] = [];
  const random: RandomSource = (length) => {
    const bytes = seededRandom(drawn.length)(length);
    drawn.push(bytes.slice());
    return bytes;
  };
  const { text, presented } = drawKey(random);
  const secret = drawn.at(-1) ?? new Uint8Array();
  assert.equal(secret.length, 32);
  assert.equal(text.slice(12), secret.toBase64({ alphabet: "base64url", omitPadding: true }));
  assert.equal(text.slice(3, 11), presented.keyId);
  assert.equal(presented.secretHash.toHex(), sha256(secret));
});

Deno.test("drawKey() draws no key twice, and none that parseKey() reads differently", () => {
  const random = seededRandom(4);
  const keys = Array.from({ length: 2000 }, () => drawKey(random));
  assert.equal(new Set(keys.map(({ text }) => text)).size, keys.length);
  assert.equal(new Set(keys.map(({ presented }) => presented.keyId)).size, keys.length);
  for (const { text, presented } of keys) assert.deepEqual(parseKey(text), presented);
});

Deno.test("drawKey() uses every character in an id", () => {
  const random = seededRandom(5);
  const ids = Array.from({ length: 200 }, () => drawKey(random).presented.keyId).join("");
  assert.equal(new Set(ids).size, 36);
});

Deno.test("parseKey() takes a key apart", () => {
  const presented = parseKey(TEXT);
  assert.equal(presented?.keyId, ID);
  assert.equal(presented?.secretHash.toHex(), sha256(SECRET));
});

const MALFORMED: [string, string][] = [
  ["the empty text", ""],
  ["a text of another kind", "Bearer"],
  ["no prefix", `${ID}_${SECRET_TEXT}`],
  ["another prefix", TEXT.replace("lk_", "sk_")],
  ["a prefix in capitals", TEXT.replace("lk_", "LK_")],
  ["an id of 7 characters", TEXT.replace(ID, "abcd018")],
  ["an id of 9 characters", TEXT.replace(ID, "abcd01899")],
  ["an id in capitals", TEXT.replace(ID, ID.toUpperCase())],
  ["an id with a quote", TEXT.replace(ID, "abcd'--1")],
  ["no separator", TEXT.replace(`${ID}_`, ID)],
  ["no secret", `lk_${ID}_`],
  ["a secret of 42 characters", TEXT.slice(0, -1)],
  ["a secret of 44 characters", `${TEXT}A`],
  ["a padded secret", `${TEXT}=`],
  ["the other base64 alphabet", `${TEXT.slice(0, -1)}+`],
  ["white space before it", ` ${TEXT}`],
  ["a line end after it", `${TEXT}\n`],
  ["a key after a line end", `x\n${TEXT}`],
  ["two keys", `${TEXT}${TEXT}`],
  ["a NUL", `${TEXT.slice(0, -1)}\0`],
];
for (const [name, text] of MALFORMED) {
  Deno.test(`parseKey() refuses ${name}`, () => assert.equal(parseKey(text), undefined));
}

Deno.test("parseKey() takes no second spelling of a secret", () => {
  // The last character carries 4 bits of the secret and 2 that belong to nothing.
  assert.equal(TEXT.at(-1), "8");
  for (const last of ["9", "-", "_"]) assert.equal(parseKey(TEXT.slice(0, -1) + last), undefined);
});

Deno.test("parseKey() sees every character of the secret", () => {
  const hashes = new Set<string | undefined>();
  for (let at = 12; at < TEXT.length; at++) {
    const other = TEXT[at] === "Q" ? "A" : "Q";
    hashes.add(parseKey(TEXT.slice(0, at) + other + TEXT.slice(at + 1))?.secretHash.toHex());
  }
  hashes.add(parseKey(TEXT)?.secretHash.toHex());
  assert.ok(!hashes.has(undefined));
  assert.equal(hashes.size, 44);
});
