// One run of the PAKE on the device's side: from msgA to msgB and what must come back
// (docs/protocol.md §2 and §3). Pure; the window around it counts and times.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { derivePairingKeys } from "../../protocol/v1/key_schedule.ts";
import { type AffinePoint, type PinMasks, respondToClient } from "../../protocol/v1/pake.ts";
import { encodeDeviceMessage } from "../../protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../protocol/v1/transcript.ts";

/** What the device remembers between start and finish. */
export interface PairingExchange {
  /** The name that the client gave, exactly. */
  readonly clientName: string;
  /** msgB, the bytes to send. */
  readonly messageB: Bytes;
  /** The confirm that the device sends last. */
  readonly deviceConfirm: Bytes;
  /** The key to keep: a secret. */
  readonly pairingKey: Bytes;
  /** Whether this is the client's confirm; never for X = pw·U. Takes constant time. */
  accepts(clientConfirm: Uint8Array): boolean;
}

/** Answers a valid X with the given secret scalar and the secret that blinds, both in 1..n-1. */
export function answerClient(
  masks: PinMasks,
  options: {
    clientName: string;
    messageA: Bytes;
    x: AffinePoint;
    scalar: bigint;
    blinding: bigint;
  },
): PairingExchange {
  const { clientName, messageA, x, scalar, blinding } = options;
  const share = respondToClient(masks, { x, scalar, blinding });
  const messageB = encodeDeviceMessage(x, share.y);
  const transcript = { clientName, messageA, messageB };
  const keys = derivePairingKeys(share.sessionKey, transcript);
  const expected = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", transcript));
  return {
    clientName,
    messageB,
    deviceConfirm: computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", transcript)),
    pairingKey: keys.pairingKey,
    accepts: (clientConfirm) => equalBytes(expected, clientConfirm) && !share.isDegenerate,
  };
}
