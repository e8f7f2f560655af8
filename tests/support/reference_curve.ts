// P-256 for the reference implementation: plain integers, written from the curve's equation.
// It shares nothing with src and no library, and is slow and not constant-time: for tests alone.

/** A point in affine coordinates; (0, 0) stands for the identity, as in docs/protocol.md §2. */
export interface ReferencePoint {
  /** The x coordinate. */
  readonly x: bigint;
  /** The y coordinate. */
  readonly y: bigint;
}

interface JacobianPoint {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

/** The prime of the field: 2^256 - 2^224 + 2^192 + 2^96 - 1. */
export const REFERENCE_PRIME: bigint = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

/** The order of the group. */
export const REFERENCE_ORDER =
  115792089210356248762697446949407573529996955224135760342422259061068512044369n;

/** The generator G. */
export const REFERENCE_GENERATOR: ReferencePoint = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

const CURVE_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const IDENTITY: JacobianPoint = { x: 1n, y: 1n, z: 0n };

/** Whether the coordinates are in range and satisfy y² = x³ - 3x + b; the identity does not. */
export function isOnReferenceCurve({ x, y }: ReferencePoint): boolean {
  const inRange = x >= 0n && y >= 0n && x < REFERENCE_PRIME && y < REFERENCE_PRIME;
  return inRange && modulo(y * y) === modulo(x * x * x - 3n * x + CURVE_B);
}

/** The sum of two points. */
export function addPoints(a: ReferencePoint, b: ReferencePoint): ReferencePoint {
  return toAffine(addAffine(toJacobian(a), b));
}

/** The point with the opposite sign. */
export function negatePoint({ x, y }: ReferencePoint): ReferencePoint {
  return { x, y: modulo(-y) };
}

/** The point added to itself `scalar` times, for any scalar from 0. */
export function multiplyPoint(scalar: bigint, point: ReferencePoint): ReferencePoint {
  let product = IDENTITY;
  for (const bit of scalar.toString(2)) {
    product = double(product);
    if (bit === "1") product = addAffine(product, point);
  }
  return toAffine(product);
}

function modulo(value: bigint): bigint {
  const remainder = value % REFERENCE_PRIME;
  return remainder < 0n ? remainder + REFERENCE_PRIME : remainder;
}

// Extended Euclid.
function invert(value: bigint): bigint {
  let [high, low] = [REFERENCE_PRIME, modulo(value)];
  let [highFactor, lowFactor] = [0n, 1n];
  while (low !== 0n) {
    const quotient = high / low;
    [high, low] = [low, high - quotient * low];
    [highFactor, lowFactor] = [lowFactor, highFactor - quotient * lowFactor];
  }
  return modulo(highFactor);
}

function isIdentity({ x, y }: ReferencePoint): boolean {
  return x === 0n && y === 0n;
}

function toJacobian(point: ReferencePoint): JacobianPoint {
  return isIdentity(point) ? IDENTITY : { ...point, z: 1n };
}

function toAffine({ x, y, z }: JacobianPoint): ReferencePoint {
  if (z === 0n) return { x: 0n, y: 0n };
  const inverse = invert(z);
  const square = modulo(inverse * inverse);
  return { x: modulo(x * square), y: modulo(y * square * inverse) };
}

function double({ x, y, z }: JacobianPoint): JacobianPoint {
  if (z === 0n) return IDENTITY;
  const zz = modulo(z * z);
  const yy = modulo(y * y);
  const s = modulo(4n * x * yy);
  const m = modulo(3n * (x - zz) * (x + zz));
  const doubledX = modulo(m * m - 2n * s);
  return {
    x: doubledX,
    y: modulo(m * (s - doubledX) - 8n * yy * yy),
    z: modulo(2n * y * z),
  };
}

function addAffine(a: JacobianPoint, b: ReferencePoint): JacobianPoint {
  if (isIdentity(b)) return a;
  if (a.z === 0n) return toJacobian(b);
  const zz = modulo(a.z * a.z);
  const h = modulo(b.x * zz - a.x);
  const r = modulo(b.y * zz * a.z - a.y);
  if (h === 0n) return r === 0n ? double(a) : IDENTITY;
  const hh = modulo(h * h);
  const hhh = modulo(h * hh);
  const v = modulo(a.x * hh);
  const x = modulo(r * r - hhh - 2n * v);
  return { x, y: modulo(r * (v - x) - a.y * hhh), z: modulo(a.z * h) };
}
