// What both sides prove to each other at the end of pairing (docs/protocol.md §3).

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concatBytes, utf8 } from "../../base/bytes.ts";
import { TRANSCRIPT_LABELS } from "./labels.ts";

/** The messages and the name that a pairing is about. */
export interface TranscriptFields {
  /** The client's name, exactly as sent. */
  readonly clientName: string;
  /** msgA, the raw bytes as received. */
  readonly messageA: Uint8Array;
  /** msgB, the raw bytes as sent. */
  readonly messageB: Uint8Array;
}

/** Who confirms; on the wire the device is called "server". */
export type ConfirmRole = "client" | "device";

/** LP(x): the length as 4 big-endian bytes, then x. */
export function lengthPrefixed(bytes: Uint8Array): Bytes {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, bytes.length);
  return concatBytes(prefix, bytes);
}

/** T(role): the bytes under the confirm of the given role. */
export function encodeTranscript(role: ConfirmRole, exchange: TranscriptFields): Bytes {
  const { clientName, messageA, messageB } = exchange;
  const { protocol, curve } = TRANSCRIPT_LABELS;
  const texts = [protocol, curve, TRANSCRIPT_LABELS[role], clientName].map(utf8);
  return concatBytes(...[...texts, messageA, messageB].map(lengthPrefixed));
}

/** The 32-byte confirm: HMAC-SHA256 over the transcript. */
export function computeConfirm(confirmKey: Uint8Array, transcript: Uint8Array): Bytes {
  return new Uint8Array(hmac(sha256, confirmKey, transcript));
}
