// A second implementation of the wire protocol, both sides of it, written from docs/protocol.md
// and sharing no code with src: it judges the shipped one and stands in for a foreign phone.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  addPoints,
  isOnReferenceCurve,
  multiplyPoint,
  negatePoint,
  REFERENCE_GENERATOR,
  REFERENCE_ORDER,
  type ReferencePoint,
} from "./reference_curve.ts";
import {
  hmac,
  integerBytes,
  join,
  messageBytes,
  nonce,
  pairingKeys,
  parseObject,
  parseReferenceMessage,
  POINT_U,
  POINT_V,
  type ReferenceBytes,
  type ReferenceExchange,
  seal,
  sessionKeys,
  sha256,
  textBytes,
  transcript,
  unseal,
} from "./reference_wire.ts";

/** A message as a WebSocket carries it. */
export type ReferenceMessage = string | ReferenceBytes;

/** What the client knows when it has read msgB. */
export interface ReferenceClientResult {
  /** What it sends: the client's confirm. */
  readonly confirm: ReferenceBytes;
  /** What must come back. */
  readonly expectedServerConfirm: ReferenceBytes;
  /** The key it keeps once that came back. */
  readonly pairingKey: ReferenceBytes;
  /** K. */
  readonly sessionKey: ReferenceBytes;
  /** How many bytes of Xx, Xy, Yx, Yy, Zx and Zy were hashed. */
  readonly coordinateBytes: readonly number[];
}

/** The phone's side of one pairing. */
export class ReferencePairingClient {
  /** msgA, the bytes to send. */
  readonly messageA: ReferenceBytes;
  readonly #pin: string;
  readonly #name: string;
  readonly #scalar: bigint;
  readonly #x: ReferencePoint;

