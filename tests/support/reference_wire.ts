// Bytes, messages, hashes and frames of the reference implementation: docs/protocol.md §1 to §5
// over node:crypto alone. It shares nothing with src.

import { Buffer, isUtf8 } from "node:buffer";
import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import type { ReferencePoint } from "./reference_curve.ts";

/** Bytes that own their buffer. */
export type ReferenceBytes = Uint8Array<ArrayBuffer>;

/** What a pairing is confirmed over; the messages are raw bytes. */
export interface ReferenceExchange {
  /** The client's name. */
  readonly name: string;
  /** msgA. */
  readonly messageA: Uint8Array;
  /** msgB. */
  readonly messageB: Uint8Array;
}

/** What the key schedule of a pairing gives. */
export interface ReferencePairingKeys {
  /** HKDF's intermediate key. */
  readonly prk: ReferenceBytes;
  /** KA. */
  readonly keyA: ReferenceBytes;
  /** KB. */
  readonly keyB: ReferenceBytes;
  /** The key that both sides keep. */
  readonly pairingKey: ReferenceBytes;
}

/** What the key schedule of a session gives, by the names of the specification. */
export interface ReferenceSessionKeys {
  /** HKDF's intermediate key. */
  readonly prk: ReferenceBytes;
  /** Key and nonce base of the client's frames. */
  readonly c2s: { readonly key: ReferenceBytes; readonly base: ReferenceBytes };
  /** Key and nonce base of the device's frames. */
  readonly s2c: { readonly key: ReferenceBytes; readonly base: ReferenceBytes };
}

/** U. */
export const POINT_U: ReferencePoint = {
  x: 793136080485469241208656611513609866400481671852n,
  y: 59748757929350367369315811184980635230185250460108398961713395032485227207304n,
};
/** V. */
export const POINT_V: ReferencePoint = {
  x: 1086685267857089638167386722555472967068468061489n,
  y: 9157340230202296554417312816309453883742349874205386245733062928888341584123n,
};
const MAX_MESSAGE_BYTES = 2048;

/** UTF-8. */
export function textBytes(text: string): ReferenceBytes {
  return join(Buffer.from(text, "utf8"));
}

/** All parts one after the other. */
export function join(...parts: readonly Uint8Array[]): ReferenceBytes {
  return new Uint8Array(Buffer.concat(parts));
}

/** B(n): the shortest big-endian bytes; none for zero. */
export function integerBytes(value: bigint): ReferenceBytes {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return Uint8Array.from(bytes);
}

/** LP(x). */
export function prefixLength(bytes: Uint8Array): ReferenceBytes {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.length);
  return join(prefix, bytes);
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): ReferenceBytes {
  return join(createHash("sha256").update(bytes).digest());
}

/** HMAC-SHA256. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): ReferenceBytes {
  return join(createHmac("sha256", key).update(join(...parts)).digest());
}

/** HKDF-Expand for the one block that this protocol needs: at most 32 bytes. */
export function expand(prk: Uint8Array, label: string, length: number): ReferenceBytes {
  return hmac(prk, textBytes(label), Uint8Array.of(1)).slice(0, length);
}

/** The keys after the PAKE; HKDF-Extract is an HMAC keyed by the salt. */
export function pairingKeys(
  sessionKey: Uint8Array,
  exchange: ReferenceExchange,
): ReferencePairingKeys {
  const prk = hmac(join(exchange.messageA, exchange.messageB), sessionKey);
  return {
    prk,
    keyA: expand(prk, "zaparoo-confirm-A", 32),
    keyB: expand(prk, "zaparoo-confirm-B", 32),
    pairingKey: expand(prk, "zaparoo-pairing-v1", 32),
  };
}

/** T(role), role as the wire names it. */
export function transcript(role: "client" | "server", exchange: ReferenceExchange): ReferenceBytes {
  const { name, messageA, messageB } = exchange;
  const labels = ["zaparoo-v1", "p256", role, name].map(textBytes);
  return join(...[...labels, messageA, messageB].map(prefixLength));
}

