// From the PAKE's session key to the pairing keys, and from the pairing key and a salt to the keys
// of one session (docs/protocol.md §3 and §5). HKDF-SHA256 throughout. The hashes are synchronous,
// so that counting an attempt and verifying it are one step of the event loop.

import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concatBytes, utf8 } from "../../base/bytes.ts";
import { KEY_LABELS } from "./labels.ts";

/** Length of every key, in bytes. */
export const KEY_BYTES = 32;

/** Length of a session's salt, in bytes. */
export const SALT_BYTES = 16;

/** Length of a nonce base, in bytes. */
export const NONCE_BYTES = 12;

/** The keys that end a pairing. */
export interface PairingKeys {
  /** KA, under the client's confirm. */
  readonly clientConfirmKey: Bytes;
  /** KB, under the device's confirm. */
  readonly deviceConfirmKey: Bytes;
  /** The 32-byte key that both sides keep; it never travels. */
  readonly pairingKey: Bytes;
}

/** The key and nonce base of one direction of a session. */
export interface DirectionKeys {
  /** The AES-256 key. */
  readonly key: Bytes;
  /** The 12-byte base that the counter is mixed into. */
  readonly nonceBase: Bytes;
}

/** The keys of one session by direction. */
export interface SessionKeys {
  /** For frames from the client. */
  readonly clientToDevice: DirectionKeys;
  /** For frames from the device. */
  readonly deviceToClient: DirectionKeys;
}

/** The pairing keys from K and the raw messages. */
export function derivePairingKeys(
  sessionKey: Uint8Array,
  messages: { messageA: Uint8Array; messageB: Uint8Array },
): PairingKeys {
  const salt = concatBytes(messages.messageA, messages.messageB);
  const prk = extract(sha256, sessionKey, salt);
  return {
    clientConfirmKey: expandLabel(prk, KEY_LABELS.clientConfirm, KEY_BYTES),
    deviceConfirmKey: expandLabel(prk, KEY_LABELS.deviceConfirm, KEY_BYTES),
    pairingKey: expandLabel(prk, KEY_LABELS.pairing, KEY_BYTES),
  };
}

/** A session's keys from the pairing key and the salt; throws RangeError on a wrong length. */
export function deriveSessionKeys(pairingKey: Uint8Array, salt: Uint8Array): SessionKeys {
  if (pairingKey.length !== KEY_BYTES) {
    throw new RangeError("Cannot derive session keys: pairing key is not 32 bytes");
  }
  if (salt.length !== SALT_BYTES) {
    throw new RangeError("Cannot derive session keys: salt is not 16 bytes");
  }
  const prk = extract(sha256, pairingKey, salt);
  return {
    clientToDevice: {
      key: expandLabel(prk, KEY_LABELS.clientToDevice, KEY_BYTES),
      nonceBase: expandLabel(prk, KEY_LABELS.clientToDeviceNonce, NONCE_BYTES),
    },
    deviceToClient: {
      key: expandLabel(prk, KEY_LABELS.deviceToClient, KEY_BYTES),
      nonceBase: expandLabel(prk, KEY_LABELS.deviceToClientNonce, NONCE_BYTES),
    },
  };
}

function expandLabel(prk: Uint8Array, label: string, length: number): Bytes {
  return new Uint8Array(expand(sha256, prk, utf8(label), length));
}
