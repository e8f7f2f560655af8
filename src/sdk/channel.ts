// How texts become messages on a connection: as they are, or sealed under the keys of one session
// (docs/protocol.md §4 and §5). Counters are taken in call order; whoever calls keeps the results
// in that order.

import { type Bytes, decodeUtf8, utf8 } from "../base/bytes.ts";
import { asJsonObject, parseJsonObject } from "../base/json.ts";
import type { RandomSource } from "../base/random.ts";
import { createFrameCipher } from "../protocol/v1/aead.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  type Envelope,
  parseFrame,
  type WireMessage,
} from "../protocol/v1/frame.ts";
import { deriveSessionKeys, SALT_BYTES } from "../protocol/v1/key_schedule.ts";
import type { Credentials } from "./credentials.ts";
import { ClientError, type ClientErrorCode } from "./client_error.ts";
import { aeadWithoutPlatform } from "./portable_aead.ts";

/** Seals and opens the messages of one connection. */
export interface Channel {
  /** The next message to the device. */
  seal(text: string): Promise<WireMessage>;
  /** The text in the device's next message; ClientError where that ends the connection. */
  open(message: WireMessage): Promise<string>;
}

/** A channel without encryption, for apps on the device itself. */
export function createPlainChannel(): Channel {
  return {
    seal: (text) => Promise.resolve(text),
    // deno-lint-ignore require-await -- what is thrown must become a rejection
    async open(message: WireMessage): Promise<string> {
      if (typeof message !== "string") throw new ClientError("bad_answer", "Binary in plaintext");
      throwPlaintextError(message, PLAINTEXT_REFUSED);
      return message;
    },
  };
}

/** A channel under keys that only this connection uses; its first message is the first frame. */
export function createSealedChannel(
  credentials: Credentials,
  options: { envelope: Envelope; random: RandomSource },
): Channel {
  const { envelope, random } = options;
  const { authToken, pairingKey } = credentials;
  const salt: Bytes = random(SALT_BYTES);
  const keys = deriveSessionKeys(pairingKey, salt);
  const syncAead = aeadWithoutPlatform();
  const outgoing = createFrameCipher(keys.clientToDevice, { authToken, syncAead });
  const incoming = createFrameCipher(keys.deviceToClient, { authToken, syncAead });
  let isFirstOut = true;
  let isFirstIn = true;
  return {
    async seal(text: string): Promise<WireMessage> {
      const wasFirst = isFirstOut;
      isFirstOut = false;
      const ciphertext = await outgoing.seal(utf8(text));
      return wasFirst
        ? encodeFirstFrame(ciphertext, { envelope, authToken, salt })
        : encodeFrame(ciphertext, envelope);
    },
    async open(message: WireMessage): Promise<string> {
      // Once the session is proven, plaintext is nobody's word but an attacker's.
      if (isFirstIn) throwPlaintextError(message, CLIENT_REMOVED);
      isFirstIn = false;
      const ciphertext = parseFrame(message, envelope);
      const plaintext = ciphertext && await incoming.open(ciphertext);
      const text = plaintext && decodeUtf8(plaintext);
      if (text !== undefined) return text;
      throw new ClientError("device_not_authentic", "A message is not from the paired device");
    },
  };
}

interface Refusal {
  readonly code: ClientErrorCode;
  readonly message: string;
}
const UNSUPPORTED_VERSION: Refusal = {
  code: "unsupported_version",
  message: "The device speaks another version",
};
const PLAINTEXT_REFUSED: Refusal = {
  code: "encryption_required",
  message: "The device takes encrypted messages only",
};
const CLIENT_REMOVED: Refusal = {
  code: "client_removed",
  message: "The device says that it has removed this client: pair again",
};

// What -32002 means depends on what it answers: a plaintext message or a first frame.
function throwPlaintextError(message: WireMessage, encryptionRequired: Refusal): void {
  const answer = typeof message === "string" ? parseJsonObject(message) : undefined;
  if (answer?.["id"] !== null) return;
  const code = asJsonObject(answer["error"])?.["code"];
  const refusal = code === -32001
    ? UNSUPPORTED_VERSION
    : code === -32002
    ? encryptionRequired
    : undefined;
  if (refusal !== undefined) throw new ClientError(refusal.code, refusal.message);
}
