// Bytes and text: UTF-8, strict base64 (docs/protocol.md §1), joining, comparing in constant time.
// The SDK runs this in browsers and Node too, some of which lack the base64 methods of Uint8Array.

/** Bytes that own their buffer, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/**
 * The text of ASCII bytes; undefined where one is none. Platforms decode it several times as fast as
 * what must be checked to be UTF-8.
 */
export function decodeAscii(bytes: Uint8Array): string | undefined {
  // Every other character has fewer units than bytes, or stands for bytes that are none.
  const text = lenientDecoder.decode(bytes);
  return text.length === bytes.length && !text.includes("\ufffd") ? text : undefined;
}

/** The text of UTF-8 bytes, a byte order mark included; undefined where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const text = decodeAscii(bytes);
  if (text !== undefined) return text;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** One array with all parts one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte strings are equal, in time that depends on their lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  if (bytes.toBase64 !== undefined) return bytes.toBase64();
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The bytes of standard, padded base64; undefined for anything else: white space, line ends, a
 * missing or misplaced pad, set bits behind the last byte.
 */
export function decodeBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0) return undefined;
  try {
    if (Uint8Array.fromBase64 !== undefined) {
      const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
      // White space is all that it overlooks: what stands for no bytes is missing in their number.
      return bytes.length === base64Bytes(text) ? bytes : undefined;
    }
    if (!BASE64_TEXT.test(text)) return undefined;
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    // atob() overlooks bits behind the last byte; they would not come back.
    return encodeBase64(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

// How many bytes a text without white space stands for.
function base64Bytes(text: string): number {
  const pads = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - pads;
}
