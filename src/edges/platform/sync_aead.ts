// AES-256-GCM of node:crypto: on this thread, without a hop to another one.

import type { Bytes } from "../../base/bytes.ts";
import { type FrameParams, type SyncAead, TAG_BYTES } from "../../protocol/v1/aead.ts";
import { builtinModule } from "./builtin_module.ts";

const ALGORITHM = "aes-256-gcm";

type Ciphers = Pick<typeof import("node:crypto"), "createCipheriv" | "createDecipheriv">;

let loaded: Ciphers | undefined;

/** Loads the cipher, which takes 16 ms: before a session needs it, and not before the start is over. */
export function loadPlatformAead(): void {
  ciphers();
}

function ciphers(): Ciphers {
  return loaded ??= builtinModule("crypto");
}

/** The platform's synchronous cipher; the first call loads it. */
export const platformAead: SyncAead = {
  seal(plaintext: Bytes, { key, nonce, additionalData }: FrameParams): Bytes {
    const cipher = ciphers().createCipheriv(ALGORITHM, key, nonce);
    cipher.setAAD(additionalData);
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  },
  open(ciphertext: Bytes, { key, nonce, additionalData }: FrameParams): Bytes | undefined {
    const end = ciphertext.length - TAG_BYTES;
    // The platform would take a shorter tag than the whole one.
    if (end < 0) return undefined;
    try {
      const decipher = ciphers().createDecipheriv(ALGORITHM, key, nonce);
      decipher.setAAD(additionalData);
      decipher.setAuthTag(ciphertext.subarray(end));
      const plaintext = new Uint8Array(end);
      plaintext.set(decipher.update(ciphertext.subarray(0, end)));
      // Throws where the tag is wrong: nothing of the plaintext leaves before.
      decipher.final();
      return plaintext;
    } catch {
      return undefined;
    }
  },
};