/** The keys of a session. */
export function sessionKeys(pairingKey: Uint8Array, salt: Uint8Array): ReferenceSessionKeys {
  const prk = hmac(salt, pairingKey);
  return {
    prk,
    c2s: {
      key: expand(prk, "zaparoo-c2s-v1", 32),
      base: expand(prk, "zaparoo-c2s-nonce-v1", 12),
    },
    s2c: {
      key: expand(prk, "zaparoo-s2c-v1", 32),
      base: expand(prk, "zaparoo-s2c-nonce-v1", 12),
    },
  };
}

/** The nonce of the frame with this counter; throws RangeError at 2^64 - 1. */
export function nonce(base: Uint8Array, counter: bigint): ReferenceBytes {
  if (counter < 0n || counter > 2n ** 64n - 2n) throw new RangeError("Cannot count on");
  const bytes = join(base);
  for (let i = 0; i < 8; i++) {
    bytes[11 - i] = (bytes[11 - i] ?? 0) ^ Number((counter >> BigInt(8 * i)) & 0xffn);
  }
  return bytes;
}

/** What seal() and unseal() need to know of one frame. */
export interface ReferenceFrame {
  /** The direction's AES-256 key. */
  readonly key: Uint8Array;
  /** The frame's nonce. */
  readonly iv: Uint8Array;
  /** The token that the frame is bound to. */
  readonly authToken: string;
}

/** The ciphertext with its tag behind it. */
export function seal(frame: ReferenceFrame, plaintext: Uint8Array): ReferenceBytes {
  const cipher = createCipheriv("aes-256-gcm", frame.key, frame.iv);
  cipher.setAAD(textBytes(`${frame.authToken}:ws`));
  return join(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** The plaintext; undefined where the frame is not authentic. */
export function unseal(frame: ReferenceFrame, sealed: Uint8Array): ReferenceBytes | undefined {
  if (sealed.length < 16) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", frame.key, frame.iv, { authTagLength: 16 });
  decipher.setAAD(textBytes(`${frame.authToken}:ws`));
  decipher.setAuthTag(sealed.subarray(-16));
  const plaintext = decipher.update(sealed.subarray(0, -16));
  try {
    return join(plaintext, decipher.final());
  } catch {
    return undefined;
  }
}

/** A decoded msgA or msgB. */
export interface ReferencePakeMessage {
  /** 0 or absent for the client, 1 for the device. */
  readonly role: number;
  /** X. */
  readonly x: ReferencePoint;
  /** Y; zeros in msgA. */
  readonly y: ReferencePoint;
}

/** The text of a message as bytes. */
export function messageBytes({ role, x, y }: ReferencePakeMessage): ReferenceBytes {
  const members = [
    `"ux":"${POINT_U.x}","uy":"${POINT_U.y}"`,
    `"vx":"${POINT_V.x}","vy":"${POINT_V.y}"`,
    `"xx":"${x.x}","xy":"${x.y}"`,
    `"yx":"${y.x}","yy":"${y.y}"`,
  ];
  // The app writes the role first, Core writes it last.
  if (role === 0) members.unshift(`"role":0`);
  else members.push(`"role":${role}`);
  return textBytes(`{${members.join(",")}}`);
}

/** The message in a text; undefined where the device must answer 400, but for its point. */
export function parseReferenceMessage(bytes: Uint8Array): ReferencePakeMessage | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES || !isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes).toString("utf8");
  const object = parseObject(text);
  if (object === undefined) return undefined;
  const integers: bigint[] = [];
  for (const name of ["ux", "uy", "vx", "vy", "xx", "xy", "yx", "yy"]) {
    const value = object[name];
    if (typeof value !== "string" || !/^([+]?[0-9]+|-0+)$/.test(value)) return undefined;
    integers.push(BigInt(value.replace(/^[+-]/, "")));
  }
  const role = roleText(text);
  if (role !== undefined && !/^-?[0-9]+$/.test(role)) return undefined;
  const [, , , , xx = 0n, xy = 0n, yx = 0n, yy = 0n] = integers;
  return { role: Number(role ?? 0), x: { x: xx, y: xy }, y: { x: yx, y: yy } };
}

// JSON.parse reads 0 and 0.0 as one number, so the role is looked up among the text's tokens.
function roleText(text: string): string | undefined {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  let depth = 0;
  let role: string | undefined;
  tokens.forEach((token, i) => {
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth === 1 && tokens[i + 1] === ":" && JSON.parse(token) === "role") role = tokens[i + 2];
  });
  return role;
}

/** The JSON object in a text, if it is one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}
