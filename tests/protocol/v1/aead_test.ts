import assert from "node:assert/strict";
import { platformAead } from "../../../src/edges/platform/sync_aead.ts";
import { type Bytes, concatBytes, utf8 } from "../../../src/base/bytes.ts";
import {
  COUNTER_LIMIT,
  createFrameCipher,
  frameAad,
  type FrameCipher,
  frameNonce,
  MAX_SYNC_BYTES,
  type SyncAead,
  TAG_BYTES,
} from "../../../src/protocol/v1/aead.ts";
import { deriveSessionKeys } from "../../../src/protocol/v1/key_schedule.ts";
import { portableAead } from "../../../src/sdk/portable_aead.ts";
import { flipEveryBit } from "../../support/flip_every_bit.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const KEYS = deriveSessionKeys(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));
const AUTH_TOKEN = "token";

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

const CIPHERS = [
  ["WebCrypto", undefined],
  ["platform", platformAead],
  ["portable", portableAead],
] as const;

for (const [name, syncAead] of CIPHERS) {
  const cipher = (options: { authToken?: string; counter?: bigint } = {}): FrameCipher =>
    createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN, syncAead, ...options });

  Deno.test(`${name}: calls begun together use successive counters in the order of the calls`, async () => {
    const [sealing, opening] = [cipher(), cipher()];
    const texts = Array.from({ length: 50 }, (_, i) => `frame ${i}`);
    const sealed = await Promise.all(texts.map((text) => sealing.seal(utf8(text))));
    const opened = await Promise.all(sealed.map((frame) => opening.open(frame)));
    assert.deepEqual(opened, texts.map(utf8));
    const last = await cipher({ counter: 49n }).open(sealed[49] ?? assert.fail());
    assert.deepEqual(last, utf8("frame 49"));
  });

  Deno.test(`${name}: open() refuses a repeated frame`, async () => {
    const [sealing, opening] = [cipher(), cipher()];
    const frame = await sealing.seal(utf8("once"));
    assert.deepEqual(await opening.open(frame), utf8("once"));
    assert.equal(await opening.open(frame), undefined);
  });

  Deno.test(`${name}: open() refuses a frame ahead of its turn`, async () => {
    const [sealing, opening] = [cipher(), cipher()];
    await sealing.seal(utf8("lost"));
    assert.equal(await opening.open(await sealing.seal(utf8("next"))), undefined);
  });

  Deno.test(`${name}: open() refuses a frame of another token, another direction or another salt`, async () => {
    const sealed = await cipher().seal(utf8("secret"));
    const otherSalt = deriveSessionKeys(new Uint8Array(32).fill(1), new Uint8Array(16).fill(3));
    const others = [
      cipher({ authToken: "Token" }),
      cipher({ authToken: "" }),
      createFrameCipher(KEYS.deviceToClient, { authToken: AUTH_TOKEN, syncAead }),
      createFrameCipher(otherSalt.clientToDevice, { authToken: AUTH_TOKEN, syncAead }),
    ];
    const opened = await Promise.all(others.map((other) => other.open(sealed)));
    assert.deepEqual(opened, [undefined, undefined, undefined, undefined]);
    assert.deepEqual(await cipher().open(sealed), utf8("secret"));
  });

  Deno.test(`${name}: open() refuses a ciphertext with any bit flipped`, async () => {
    const sealed = await cipher().seal(utf8('{"jsonrpc":"2.0","method":"run"}'));
    const opened = await Promise.all(
      [...flipEveryBit(sealed)].map((flipped) => cipher().open(flipped)),
    );
    assert.equal(opened.length, sealed.length * 8);
    assert.deepEqual(opened.filter((plaintext) => plaintext !== undefined), []);
  });

  Deno.test(`${name}: open() refuses a ciphertext of any shorter length and a longer one`, async () => {
    const sealed = await cipher().seal(utf8("abc"));
    const lengths = Array.from({ length: sealed.length }, (_, length) => length);
    const altered = [
      ...lengths.map((length) => sealed.slice(0, length)),
      concatBytes(sealed, Uint8Array.of(0)),
      concatBytes(Uint8Array.of(0), sealed),
    ];
    const opened = await Promise.all(altered.map((bytes) => cipher().open(bytes)));
    assert.deepEqual(opened.filter((plaintext) => plaintext !== undefined), []);
  });

  Deno.test(`${name}: the empty text is sealed to a tag alone and opens`, async () => {
    const sealed = await cipher().seal(utf8(""));
    assert.equal(sealed.length, TAG_BYTES);
    assert.deepEqual(await cipher().open(sealed), utf8(""));
  });

  Deno.test(`${name}: seal() and open() throw at the counter's end and go on throwing`, async () => {
    const last = { counter: COUNTER_LIMIT - 1n };
    const [sealing, opening] = [cipher(last), cipher(last)];
    assert.deepEqual(await opening.open(await sealing.seal(utf8("last"))), utf8("last"));
    assert.throws(() => sealing.seal(utf8("beyond")), RangeError);
    assert.throws(() => sealing.seal(utf8("beyond")), RangeError);
    assert.throws(() => opening.open(new Uint8Array(16)), RangeError);
  });
}

