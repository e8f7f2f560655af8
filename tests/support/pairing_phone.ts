// The client's side of one pairing against a PairingWindow in the same process, built from the
// shipped protocol functions. The foreign client for the real service is reference_protocol.ts.

import type { Bytes } from "../../src/base/bytes.ts";
import type { PairingWindow } from "../../src/features/pairing/pairing_window.ts";
import { derivePairingKeys } from "../../src/protocol/v1/key_schedule.ts";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  finishClient,
} from "../../src/protocol/v1/pake.ts";
import { decodeDeviceMessage, encodeClientMessage } from "../../src/protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../src/protocol/v1/transcript.ts";

/** A client that has answered start and could finish. */
export interface StartedPhone {
  /** The pairing session. */
  readonly sessionId: string;
  /** The client's confirm. */
  readonly confirm: Bytes;
  /** Where it is. */
  readonly address: string;
  /** The confirm that the device must send. */
  readonly deviceConfirm: Bytes;
  /** The key that both must hold. */
  readonly pairingKey: Bytes;
}

/** msgA for a PIN and a scalar. */
export function messageAFor(pin: string, scalar = 42n): { messageA: Bytes; x: AffinePoint } {
  const x = computeClientShare(createPinMasks(pin), scalar);
  return { messageA: encodeClientMessage(x), x };
}

/** Starts on the window with the given PIN, right or wrong. */
export function startPhone(
  window: PairingWindow,
  options: { pin: string; clientName?: string; scalar?: bigint; address?: string },
): StartedPhone {
  const { pin, clientName = "Test phone", scalar = 42n, address = "192.0.2.1" } = options;
  const masks = createPinMasks(pin);
  const { messageA, x } = messageAFor(pin, scalar);
  const { sessionId, messageB } = window.start({ clientName, messageA, address });
  const y = decodeDeviceMessage(messageB);
  if (y === undefined) throw new Error("The device's message does not decode");
  const exchange = { clientName, messageA, messageB };
  const keys = derivePairingKeys(finishClient(masks, { scalar, x, y }), exchange);
  return {
    sessionId,
    address,
    confirm: computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange)),
    deviceConfirm: computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange)),
    pairingKey: keys.pairingKey,
  };
}
