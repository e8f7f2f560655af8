// A whole pairing exchange between two sides in one place, with a PIN and scalars that nobody else
// ever uses: what it costs the device's CPU, and whether it comes out right. No PIN is opened.

import type { Clock } from "../../base/clock.ts";
import { equalBytes } from "../../base/bytes.ts";
import { randomBelow, type RandomSource } from "../../base/random.ts";
import { derivePairingKeys } from "../../protocol/v1/key_schedule.ts";
import {
  computeClientShare,
  createPinMasks,
  drawScalar,
  finishClient,
  respondToClient,
} from "../../protocol/v1/pake.ts";
import {
  decodeClientMessage,
  decodeDeviceMessage,
  encodeClientMessage,
  encodeDeviceMessage,
} from "../../protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../protocol/v1/transcript.ts";
import type { PairingTimeFacts } from "./doctor_facts.ts";

const CLIENT_NAME = "doctor";

/** Pairs with itself. */
export function tryPairing(options: { clock: Clock; random: RandomSource }): PairingTimeFacts {
  const { clock, random } = options;
  const pin = String(randomBelow(random, 1_000_000)).padStart(6, "0");
  const scalar = drawScalar(random);
  let deviceMs = 0;
  const onDevice = <Result>(work: () => Result): Result => {
    const startedAtMs = clock.monotonicMs();
    const result = work();
    deviceMs += clock.monotonicMs() - startedAtMs;
    return result;
  };

  const masks = onDevice(() => createPinMasks(pin));
  const clientX = computeClientShare(masks, scalar);
  const messageA = encodeClientMessage(clientX);
  const device = onDevice(() => {
    const x = decodeClientMessage(messageA);
    if (x === undefined) return undefined;
    const secrets = { scalar: drawScalar(random), blinding: drawScalar(random) };
    const { y, sessionKey } = respondToClient(masks, { x, ...secrets });
    const messageB = encodeDeviceMessage(x, y);
    const keys = derivePairingKeys(sessionKey, { messageA, messageB });
    const exchange = { clientName: CLIENT_NAME, messageA, messageB };
    const confirm = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange));
    return { messageB, keys, confirm };
  });
  const y = device && decodeDeviceMessage(device.messageB);
  if (device === undefined || y === undefined) return { deviceMs, isAgreed: false };
  const sessionKey = finishClient(masks, { scalar, x: clientX, y });
  const clientKeys = derivePairingKeys(sessionKey, { messageA, messageB: device.messageB });
  return { deviceMs, isAgreed: equalBytes(clientKeys.pairingKey, device.keys.pairingKey) };
}