for (const edge of [1n, 2n ** 8n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n]) {
  Deno.test(`frames around counter ${edge} are sealed under the nonces of their own`, async () => {
    const { key, nonceBase } = KEYS.clientToDevice;
    const first = edge - 1n;
    const cipher = createFrameCipher(KEYS.clientToDevice, {
      authToken: AUTH_TOKEN,
      counter: first,
      syncAead: platformAead,
    });
    for (let i = 0n; i < 4n; i++) {
      // Written the way the norm says it, with the counter as one number.
      const base = BigInt(`0x${nonceBase.toHex()}`);
      const nonce = Uint8Array.fromHex((base ^ (first + i)).toString(16).padStart(24, "0"));
      const params = { key, nonce, additionalData: frameAad(AUTH_TOKEN) };
      assert.deepEqual(await cipher.seal(utf8("x")), platformAead.seal(utf8("x"), params));
    }
  });
}

Deno.test("frames of any size have the same bytes, order and counters with every cipher", async () => {
  const random = seededRandom(12);
  const edge = [0, 1, MAX_SYNC_BYTES - 1, MAX_SYNC_BYTES, MAX_SYNC_BYTES + 1, 3 * MAX_SYNC_BYTES];
  const drawn = Array.from({ length: 60 }, () => {
    const [high = 0, low = 0] = random(2);
    return (high * 256 + low) % (2 * MAX_SYNC_BYTES + 2);
  });
  const texts = [...edge, ...drawn, ...edge].map((length) => random(length));
  const [web, mixed, portable, ...readers] = [
    undefined,
    platformAead,
    portableAead,
    platformAead,
    portableAead,
  ].map((syncAead) => createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN, syncAead }));
  assert.ok(web && mixed && portable);
  const expected = await Promise.all(texts.map((text) => web.seal(text)));
  const sealed = await Promise.all(texts.map((text) => mixed.seal(text)));
  assert.deepEqual(sealed, expected);
  assert.deepEqual(texts.map((text) => portable.seal(text)), expected);
  // Every third is tampered with and every third cut: its turn passes, the others open.
  const received = sealed.map((frame, index) => {
    if (index % 3 === 0) return frame;
    if (index % 3 === 1) return frame.slice(0, -1);
    const tampered = frame.slice();
    const at = (random(1)[0] ?? 0) % frame.length;
    tampered[at] = (tampered[at] ?? 0) ^ 1;
    return tampered;
  });
  const intact = texts.map((text, index) => index % 3 === 0 ? text : undefined);
  for (const reading of readers) {
    const opened = await Promise.all(received.map((frame) => reading.open(frame)));
    assert.deepEqual(opened, intact);
  }
});

Deno.test("only frames of up to 2 KiB go through the synchronous cipher", async () => {
  const sizes: string[] = [];
  const syncAead: SyncAead = {
    seal(plaintext, params): Bytes {
      sizes.push(`seal ${plaintext.length}`);
      return platformAead.seal(plaintext, params);
    },
    open(ciphertext, params): Bytes | undefined {
      sizes.push(`open ${ciphertext.length - TAG_BYTES}`);
      return platformAead.open(ciphertext, params);
    },
  };
  const options = { authToken: AUTH_TOKEN, syncAead };
  const sealing = createFrameCipher(KEYS.clientToDevice, options);
  const opening = createFrameCipher(KEYS.clientToDevice, options);
  for (const length of [2048, 2049, 0]) {
    const text = new Uint8Array(length).fill(7);
    assert.deepEqual(await opening.open(await sealing.seal(text)), text);
  }
  assert.deepEqual(sizes, ["seal 2048", "open 2048", "seal 0", "open 0"]);
});

Deno.test("a frame of the synchronous cipher is there at once, any other comes later", async () => {
  const options = { authToken: AUTH_TOKEN, syncAead: platformAead };
  const sealing = createFrameCipher(KEYS.clientToDevice, options);
  const opening = createFrameCipher(KEYS.clientToDevice, options);
  for (const length of [0, MAX_SYNC_BYTES, MAX_SYNC_BYTES + 1]) {
    const isLater = length > MAX_SYNC_BYTES;
    const sealed = sealing.seal(new Uint8Array(length));
    assert.equal(sealed instanceof Promise, isLater);
    const opened = opening.open(await sealed);
    assert.equal(opened instanceof Promise, isLater);
    assert.deepEqual(await opened, new Uint8Array(length));
  }
});

for (
  const [name, syncAead, imports] of [["WebCrypto", undefined, 1], [
    "platform",
    platformAead,
    0,
  ]] as const
) {
  Deno.test(`${name}: small frames import ${imports} keys into WebCrypto, whatever their number`, async () => {
    const { subtle } = crypto;
    const imported: string[] = [];
    const importKey = Object.getOwnPropertyDescriptor(SubtleCrypto.prototype, "importKey");
    Object.defineProperty(subtle, "importKey", {
      configurable: true,
      value: (...args: unknown[]) => {
        imported.push(String(args[0]));
        return Reflect.apply(importKey?.value, subtle, args);
      },
    });
    try {
      const sealing = createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN, syncAead });
      assert.deepEqual(imported, []);
      for (let i = 0; i < 3; i++) await sealing.seal(utf8("small"));
      assert.equal(imported.length, imports);
      for (let i = 0; i < 3; i++) await sealing.seal(new Uint8Array(MAX_SYNC_BYTES + 1));
      assert.equal(imported.length, 1);
    } finally {
      Reflect.deleteProperty(subtle, "importKey");
    }
  });
}
