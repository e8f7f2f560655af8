import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import {
  COUNTER_LIMIT,
  createFrameCipher,
  type FrameCipher,
  frameNonce,
  TAG_BYTES,
} from "../../../src/protocol/v1/aead.ts";
import { deriveSessionKeys } from "../../../src/protocol/v1/key_schedule.ts";
import { flipEveryBit } from "../../support/flip_every_bit.ts";

const KEYS = deriveSessionKeys(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));
const AUTH_TOKEN = "token";

function cipher(options: { authToken?: string; counter?: bigint } = {}): Promise<FrameCipher> {
  return createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN, ...options });
}

Deno.test("frameNonce() refuses counters outside 0..2^64-2", () => {
  const base = new Uint8Array(12);
  for (const counter of [-1n, COUNTER_LIMIT, 2n ** 64n]) {
    assert.throws(() => frameNonce(base, counter), RangeError);
  }
  assert.equal(frameNonce(base, COUNTER_LIMIT - 1n).toHex(), "00000000fffffffffffffffe");
});

Deno.test("frameNonce() refuses a base that is not 12 bytes", () => {
  for (const length of [0, 8, 11, 13]) {
    assert.throws(() => frameNonce(new Uint8Array(length), 0n), RangeError);
  }
});

Deno.test("frameNonce() leaves the base as it was, a view into a larger buffer too", () => {
  const buffer = new Uint8Array(20).fill(0xff);
  const base = buffer.subarray(4, 16);
  assert.equal(frameNonce(base, 1n).toHex(), "fffffffffffffffffffffffe");
  assert.deepEqual(buffer, new Uint8Array(20).fill(0xff));
});

Deno.test("calls begun together use successive counters in the order of the calls", async () => {
  const [sealing, opening] = await Promise.all([cipher(), cipher()]);
  const texts = Array.from({ length: 50 }, (_, i) => `frame ${i}`);
  const sealed = await Promise.all(texts.map((text) => sealing.seal(utf8(text))));
  const opened = await Promise.all(sealed.map((frame) => opening.open(frame)));
  assert.deepEqual(opened, texts.map(utf8));
  const last = await (await cipher({ counter: 49n })).open(sealed[49] ?? assert.fail());
  assert.deepEqual(last, utf8("frame 49"));
});

Deno.test("open() refuses a repeated frame", async () => {
  const [sealing, opening] = await Promise.all([cipher(), cipher()]);
  const frame = await sealing.seal(utf8("once"));
  assert.deepEqual(await opening.open(frame), utf8("once"));
  assert.equal(await opening.open(frame), undefined);
});

Deno.test("open() refuses a frame ahead of its turn", async () => {
  const [sealing, opening] = await Promise.all([cipher(), cipher()]);
  await sealing.seal(utf8("lost"));
  assert.equal(await opening.open(await sealing.seal(utf8("next"))), undefined);
});

Deno.test("open() refuses a frame of another token, another direction or another salt", async () => {
  const sealed = await (await cipher()).seal(utf8("secret"));
  const otherSalt = deriveSessionKeys(new Uint8Array(32).fill(1), new Uint8Array(16).fill(3));
  const others = await Promise.all([
    cipher({ authToken: "Token" }),
    cipher({ authToken: "" }),
    createFrameCipher(KEYS.deviceToClient, { authToken: AUTH_TOKEN }),
    createFrameCipher(otherSalt.clientToDevice, { authToken: AUTH_TOKEN }),
  ]);
  const opened = await Promise.all(others.map((other) => other.open(sealed)));
  assert.deepEqual(opened, [undefined, undefined, undefined, undefined]);
  assert.deepEqual(await (await cipher()).open(sealed), utf8("secret"));
});

Deno.test("open() refuses a ciphertext with any bit flipped", async () => {
  const sealed = await (await cipher()).seal(utf8('{"jsonrpc":"2.0","method":"run"}'));
  const opened = await Promise.all(
    [...flipEveryBit(sealed)].map(async (flipped) => (await cipher()).open(flipped)),
  );
  assert.equal(opened.length, sealed.length * 8);
  assert.deepEqual(opened.filter((plaintext) => plaintext !== undefined), []);
});

Deno.test("open() refuses a ciphertext of any shorter length and a longer one", async () => {
  const sealed = await (await cipher()).seal(utf8("abc"));
  const lengths = Array.from({ length: sealed.length }, (_, length) => length);
  const altered = [
    ...lengths.map((length) => sealed.slice(0, length)),
    concatBytes(sealed, Uint8Array.of(0)),
    concatBytes(Uint8Array.of(0), sealed),
  ];
  const opened = await Promise.all(altered.map(async (bytes) => (await cipher()).open(bytes)));
  assert.deepEqual(opened.filter((plaintext) => plaintext !== undefined), []);
});

Deno.test("the empty text is sealed to a tag alone and opens", async () => {
  const sealed = await (await cipher()).seal(utf8(""));
  assert.equal(sealed.length, TAG_BYTES);
  assert.deepEqual(await (await cipher()).open(sealed), utf8(""));
});

Deno.test("seal() and open() reject at the counter's end and go on rejecting", async () => {
  const last = { counter: COUNTER_LIMIT - 1n };
  const [sealing, opening] = await Promise.all([cipher(last), cipher(last)]);
  assert.deepEqual(await opening.open(await sealing.seal(utf8("last"))), utf8("last"));
  await assert.rejects(sealing.seal(utf8("beyond")), RangeError);
  await assert.rejects(sealing.seal(utf8("beyond")), RangeError);
  await assert.rejects(opening.open(new Uint8Array(16)), RangeError);
});
