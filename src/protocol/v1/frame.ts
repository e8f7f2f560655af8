// The two envelopes around ciphertext: JSON text and bare binary (docs/protocol.md §4). Parsing
// tells frames apart; nothing here decrypts.

import {
  type Bytes,
  concatBytes,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  utf8,
} from "../../base/bytes.ts";
import { parseJsonObject } from "../../base/json.ts";
import { SALT_BYTES } from "./key_schedule.ts";
import { PROTOCOL_VERSION } from "./labels.ts";

/** The longest message before a session exists, in bytes. */
export const MAX_FIRST_FRAME_BYTES: number = 64 * 1024;

/** The longest message of a session, in bytes. */
export const MAX_FRAME_BYTES: number = 4 * 1024 * 1024;

/** How a connection's frames travel; the first frame decides for all. */
export type Envelope = "json" | "binary";

/** A message as a WebSocket carries it. */
export type WireMessage = string | Bytes;

/** A frame that asks for a session. Fields that do not decode are undefined. */
export interface FirstFrame {
  /** Its envelope. */
  readonly envelope: Envelope;
  /** The version it names. */
  readonly version: number;
  /** The token of the client it claims to be. */
  readonly authToken: string;
  /** The session's salt, of any length. */
  readonly salt: Bytes | undefined;
  /** The tagged ciphertext. */
  readonly ciphertext: Bytes | undefined;
}

const JSON_FRAME_START = '{"e":"';
const JSON_FRAME_END = '"}';
const BINARY_HEADER_BYTES = 1 + SALT_BYTES + 1;

/**
 * The first frame in a text message; undefined where the text is none, which makes it plaintext:
 * it wants an integer v > 0 and non-empty texts e, t and s.
 */
export function parseJsonFirstFrame(text: string): FirstFrame | undefined {
  const object = parseJsonObject(text);
  if (object === undefined) return undefined;
  const { v, e, t, s } = object;
  if (typeof v !== "number" || !Number.isInteger(v) || v <= 0) return undefined;
  if (!isNonEmptyText(e) || !isNonEmptyText(t) || !isNonEmptyText(s)) return undefined;
  return {
    envelope: "json",
    version: v,
    authToken: t,
    salt: decodeBase64(s),
    ciphertext: decodeBase64(e),
  };
}

/** The first frame in a message of either envelope; undefined where it is none. */
export function parseFirstFrame(message: WireMessage): FirstFrame | undefined {
  return typeof message === "string"
    ? parseJsonFirstFrame(message)
    : parseBinaryFirstFrame(message);
}

/** The first frame in a binary message; undefined where it is too short to be one. */
export function parseBinaryFirstFrame(bytes: Bytes): FirstFrame | undefined {
  const version = bytes[0];
  const tokenBytes = bytes[BINARY_HEADER_BYTES - 1];
  // Version 0 is none, as in the JSON envelope.
  if (!version || !tokenBytes) return undefined;
  const bodyAt = BINARY_HEADER_BYTES + tokenBytes;
  if (bytes.length < bodyAt) return undefined;
  return {
    envelope: "binary",
    version,
    // No client has an empty token, so a token that is not UTF-8 is an unknown one.
    authToken: decodeUtf8(bytes.subarray(BINARY_HEADER_BYTES, bodyAt)) ?? "",
    salt: bytes.slice(1, 1 + SALT_BYTES),
    ciphertext: bytes.slice(bodyAt),
  };
}

/** The ciphertext of a later frame; undefined where the message is no frame of this envelope. */
export function parseFrame(message: WireMessage, envelope: Envelope): Bytes | undefined {
  if (envelope === "binary") return typeof message === "string" ? undefined : message;
  if (typeof message !== "string") return undefined;
  // What is base64 between the two needs no parser: it is the text that JSON would find there.
  const isPlain = message.startsWith(JSON_FRAME_START) && message.endsWith(JSON_FRAME_END);
  const base64 = isPlain ? message.slice(JSON_FRAME_START.length, -JSON_FRAME_END.length) : "";
  const ciphertext = base64 === "" ? undefined : decodeBase64(base64);
  if (ciphertext !== undefined) return ciphertext;
  const e = parseJsonObject(message)?.["e"];
  return isNonEmptyText(e) ? decodeBase64(e) : undefined;
}

/** A frame of either direction after the first. */
export function encodeFrame(ciphertext: Bytes, envelope: Envelope): WireMessage {
  return envelope === "binary"
    ? ciphertext
    : `${JSON_FRAME_START}${encodeBase64(ciphertext)}${JSON_FRAME_END}`;
}

/** The client's first frame; throws RangeError on a wrong salt or a token that does not fit. */
export function encodeFirstFrame(
  ciphertext: Bytes,
  options: { envelope: Envelope; authToken: string; salt: Bytes },
): WireMessage {
  const { envelope, authToken, salt } = options;
  if (salt.length !== SALT_BYTES) throw new RangeError("Cannot encode frame: salt not 16 bytes");
  if (envelope === "json") {
    return JSON.stringify({
      v: PROTOCOL_VERSION,
      e: encodeBase64(ciphertext),
      t: authToken,
      s: encodeBase64(salt),
    });
  }
  const token = utf8(authToken);
  if (token.length < 1 || token.length > 255) {
    throw new RangeError("Cannot encode frame: token not 1 to 255 bytes");
  }
  return concatBytes(
    Uint8Array.of(PROTOCOL_VERSION),
    salt,
    Uint8Array.of(token.length),
    token,
    ciphertext,
  );
}

function isNonEmptyText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
