// Whole sessions at the level of messages: the shipped code against the reference in both roles
// and both envelopes, and every single flipped bit of first and later frames.

import assert from "node:assert/strict";
import { decodeUtf8, utf8 } from "../../../src/base/bytes.ts";
import { createFrameCipher, type FrameCipher } from "../../../src/protocol/v1/aead.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  type Envelope,
  parseBinaryFirstFrame,
  parseFrame,
  parseJsonFirstFrame,
  type WireMessage,
} from "../../../src/protocol/v1/frame.ts";
import { deriveSessionKeys } from "../../../src/protocol/v1/key_schedule.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/v1/labels.ts";
import { flipEveryBit } from "../../support/flip_every_bit.ts";
import { ReferenceSession } from "../../support/reference_protocol.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import vectors from "../../vectors/v1.json" with { type: "json" };

const AUTH_TOKEN = "550e8400-e29b-41d4-a716-446655440000";
const PAIRING_KEY = seededRandom(3)(32);
const SALT = seededRandom(4)(16);
const TEXTS = ["first", "", "ping", '{"jsonrpc":"2.0"}', "Grüße 🎮", "x".repeat(5000)];
const ENVELOPES: readonly Envelope[] = ["json", "binary"];
const KEYS = deriveSessionKeys(PAIRING_KEY, SALT);

for (const envelope of ENVELOPES) {
  const options = { pairingKey: PAIRING_KEY, authToken: AUTH_TOKEN, salt: SALT, envelope };

  Deno.test(`${envelope}: a reference client's frames open on the device and answers return`, async () => {
    const client = new ReferenceSession(options);
    const outgoing = createFrameCipher(KEYS.deviceToClient, { authToken: AUTH_TOKEN });
    const [first = "", ...later] = TEXTS.map((text) => client.seal(text));
    const opened = await openFirst(first);
    assert.ok(opened !== undefined);
    assert.equal(opened.text, TEXTS[0]);
    assert.deepEqual(await openAll(opened.incoming, { messages: later, envelope }), TEXTS.slice(1));
    const answers = await sealAll(outgoing, { envelope });
    assert.deepEqual(answers.map((answer) => client.open(answer)), TEXTS);
  });

  Deno.test(`${envelope}: a shipped client's frames open on the reference device and back`, async () => {
    const device = new ReferenceSession({ ...options, role: "device" });
    const outgoing = createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN });
    const incoming = createFrameCipher(KEYS.deviceToClient, { authToken: AUTH_TOKEN });
    const first = encodeFirstFrame(await outgoing.seal(utf8("hello")), options);
    const frames = [first, ...await sealAll(outgoing, { envelope })];
    assert.deepEqual(frames.map((frame) => device.open(frame)), ["hello", ...TEXTS]);
    const messages = TEXTS.map((text) => device.seal(text));
    assert.deepEqual(await openAll(incoming, { messages, envelope }), TEXTS);
  });

  Deno.test(`${envelope}: a first frame with a flipped bit never opens as what was sent`, async () => {
    const frame = new ReferenceSession(options).seal("open the door");
    assert.equal((await openFirst(frame))?.text, "open the door");
    const bytes = typeof frame === "string" ? utf8(frame) : frame;
    const outcomes = await Promise.all(
      [...flipEveryBit(bytes)].map(async (flipped) => {
        // A text message that is not UTF-8 never comes out of a WebSocket.
        const message = envelope === "json" ? decodeUtf8(flipped) : flipped;
        return message === undefined ? undefined : await openFirst(message);
      }),
    );
    assert.deepEqual(outcomes.filter((outcome) => outcome !== undefined), []);
  });

  Deno.test(`${envelope}: a first frame cut short at any length does not open`, async () => {
    const frame = new ReferenceSession(options).seal("open the door");
    const lengths = Array.from({ length: frame.length }, (_, length) => length);
    const outcomes = await Promise.all(lengths.map((length) => openFirst(frame.slice(0, length))));
    assert.deepEqual(outcomes.filter((outcome) => outcome !== undefined), []);
  });

  Deno.test(`${envelope}: a later frame with a flipped bit does not open`, async () => {
    const [frame = ""] = await sealAll(deviceCipher(), { envelope });
    assert.equal(await openOne(frame, envelope), TEXTS[0]);
    const bytes = typeof frame === "string" ? utf8(frame) : frame;
    const outcomes = await Promise.all(
      [...flipEveryBit(bytes)].map(async (flipped) => {
        const message = envelope === "json" ? decodeUtf8(flipped) : flipped;
        return message === undefined ? undefined : await openOne(message, envelope);
      }),
    );
    assert.deepEqual(outcomes.filter((outcome) => outcome !== undefined), []);
  });

  Deno.test(`${envelope}: a frame played back to its sender does not open`, async () => {
    const [frame = ""] = await sealAll(deviceCipher(), { envelope });
    const ciphertext = parseFrame(frame, envelope);
    assert.ok(ciphertext !== undefined);
    const ofClient = createFrameCipher(KEYS.clientToDevice, { authToken: AUTH_TOKEN });
    assert.equal(await ofClient.open(ciphertext), undefined);
  });
}

