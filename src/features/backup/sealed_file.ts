// A file sealed with a passphrase: magic and version, a salt, a nonce, and AES-256-GCM over the rest
// with this header as its additional data. The key is scrypt of the passphrase; its cost belongs to
// the version, so that no file can make its reader work harder.

import { scryptAsync } from "@noble/hashes/scrypt.js";
import { type Bytes, concatBytes, utf8 } from "../../base/bytes.ts";
import { AppError } from "../../base/app_error.ts";
import type { RandomSource } from "../../base/random.ts";

/** The shortest passphrase, in characters. */
export const MIN_PASSPHRASE_CHARACTERS = 8;

/** The longest passphrase, in characters. */
export const MAX_PASSPHRASE_CHARACTERS = 1024;

/** The longest sealed file, in bytes. */
export const MAX_SEALED_BYTES: number = 64 * 1024 * 1024;

/** How many bytes stand before what is sealed. */
export const HEADER_BYTES = 37;

/** The cost of version 1: 64 MiB of memory, about a second on a small ARM core. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, dkLen: 32 } as const;

const MAGIC = utf8("LKBACKUP");
const VERSION = 1;
const SCRYPT_SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A passphrase, normalised; bad_request where it is too short or too long. */
export function checkPassphrase(passphrase: string): string {
  // The same characters, typed on another keyboard, may come as other code points.
  const normal = passphrase.normalize("NFC");
  const length = [...normal].length;
  if (length < MIN_PASSPHRASE_CHARACTERS || length > MAX_PASSPHRASE_CHARACTERS) {
    const range = `${MIN_PASSPHRASE_CHARACTERS} to ${MAX_PASSPHRASE_CHARACTERS}`;
    throw new AppError("bad_request", `Passphrase: expected ${range} characters`);
  }
  return normal;
}

/** Seals bytes; too_large where they do not fit into a file, bad_request for a bad passphrase. */
export async function sealFile(
  content: Uint8Array,
  options: { passphrase: string; random: RandomSource },
): Promise<Bytes> {
  if (HEADER_BYTES + content.length + TAG_BYTES > MAX_SEALED_BYTES) {
    throw new AppError("too_large", `The backup would be over ${MAX_SEALED_BYTES} bytes`);
  }
  const salt = options.random(SCRYPT_SALT_BYTES);
  const nonce = options.random(NONCE_BYTES);
  const header = concatBytes(MAGIC, Uint8Array.of(VERSION), salt, nonce);
  const key = await deriveKey(options.passphrase, salt, "encrypt");
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: header };
  const sealed = await crypto.subtle.encrypt(parameters, key, new Uint8Array(content));
  return concatBytes(header, new Uint8Array(sealed));
}

/** What a sealed file holds; bad_request says what is wrong with it or the passphrase. */
export async function openSealedFile(file: Uint8Array, passphrase: string): Promise<Bytes> {
  if (file.length <= MAGIC.length || !MAGIC.every((byte, at) => byte === file[at])) {
    throw new AppError("bad_request", "The file is not a Latchkey backup");
  }
  if (file[MAGIC.length] !== VERSION) {
    throw new AppError("bad_request", "The backup was made by another version of Latchkey");
  }
  if (file.length > MAX_SEALED_BYTES || file.length < HEADER_BYTES + TAG_BYTES) {
    throw new AppError("bad_request", "The backup is damaged: it is truncated");
  }
  const header = new Uint8Array(file.subarray(0, HEADER_BYTES));
  const salt = header.subarray(MAGIC.length + 1, MAGIC.length + 1 + SCRYPT_SALT_BYTES);
  const nonce = header.subarray(HEADER_BYTES - NONCE_BYTES);
  const key = await deriveKey(passphrase, salt, "decrypt");
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: header };
  try {
    const sealed = new Uint8Array(file.subarray(HEADER_BYTES));
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, sealed));
  } catch (cause) {
    throw new AppError("bad_request", "The passphrase is wrong, or the backup is damaged", {
      cause,
    });
  }
}

async function deriveKey(
  passphrase: string,
  salt: Uint8Array,
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const bytes = await scryptAsync(utf8(checkPassphrase(passphrase)), salt, SCRYPT);
  return await crypto.subtle.importKey("raw", new Uint8Array(bytes), "AES-GCM", false, [use]);
}
