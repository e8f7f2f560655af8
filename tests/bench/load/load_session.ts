// The client's side of a session as fast as JavaScript gets it: keys once, a nonce buffer per
// direction, node:crypto's synchronous cipher (docs/protocol.md §4 and §5). It shares no code with
// src.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { sessionKeys } from "../../support/reference_wire.ts";
import { countedNonce } from "../counted_nonce.ts";

const TAG_BYTES = 16;
const SALT_BYTES = 16;

/** How frames travel; "plain" sends and expects bare text, for echoes. */
export type Envelope = "json" | "binary" | "plain";

/** What a client keeps of its pairing, as text. */
export interface LoadPairing {
  /** The token. */
  readonly authToken: string;
  /** The 32-byte key in hex. */
  readonly pairingKey: string;
}

/** What seals a client's messages and opens the answers. */
export interface LoadSession {
  /** The next message to the server; the first asks for the session. */
  seal(text: string): string | Buffer;
  /** The text in the server's next message; throws where it is not authentic. */
  open(data: Buffer): string;
}

/** A new session with a fresh salt. */
export function createLoadSession(pairing: LoadPairing, envelope: Envelope): LoadSession {
  if (envelope === "plain") {
    return { seal: (text) => text, open: (data) => data.toString("utf8") };
  }
  const { authToken, pairingKey } = pairing;
  const salt = randomBytes(SALT_BYTES);
  const { c2s, s2c } = sessionKeys(Buffer.from(pairingKey, "hex"), salt);
  const aad = Buffer.from(`${authToken}:ws`);
  const sending = countedNonce(c2s.base);
  const receiving = countedNonce(s2c.base);
  let isFirst = true;

  function encrypt(text: string): Buffer {
    const cipher = createCipheriv("aes-256-gcm", c2s.key, sending());
    cipher.setAAD(aad);
    const sealed = cipher.update(text, "utf8");
    return Buffer.concat([sealed, cipher.final(), cipher.getAuthTag()]);
  }

  return {
    seal(text: string): string | Buffer {
      const sealed = encrypt(text);
      const head = isFirst;
      isFirst = false;
      if (envelope === "binary") {
        return head ? Buffer.concat([binaryHead(salt, authToken), sealed]) : sealed;
      }
      const e = sealed.toString("base64");
      if (!head) return `{"e":"${e}"}`;
      return JSON.stringify({ v: 1, e, t: authToken, s: salt.toString("base64") });
    },
    open(data: Buffer): string {
      const sealed = envelope === "binary" ? data : readEnvelope(data);
      const decipher = createDecipheriv("aes-256-gcm", s2c.key, receiving(), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const text = decipher.update(sealed.subarray(0, -TAG_BYTES), undefined, "utf8");
      return text + decipher.final("utf8");
    },
  };
}

function readEnvelope(data: Buffer): Buffer {
  const text = data.toString("utf8");
  const { e } = JSON.parse(text) as { e?: unknown };
  if (typeof e !== "string") throw new Error(`Not a frame of a session: ${text}`);
  return Buffer.from(e, "base64");
}

function binaryHead(salt: Buffer, authToken: string): Buffer {
  const token = Buffer.from(authToken);
  return Buffer.concat([Uint8Array.of(1), salt, Uint8Array.of(token.length), token]);
}
