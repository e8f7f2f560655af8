// Whole pairings at the level of messages: the shipped code against the reference on either side,
// and every single flipped bit of msgA and msgB.

import assert from "node:assert/strict";
import { type Bytes, equalBytes } from "../../../src/base/bytes.ts";
import { randomBelow, type RandomSource } from "../../../src/base/random.ts";
import { derivePairingKeys } from "../../../src/protocol/v1/key_schedule.ts";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  drawScalar,
  finishClient,
  respondToClient,
} from "../../../src/protocol/v1/pake.ts";
import {
  decodeClientMessage,
  decodeDeviceMessage,
  encodeClientMessage,
  encodeDeviceMessage,
} from "../../../src/protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../../src/protocol/v1/transcript.ts";
import { flipEveryBit } from "../../support/flip_every_bit.ts";
import {
  ReferencePairingClient,
  ReferencePairingDevice,
} from "../../support/reference_protocol.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const PAIRINGS = 500;
const PIN = "042137";
const CLIENT_NAME = "Wohnzimmer 📱";
const CLIENT_SCALAR = 0x5eed_0123_4567_89ab_cdefn ** 3n;
const DEVICE_SCALAR = 0xfeed_fedc_ba98_7654_3210n ** 3n;

interface Ending {
  readonly clientConfirm: Bytes;
  readonly deviceConfirm: Bytes;
  readonly pairingKey: Bytes;
}

Deno.test("shipped clients pair with the reference device, short coordinates included", () => {
  const random = seededRandom(1);
  let short = 0;
  for (let i = 0; i < PAIRINGS; i++) {
    const { pin, name } = drawPerson(random);
    const client = new ShippedClient(pin, { name, scalar: drawScalar(random) });
    const answer = new ReferencePairingDevice(pin, drawScalar(random)).answer(
      client.messageA,
      name,
    );
    assert.ok(answer !== undefined);
    assert.deepEqual(client.finish(answer.messageB), {
      clientConfirm: answer.expectedClientConfirm,
      deviceConfirm: answer.confirm,
      pairingKey: answer.pairingKey,
    });
    short += Number(answer.coordinateBytes.some((length) => length === 31));
  }
  assert.ok(short >= 3, `only ${short} pairings with a coordinate of 31 bytes`);
});

Deno.test("the reference client pairs with shipped devices, short coordinates included", () => {
  const random = seededRandom(2);
  let short = 0;
  for (let i = 0; i < PAIRINGS; i++) {
    const { pin, name } = drawPerson(random);
    const client = new ReferencePairingClient(pin, name, drawScalar(random));
    const answer = answerAsDevice(client.messageA, { pin, name, scalar: drawScalar(random) });
    assert.ok(answer !== undefined);
    const { confirm, expectedServerConfirm, pairingKey, coordinateBytes } = client.finish(
      answer.messageB,
    );
    assert.deepEqual(answer.ending, {
      clientConfirm: confirm,
      deviceConfirm: expectedServerConfirm,
      pairingKey,
    });
    short += Number(coordinateBytes.some((length) => length === 31));
  }
  assert.ok(short >= 3, `only ${short} pairings with a coordinate of 31 bytes`);
});

Deno.test("a flipped bit in msgA is refused or makes both confirms and the key differ", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const device = { pin: PIN, name: CLIENT_NAME, scalar: DEVICE_SCALAR };
  let answered = 0;
  let refused = 0;
  for (const messageA of flipEveryBit(client.messageA)) {
    const answer = answerAsDevice(messageA, device);
    if (answer === undefined) {
      refused += 1;
      continue;
    }
    answered += 1;
    assertNothingMatches(client.finish(answer.messageB), answer.ending);
  }
  // Digits of U, V and Y are parsed and ignored, so that many flips are answered.
  assert.ok(answered > 500 && refused > 500, `${answered} answered, ${refused} refused`);
});

Deno.test("a flipped bit in msgB is refused or makes both confirms and the key differ", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const answer = answerAsDevice(client.messageA, {
    pin: PIN,
    name: CLIENT_NAME,
    scalar: DEVICE_SCALAR,
  });
  assert.ok(answer !== undefined);
  assert.deepEqual(client.finish(answer.messageB), answer.ending);
  let finished = 0;
  let refused = 0;
  for (const messageB of flipEveryBit(answer.messageB)) {
    const ending = client.finish(messageB);
    if (ending === undefined) {
      refused += 1;
      continue;
    }
    finished += 1;
    assertNothingMatches(ending, answer.ending);
  }
  assert.ok(finished > 500 && refused > 500, `${finished} finished, ${refused} refused`);
});

Deno.test("white space, a plus sign or another order in msgA makes all that is confirmed differ", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const text = new TextDecoder().decode(client.messageA);
  const { role, ...coordinates } = JSON.parse(text) as Record<string, unknown>;
  const rewritten = [
    `${text}\n`,
    ` ${text}`,
    text.replace(`"xx":"`, `"xx":"+`),
    text.replace(`"xx":"`, `"xx":"0`),
    text.replace(`"role":0,`, ""),
    JSON.stringify({ ...coordinates, role }),
  ];
  for (const messageA of rewritten) {
    const answer = answerAsDevice(new TextEncoder().encode(messageA), {
      pin: PIN,
      name: CLIENT_NAME,
      scalar: DEVICE_SCALAR,
    });
    assert.ok(answer !== undefined, messageA);
    assertNothingMatches(client.finish(answer.messageB), answer.ending);
  }
});

