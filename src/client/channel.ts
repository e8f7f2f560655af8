// How texts become messages on a connection: as they are, or sealed under the keys of a session
// (docs/protocol.md §5). Each direction is one queue: what is sealed first is sent first, what
// comes first is opened first.

import { type Bytes, decodeUtf8, utf8 } from "../base/bytes.ts";
import type { RandomSource } from "../base/random.ts";
import { createFrameCipher } from "../protocol/aead.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  type Envelope,
  parseFrame,
  type WireMessage,
} from "../protocol/frame.ts";
import { deriveSessionKeys, SALT_BYTES } from "../protocol/key_schedule.ts";
import type { Credentials } from "./credentials.ts";

/** Seals and opens the messages of one connection. */
export interface Channel {
  /** The next message to the device. */
  seal(text: string): Promise<WireMessage>;
  /** The text in the device's next message; undefined where it is not authentic. */
  open(message: WireMessage): Promise<string | undefined>;
}

/** A channel without encryption, for apps on the device itself. */
export const plainChannel: Channel = {
  seal: (text) => Promise.resolve(text),
  open: (message) => Promise.resolve(typeof message === "string" ? message : undefined),
};

/** A channel under fresh keys; its first message is the first frame. */
export async function createSealedChannel(
  credentials: Credentials,
  options: { envelope: Envelope; random: RandomSource },
): Promise<Channel> {
  const { envelope, random } = options;
  const { authToken, pairingKey } = credentials;
  const salt: Bytes = random(SALT_BYTES);
  const keys = deriveSessionKeys(pairingKey, salt);
  const [outgoing, incoming] = await Promise.all([
    createFrameCipher(keys.clientToDevice, { authToken }),
    createFrameCipher(keys.deviceToClient, { authToken }),
  ]);
  let isFirst = true;
  return {
    async seal(text: string): Promise<WireMessage> {
      const wasFirst = isFirst;
      isFirst = false;
      const ciphertext = await outgoing.seal(utf8(text));
      return wasFirst
        ? encodeFirstFrame(ciphertext, { envelope, authToken, salt })
        : encodeFrame(ciphertext, envelope);
    },
    async open(message: WireMessage): Promise<string | undefined> {
      const ciphertext = parseFrame(message, envelope);
      const plaintext = ciphertext && await incoming.open(ciphertext);
      return plaintext && decodeUtf8(plaintext);
    },
  };
}
