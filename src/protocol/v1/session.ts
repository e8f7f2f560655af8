// One encrypted session over one connection, on the device's side (docs/protocol.md §4 and §5): the
// envelope that its first frame chose and a cipher per direction. Its owner keeps one queue per
// direction.

import { type Bytes, decodeUtf8, utf8 } from "../../base/bytes.ts";
import { andThen, type Eventual } from "../../base/eventual.ts";
import type { SealedChannel } from "../sealed_channel.ts";
import { createFrameCipher, type FrameCipher, type SyncAead } from "./aead.ts";
import { encodeFrame, type Envelope, parseFrame, type WireMessage } from "./frame.ts";
import { deriveSessionKeys } from "./key_schedule.ts";

/** The ciphers of both directions before the first frame was accepted. */
export interface SessionCiphers {
  /** For frames from the client. */
  readonly incoming: FrameCipher;
  /** For frames to the client. */
  readonly outgoing: FrameCipher;
}

/** The ciphers for a client's salt, both counters at 0; `syncAead` takes the small frames. */
export function createSessionCiphers(
  client: { pairingKey: Bytes; authToken: string },
  salt: Bytes,
  syncAead?: SyncAead,
): SessionCiphers {
  const keys = deriveSessionKeys(client.pairingKey, salt);
  const { authToken } = client;
  return {
    incoming: createFrameCipher(keys.clientToDevice, { authToken, syncAead }),
    outgoing: createFrameCipher(keys.deviceToClient, { authToken, syncAead }),
  };
}

/** The session over ciphers whose first incoming frame has been opened. */
export function createSealedSession(ciphers: SessionCiphers, envelope: Envelope): SealedChannel {
  const { incoming, outgoing } = ciphers;
  const toMessage = (ciphertext: Bytes): WireMessage => encodeFrame(ciphertext, envelope);
  const toText = (plaintext: Bytes | undefined): string | undefined =>
    plaintext && plaintextText(plaintext);
  return {
    seal: (text) => andThen(outgoing.seal(utf8(text)), toMessage),
    open(message: WireMessage): Eventual<string | undefined> {
      const ciphertext = parseFrame(message, envelope);
      return ciphertext && andThen(incoming.open(ciphertext), toText);
    },
  };
}

/** The text of a decrypted payload; what is not UTF-8 becomes the empty text, which is no JSON. */
export function plaintextText(plaintext: Bytes): string {
  return decodeUtf8(plaintext) ?? "";
}