Deno.test("a truncated msgA or msgB is refused at every length", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const device = { pin: PIN, name: CLIENT_NAME, scalar: DEVICE_SCALAR };
  const messageB = answerAsDevice(client.messageA, device)?.messageB;
  assert.ok(messageB !== undefined);
  for (let length = 0; length < client.messageA.length; length++) {
    assert.equal(answerAsDevice(client.messageA.slice(0, length), device), undefined);
  }
  for (let length = 0; length < messageB.length; length++) {
    assert.equal(client.finish(messageB.slice(0, length)), undefined);
  }
});

Deno.test("another name or another PIN makes both confirms and the key differ", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const scalar = DEVICE_SCALAR;
  const otherPin = answerAsDevice(client.messageA, { pin: "042138", name: CLIENT_NAME, scalar });
  assert.ok(otherPin !== undefined);
  assertNothingMatches(client.finish(otherPin.messageB), otherPin.ending);
  const otherName = answerAsDevice(client.messageA, { pin: PIN, name: `${CLIENT_NAME} `, scalar });
  assert.ok(otherName !== undefined);
  const { pairingKey, ...confirms } = client.finish(otherName.messageB) ?? assert.fail();
  // The name is confirmed but is no part of the key.
  assert.deepEqual(pairingKey, otherName.ending.pairingKey);
  assert.notDeepEqual(confirms.clientConfirm, otherName.ending.clientConfirm);
  assert.notDeepEqual(confirms.deviceConfirm, otherName.ending.deviceConfirm);
});

Deno.test("the client's own confirm sent back is not the device's", () => {
  const client = new ShippedClient(PIN, { name: CLIENT_NAME, scalar: CLIENT_SCALAR });
  const answer = answerAsDevice(client.messageA, {
    pin: PIN,
    name: CLIENT_NAME,
    scalar: DEVICE_SCALAR,
  });
  assert.ok(answer !== undefined);
  assert.notDeepEqual(answer.ending.clientConfirm, answer.ending.deviceConfirm);
});

class ShippedClient {
  readonly messageA: Bytes;
  readonly #name: string;
  readonly #scalar: bigint;
  readonly #masks: ReturnType<typeof createPinMasks>;
  readonly #x: AffinePoint;

  constructor(pin: string, options: { name: string; scalar: bigint }) {
    this.#name = options.name;
    this.#scalar = options.scalar;
    this.#masks = createPinMasks(pin);
    this.#x = computeClientShare(this.#masks, this.#scalar);
    this.messageA = encodeClientMessage(this.#x);
  }

  finish(messageB: Bytes): Ending | undefined {
    const y = decodeDeviceMessage(messageB);
    if (y === undefined) return undefined;
    const sessionKey = finishClient(this.#masks, { scalar: this.#scalar, x: this.#x, y });
    return end(sessionKey, { clientName: this.#name, messageA: this.messageA, messageB });
  }
}

function answerAsDevice(
  messageA: Bytes,
  options: { pin: string; name: string; scalar: bigint },
): { messageB: Bytes; ending: Ending } | undefined {
  const x = decodeClientMessage(messageA);
  if (x === undefined) return undefined;
  const { scalar } = options;
  const { y, sessionKey } = respondToClient(masksOf(options.pin), { x, scalar, blinding: 99n });
  const messageB = encodeDeviceMessage(x, y);
  return { messageB, ending: end(sessionKey, { clientName: options.name, messageA, messageB }) };
}

function end(
  sessionKey: Bytes,
  exchange: { clientName: string; messageA: Bytes; messageB: Bytes },
): Ending {
  const keys = derivePairingKeys(sessionKey, exchange);
  return {
    clientConfirm: computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange)),
    deviceConfirm: computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange)),
    pairingKey: keys.pairingKey,
  };
}

// One PIN is used in many rows: its masks are made once, as the device does.
const knownMasks = new Map<string, ReturnType<typeof createPinMasks>>();
function masksOf(pin: string): ReturnType<typeof createPinMasks> {
  const masks = knownMasks.get(pin) ?? createPinMasks(pin);
  knownMasks.set(pin, masks);
  return masks;
}

function drawPerson(random: RandomSource): { pin: string; name: string } {
  const pin = String(randomBelow(random, 10 ** 6)).padStart(6, "0");
  const names = ["a", "Zaparoo App", "Küche", "手机", '\u0000\n"', "n".repeat(128)];
  return { pin, name: names[randomBelow(random, names.length)] ?? "" };
}

function assertNothingMatches(client: Ending | undefined, device: Ending): void {
  assert.ok(client !== undefined);
  assert.equal(equalBytes(client.clientConfirm, device.clientConfirm), false);
  assert.equal(equalBytes(client.deviceConfirm, device.deviceConfirm), false);
  assert.equal(equalBytes(client.pairingKey, device.pairingKey), false);
}
