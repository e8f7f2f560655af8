// A whole pairing exchange between two sides in one place, with a PIN and scalars that nobody else
// ever uses: what it costs the device's CPU, and whether it comes out right. No PIN is opened.

import type { Clock } from "../../base/clock.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { RandomSource } from "../../base/random.ts";
import { derivePairingKeys } from "../../protocol/v1/key_schedule.ts";
import {
  computeClientShare,
  createPinMasks,
  drawScalar,
  finishClient,
} from "../../protocol/v1/pake.ts";
import {
  decodeClientMessage,
  decodeDeviceMessage,
  encodeClientMessage,
} from "../../protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../protocol/v1/transcript.ts";
import { answerClient } from "../pairing/pairing_exchange.ts";
import { drawPin } from "../pairing/pin.ts";
import type { PairingTimeFacts } from "./doctor_facts.ts";

const CLIENT_NAME = "doctor";

/** Pairs with itself. */
export function tryPairing(options: { clock: Clock; random: RandomSource }): PairingTimeFacts {
  const { clock, random } = options;
  const pin = drawPin(random);
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
    return answerClient(masks, { clientName: CLIENT_NAME, messageA, x, ...secrets });
  });
  const y = device && decodeDeviceMessage(device.messageB);
  if (device === undefined || y === undefined) return { deviceMs, isAgreed: false };
  const transcript = { clientName: CLIENT_NAME, messageA, messageB: device.messageB };
  const sessionKey = finishClient(masks, { scalar, x: clientX, y });
  const { clientConfirmKey, pairingKey } = derivePairingKeys(sessionKey, transcript);
  const confirm = computeConfirm(clientConfirmKey, encodeTranscript("client", transcript));
  const isAccepted = device.accepts(confirm);
  return { deviceMs, isAgreed: isAccepted && equalBytes(pairingKey, device.pairingKey) };
}
