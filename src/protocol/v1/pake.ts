// The password-authenticated key exchange: the P-256 mode of schollz/pake v3 (docs/protocol.md §2).
// Pure: nothing here knows of JSON, HTTP or time. The peer's U and V are never used.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { type Bytes, concatBytes, utf8 } from "../../base/bytes.ts";
import type { RandomSource } from "../../base/random.ts";
import { type CurvePoint, P256 } from "./p256.ts";
import { isPin, PIN_DIGITS } from "./pin_format.ts";
import { multiplyBase, multiplyPoint } from "./point_multiples.ts";

/** A point of P-256 in affine coordinates; (0, 0) stands for the identity. */
export interface AffinePoint {
  /** The x coordinate, 0 <= x < p. */
  readonly x: bigint;
  /** The y coordinate, 0 <= y < p. */
  readonly y: bigint;
}

/** The prime of the field. */
export const FIELD_PRIME: bigint = P256.CURVE().p;

/** The order n of the group. */
export const GROUP_ORDER: bigint = P256.Fn.ORDER;

/** The fixed point that masks the client's share. */
export const POINT_U: AffinePoint = {
  x: 793136080485469241208656611513609866400481671852n,
  y: 59748757929350367369315811184980635230185250460108398961713395032485227207304n,
};

/** The fixed point that masks the device's share. */
export const POINT_V: AffinePoint = {
  x: 1086685267857089638167386722555472967068468061489n,
  y: 9157340230202296554417312816309453883742349874205386245733062928888341584123n,
};

const SCALAR_BITS = 256;
const PIN_BITS = 8 * PIN_DIGITS;

/** What both sides compute once per PIN: the PIN's bytes, pw·U and pw·V. */
export interface PinMasks {
  /** Its ASCII digits. */
  readonly pinBytes: Bytes;
  /** pw·U. */
  readonly clientMask: CurvePoint;
  /** pw·V. */
  readonly deviceMask: CurvePoint;
}

/** What the device keeps and sends after it has seen X. */
export interface DeviceShare {
  /** The device's public share Y. */
  readonly y: AffinePoint;
  /** The 32-byte session key K. */
  readonly sessionKey: Bytes;
  /** Whether X was pw·U, so that K is worthless and the exchange must fail at its end. */
  readonly isDegenerate: boolean;
}

/** The PIN as the scalar pw: its ASCII digits read as a big-endian integer. */
export function pinScalar(pin: string): bigint {
  if (!isPin(pin)) throw new RangeError(`Cannot use PIN: not ${PIN_DIGITS} digits`);
  return bytesToInteger(utf8(pin));
}

/** pw·U and pw·V for a PIN; throws RangeError unless it is {@linkcode PIN_DIGITS} ASCII digits. */
export function createPinMasks(pin: string): PinMasks {
  const scalar = pinScalar(pin);
  return {
    pinBytes: utf8(pin),
    clientMask: multiplyPoint(P256.fromAffine(POINT_U), { scalar, bits: PIN_BITS }),
    deviceMask: multiplyPoint(P256.fromAffine(POINT_V), { scalar, bits: PIN_BITS }),
  };
}

/** A uniform secret scalar in 1..n-1, drawn by rejection. */
export function drawScalar(random: RandomSource): bigint {
  for (;;) {
    const scalar = bytesToInteger(random(32));
    if (scalar >= 1n && scalar < GROUP_ORDER) return scalar;
  }
}

/** Whether the coordinates are in range and name a point of the curve other than the identity. */
export function isValidPoint(point: AffinePoint): boolean {
  const { x, y } = point;
  if (x < 0n || y < 0n || x >= FIELD_PRIME || y >= FIELD_PRIME) return false;
  if (x === 0n && y === 0n) return false;
  try {
    P256.fromAffine(point).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** The client's public share X = pw·U + a·G for its secret scalar a. */
export function computeClientShare(masks: PinMasks, scalar: bigint): AffinePoint {
  return multiplyBase(scalar).add(masks.clientMask).toAffine();
}

/**
 * The device's share Y = pw·V + b·G and session key for a valid X, its secret scalar b and a fresh
 * secret r that blinds (both 1..n-1). Throws RangeError for an X that is not on the curve.
 *
 * Whether X is pw·U must not show in the time: for a point D = X - pw·U that is the identity, the
 * library is three times faster. So D never exists: Z = b·(X + (r·G - pw·U)) - (b·r)·G, in which
 * all points but an identical Z are random ones, and an identical Z is found by comparing.
 */
export function respondToClient(
  masks: PinMasks,
  options: { x: AffinePoint; scalar: bigint; blinding: bigint },
): DeviceShare {
  const { x, scalar, blinding } = options;
  if (!isValidPoint(x)) throw new RangeError("Cannot use X: not a point of the curve");
  const y = multiplyBase(scalar).add(masks.deviceMask).toAffine();
  const blindedMask = multiplyBase(blinding).subtract(masks.clientMask);
  const blinded = multiplyPoint(P256.fromAffine(x).add(blindedMask), {
    scalar,
    bits: SCALAR_BITS,
  });
  const blind = multiplyBase(P256.Fn.mul(scalar, blinding));
  const isDegenerate = blinded.equals(blind);
  // Subtracting would give the identity, whose coordinates cost nothing: the dead exchange adds.
  const minusBlind = blind.negate();
  const product = blinded.add(isDegenerate ? blind : minusBlind).toAffine();
  // Both are hashed, because the shorter text of the identity takes less time.
  const liveKey = hashSessionKey(masks.pinBytes, [x, y, product]);
  const deadKey = hashSessionKey(masks.pinBytes, [x, y, { x: 0n, y: 0n }]);
  return { y, sessionKey: isDegenerate ? deadKey : liveKey, isDegenerate };
}

/**
 * The client's session key from its secret scalar a and the device's Y. Throws RangeError where
 * Y is not on the curve or makes the shared point the identity.
 */
export function finishClient(
  masks: PinMasks,
  options: { scalar: bigint; x: AffinePoint; y: AffinePoint },
): Bytes {
  const { scalar, x, y } = options;
  if (!isValidPoint(y)) throw new RangeError("Cannot use Y: not a point of the curve");
  const unmasked = P256.fromAffine(y).subtract(masks.deviceMask);
  if (unmasked.is0()) throw new RangeError("Cannot use Y: it makes the shared point the identity");
  return hashSessionKey(masks.pinBytes, [x, y, unmasked.multiply(scalar).toAffine()]);
}

/** B(n): big-endian bytes without a leading zero byte; zero is the empty string. */
export function minimalBytes(value: bigint): Bytes {
  if (value < 0n) throw new RangeError("Cannot encode integer: negative");
  if (value === 0n) return new Uint8Array(0);
  const hex = value.toString(16);
  return new Uint8Array(hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`));
}

function hashSessionKey(pinBytes: Bytes, points: readonly AffinePoint[]): Bytes {
  const coordinates = points.flatMap(({ x, y }) => [minimalBytes(x), minimalBytes(y)]);
  return new Uint8Array(sha256(concatBytes(pinBytes, ...coordinates)));
}

function bytesToInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}