Deno.test("a reference session writes and reads the frames of the vectors", () => {
  const row = vectors.session_keys.find(({ name }) => name === "from-app-kat");
  assert.ok(row !== undefined);
  const options = {
    pairingKey: Uint8Array.fromHex(row.pairing_key_hex),
    authToken: AUTH_TOKEN,
    salt: Uint8Array.fromHex(row.salt_hex),
    envelope: "json",
  } as const;
  const [client, device] = [
    new ReferenceSession(options),
    new ReferenceSession({ ...options, role: "device" }),
  ];
  const inOrder = vectors.frames.filter(({ session, counter }) =>
    session === row.name && Number(counter) < 10
  );
  assert.equal(inOrder.length, 9);
  for (const { direction, plaintext_utf8, frame } of inOrder) {
    const [from, to] = direction === "c2s" ? [client, device] : [device, client];
    assert.equal(from.seal(plaintext_utf8), frame);
    assert.equal(to.open(frame), plaintext_utf8);
  }
});

Deno.test("a reference session refuses a repeated, a foreign and a broken frame", () => {
  const options = {
    pairingKey: PAIRING_KEY,
    authToken: AUTH_TOKEN,
    salt: SALT,
    envelope: "json",
  } as const;
  const frame = new ReferenceSession(options).seal("once");
  const device = new ReferenceSession({ ...options, role: "device" });
  assert.equal(device.open(frame), "once");
  assert.equal(device.open(frame), undefined);
  for (const other of [{ authToken: "other" }, { salt: seededRandom(5)(16) }]) {
    const stranger = new ReferenceSession({ ...options, ...other, role: "device" });
    assert.equal(stranger.open(frame), undefined);
  }
  assert.equal(new ReferenceSession({ ...options, role: "device" }).open("{}"), undefined);
});

// What a device does with a first frame, as far as bytes go: version, token, salt, ciphertext.
async function openFirst(
  message: WireMessage,
): Promise<{ text: string | undefined; incoming: FrameCipher } | undefined> {
  const frame = typeof message === "string"
    ? parseJsonFirstFrame(message)
    : parseBinaryFirstFrame(message);
  if (frame?.version !== PROTOCOL_VERSION || frame.authToken !== AUTH_TOKEN) return undefined;
  const { salt, ciphertext } = frame;
  if (salt?.length !== SALT.length || ciphertext === undefined) return undefined;
  const keys = deriveSessionKeys(PAIRING_KEY, salt).clientToDevice;
  const incoming = createFrameCipher(keys, { authToken: AUTH_TOKEN });
  const plaintext = await incoming.open(ciphertext);
  return plaintext && { text: decodeUtf8(plaintext), incoming };
}

function deviceCipher(): FrameCipher {
  return createFrameCipher(KEYS.deviceToClient, { authToken: AUTH_TOKEN });
}

async function openOne(message: WireMessage, envelope: Envelope): Promise<string | undefined> {
  return (await openAll(deviceCipher(), { messages: [message], envelope }))[0];
}

// The ciphers take their counters when a call begins, so calls may be begun all at once.
function sealAll(cipher: FrameCipher, options: { envelope: Envelope }): Promise<WireMessage[]> {
  return Promise.all(
    TEXTS.map(async (text) => encodeFrame(await cipher.seal(utf8(text)), options.envelope)),
  );
}

function openAll(
  cipher: FrameCipher,
  options: { messages: readonly WireMessage[]; envelope: Envelope },
): Promise<(string | undefined)[]> {
  return Promise.all(options.messages.map(async (message) => {
    const ciphertext = parseFrame(message, options.envelope);
    const plaintext = ciphertext && await cipher.open(ciphertext);
    return plaintext && decodeUtf8(plaintext);
  }));
}
