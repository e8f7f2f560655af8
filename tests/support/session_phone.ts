// The client's side of a session, built from the shipped protocol functions, for tests that hold
// both ends in one process.

import { type Bytes, decodeUtf8, utf8 } from "../../src/base/bytes.ts";
import type { Client } from "../../src/features/access/client.ts";
import { createFrameCipher } from "../../src/protocol/v1/aead.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  type Envelope,
  parseFrame,
  type WireMessage,
} from "../../src/protocol/v1/frame.ts";
import { deriveSessionKeys } from "../../src/protocol/v1/key_schedule.ts";

/** A client that seals and opens frames. */
export interface SessionPhone {
  /** The next frame; the first call makes the first frame. */
  seal(text: string): Promise<WireMessage>;
  /** The text in the device's next frame. */
  open(message: WireMessage): Promise<string | undefined>;
}

/** A phone for a paired client and a salt. */
export function createPhone(
  client: Pick<Client, "pairingKey" | "authToken">,
  options: { salt: Bytes; envelope?: Envelope },
): SessionPhone {
  const { salt, envelope = "json" } = options;
  const { authToken } = client;
  const keys = deriveSessionKeys(client.pairingKey, salt);
  const outgoing = createFrameCipher(keys.clientToDevice, { authToken });
  const incoming = createFrameCipher(keys.deviceToClient, { authToken });
  let isFirst = true;
  return {
    async seal(text: string): Promise<WireMessage> {
      const ciphertext = await outgoing.seal(utf8(text));
      const wasFirst = isFirst;
      isFirst = false;
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

/** A paired client for tests. */
export function testClient(overrides: Partial<Client> = {}): Client {
  return {
    clientId: "11111111-1111-4111-8111-111111111111",
    clientName: "Test phone",
    authToken: "22222222-2222-4222-8222-222222222222",
    role: "member",
    pairingKey: new Uint8Array(32).fill(7),
    createdAtMs: 1_700_000_000_000,
    lastSeenAtMs: 1_700_000_000_000,
    ...overrides,
  };
}