  /** Draws the secret scalar where none is given. */
  constructor(pin: string, name: string, scalar: bigint = drawReferenceScalar()) {
    this.#pin = pin;
    this.#name = name;
    this.#scalar = scalar;
    this.#x = addPoints(
      multiplyPoint(pinInteger(pin), POINT_U),
      multiplyPoint(scalar, REFERENCE_GENERATOR),
    );
    this.messageA = messageBytes({ role: 0, x: this.#x, y: { x: 0n, y: 0n } });
  }

  /** Reads msgB; throws where it is none or its point is not on the curve. */
  finish(messageB: Uint8Array): ReferenceClientResult {
    const message = parseReferenceMessage(messageB);
    if (message?.role !== 1) throw new Error("Cannot read msgB");
    if (!isOnReferenceCurve(message.y)) throw new Error("Cannot use Y: not on the curve");
    const unmasked = addPoints(
      message.y,
      negatePoint(multiplyPoint(pinInteger(this.#pin), POINT_V)),
    );
    const z = multiplyPoint(this.#scalar, unmasked);
    const { preimage, coordinateBytes } = sessionKeyPreimage(this.#pin, [this.#x, message.y, z]);
    const sessionKey = sha256(preimage);
    const exchange = { name: this.#name, messageA: this.messageA, messageB };
    return { ...confirms(sessionKey, exchange), sessionKey, coordinateBytes };
  }
}

/** What the device knows when it has read msgA. */
export interface ReferenceDeviceResult {
  /** msgB, the bytes to send. */
  readonly messageB: ReferenceBytes;
  /** The confirm that proves the client's PIN. */
  readonly expectedClientConfirm: ReferenceBytes;
  /** The confirm to answer with. */
  readonly confirm: ReferenceBytes;
  /** The key to keep. */
  readonly pairingKey: ReferenceBytes;
  /** K. */
  readonly sessionKey: ReferenceBytes;
  /** What K is the hash of. */
  readonly preimage: ReferenceBytes;
  /** How many bytes of Xx, Xy, Yx, Yy, Zx and Zy were hashed. */
  readonly coordinateBytes: readonly number[];
  /** X, Y and Z. */
  readonly points: readonly [ReferencePoint, ReferencePoint, ReferencePoint];
}

/** The device's side of pairings with one PIN. */
export class ReferencePairingDevice {
  readonly #pin: string;
  readonly #scalar: bigint;

  /** Draws the secret scalar where none is given. */
  constructor(pin: string, scalar: bigint = drawReferenceScalar()) {
    this.#pin = pin;
    this.#scalar = scalar;
  }

  /** Answers msgA; undefined where the device must answer 400. */
  answer(messageA: Uint8Array, name: string): ReferenceDeviceResult | undefined {
    const message = parseReferenceMessage(messageA);
    if (message === undefined || message.role === 1) return undefined;
    const { x } = message;
    if (!isOnReferenceCurve(x)) return undefined;
    const pw = pinInteger(this.#pin);
    const y = addPoints(
      multiplyPoint(pw, POINT_V),
      multiplyPoint(this.#scalar, REFERENCE_GENERATOR),
    );
    const z = multiplyPoint(this.#scalar, addPoints(x, negatePoint(multiplyPoint(pw, POINT_U))));
    const { preimage, coordinateBytes } = sessionKeyPreimage(this.#pin, [x, y, z]);
    const sessionKey = sha256(preimage);
    const messageB = messageBytes({ role: 1, x, y });
    const { confirm, expectedServerConfirm, pairingKey } = confirms(sessionKey, {
      name,
      messageA,
      messageB,
    });
    return {
      messageB,
      expectedClientConfirm: confirm,
      confirm: expectedServerConfirm,
      pairingKey,
      sessionKey,
      preimage,
      coordinateBytes,
      points: [x, y, z],
    };
  }
}

/** Options of {@linkcode ReferenceSession}. */
export interface ReferenceSessionOptions {
  /** The 32-byte key from pairing. */
  pairingKey: Uint8Array;
  /** The token from pairing. */
  authToken: string;
  /** The 16 bytes of this session; never twice with one pairing key. */
  salt: Uint8Array;
  /** How frames travel. */
  envelope: "json" | "binary";
  /**
   * Whose side this is.
   * @default "client"
   */
  role?: "client" | "device";
}

/** One encrypted session; the client's first frame is made and expected as such. */
export class ReferenceSession {
  readonly #options: Required<ReferenceSessionOptions>;
  readonly #keys: ReturnType<typeof sessionKeys>;
  #sent = 0n;
  #received = 0n;

  /** Derives the keys; both counters begin at 0. */
  constructor(options: ReferenceSessionOptions) {
    this.#options = { role: "client", ...options };
    this.#keys = sessionKeys(options.pairingKey, options.salt);
  }

  /** The next frame to the other side; a client's first one asks for the session. */
  seal(text: string): ReferenceMessage {
    const { authToken, salt, envelope, role } = this.#options;
    const isFirst = role === "client" && this.#sent === 0n;
    const { key, base } = role === "client" ? this.#keys.c2s : this.#keys.s2c;
    const sealed = seal({ key, iv: nonce(base, this.#sent), authToken }, textBytes(text));
    this.#sent += 1n;
    if (envelope === "json") {
      const e = base64(sealed);
      return JSON.stringify(isFirst ? { v: 1, e, t: authToken, s: base64(salt) } : { e });
    }
    if (!isFirst) return sealed;
    const token = textBytes(authToken);
    return join(Uint8Array.of(1), salt, Uint8Array.of(token.length), token, sealed);
  }

  /** The text in the other side's next frame; undefined where the frame must not be accepted. */
  open(message: ReferenceMessage): string | undefined {
    const { authToken, role } = this.#options;
    const isFirst = role === "device" && this.#received === 0n;
    const sealed = isFirst ? this.#openFirstFrame(message) : this.#openFrame(message);
    if (sealed === undefined) return undefined;
    const { key, base } = role === "client" ? this.#keys.s2c : this.#keys.c2s;
    const iv = nonce(base, this.#received);
    this.#received += 1n;
    const plaintext = unseal({ key, iv, authToken }, sealed);
    return plaintext && Buffer.from(plaintext).toString("utf8");
  }

  #openFirstFrame(message: ReferenceMessage): Uint8Array | undefined {
    const { authToken, salt, envelope } = this.#options;
    if (typeof message !== "string") {
      const token = textBytes(authToken);
      const header = join(Uint8Array.of(1), salt, Uint8Array.of(token.length), token);
      const matches = Buffer.compare(message.subarray(0, header.length), header) === 0;
      return envelope === "binary" && matches ? message.subarray(header.length) : undefined;
    }
    const { v, t, s } = parseObject(message) ?? {};
    if (envelope !== "json" || v !== 1 || t !== authToken || s !== base64(salt)) return undefined;
    return this.#openFrame(message);
  }

  #openFrame(message: ReferenceMessage): Uint8Array | undefined {
    const { envelope } = this.#options;
    if (typeof message !== "string") return envelope === "binary" ? message : undefined;
    const e = envelope === "json" ? parseObject(message)?.["e"] : undefined;
    if (typeof e !== "string" || e === "") return undefined;
    const sealed = Buffer.from(e, "base64");
    // Node reads nearly anything as base64: what does not come back as it was is refused.
    return base64(sealed) === e ? sealed : undefined;
  }
}

/** A uniform scalar in 1..n-1. */
export function drawReferenceScalar(): bigint {
  for (;;) {
    const scalar = BigInt(`0x${randomBytes(32).toString("hex")}`);
    if (scalar > 0n && scalar < REFERENCE_ORDER) return scalar;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function pinInteger(pin: string): bigint {
  return [...pin].reduce((sum, digit) => sum * 256n + BigInt(digit.charCodeAt(0)), 0n);
}

function sessionKeyPreimage(
  pin: string,
  points: readonly ReferencePoint[],
): { preimage: ReferenceBytes; coordinateBytes: number[] } {
  const coordinates = points.flatMap(({ x, y }) => [integerBytes(x), integerBytes(y)]);
  return {
    preimage: join(textBytes(pin), ...coordinates),
    coordinateBytes: coordinates.map((bytes) => bytes.length),
  };
}

function confirms(
  sessionKey: Uint8Array,
  exchange: ReferenceExchange,
): Pick<ReferenceClientResult, "confirm" | "expectedServerConfirm" | "pairingKey"> {
  const { keyA, keyB, pairingKey } = pairingKeys(sessionKey, exchange);
  return {
    confirm: hmac(keyA, transcript("client", exchange)),
    expectedServerConfirm: hmac(keyB, transcript("server", exchange)),
    pairingKey,
  };
}
