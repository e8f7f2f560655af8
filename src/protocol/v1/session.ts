// One encrypted session over one connection, on the device's side (docs/protocol.md §4 and §5): the
// envelope that its first frame chose and a cipher per direction. Its owner keeps one queue per
// direction.

import { type Bytes, decodeUtf8, utf8 } from "../../base/bytes.ts";
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
export async function createSessionCiphers(
  client: { pairingKey: Bytes; authToken: string },
  salt: Bytes,
  syncAead?: SyncAead,
): Promise<SessionCiphers> {
  const keys = deriveSessionKeys(client.pairingKey, salt);
  const { authToken } = client;
  const [incoming, outgoing] = await Promise.all([
    createFrameCipher(keys.clientToDevice, { authToken, syncAead }),
    createFrameCipher(keys.deviceToClient, { authToken, syncAead }),
  ]);
  return { incoming, outgoing };
}

/** The session over ciphers whose first incoming frame has been opened. */
export function createSealedSession(ciphers: SessionCiphers, envelope: Envelope): SealedChannel {
  return {
    async seal(text: string): Promise<WireMessage> {
      return encodeFrame(await ciphers.outgoing.seal(utf8(text)), envelope);
    },
    async open(message: WireMessage): Promise<string | undefined> {
      const ciphertext = parseFrame(message, envelope);
      if (ciphertext === undefined) return undefined;
      const plaintext = await ciphers.incoming.open(ciphertext);
      return plaintext && plaintextText(plaintext);
    },
  };
}

/** The text of a decrypted payload; what is not UTF-8 becomes the empty text, which is no JSON. */
export function plaintextText(plaintext: Bytes): string {
  return decodeUtf8(plaintext) ?? "";
}
