// AES-256-GCM in JavaScript, for pages over plain http: browsers have WebCrypto on https and localhost
// pages only, and a device in a home network has no certificate that they would take.

import { gcm } from "@noble/ciphers/aes.js";
import type { Bytes } from "../base/bytes.ts";
import type { FrameParams, SyncAead } from "../protocol/v1/aead.ts";

/** The cipher for frames of any length. */
export const portableAead: SyncAead = {
  maxBytes: Infinity,
  seal(plaintext: Bytes, { key, nonce, additionalData }: FrameParams): Bytes {
    return new Uint8Array(gcm(key, nonce, additionalData).encrypt(plaintext));
  },
  open(ciphertext: Bytes, { key, nonce, additionalData }: FrameParams): Bytes | undefined {
    try {
      return new Uint8Array(gcm(key, nonce, additionalData).decrypt(ciphertext));
    } catch {
      return undefined;
    }
  },
};

/** The cipher for all frames where the platform withholds WebCrypto; undefined where it has it. */
export function aeadWithoutPlatform(): SyncAead | undefined {
  return globalThis.crypto.subtle === undefined ? portableAead : undefined;
}
