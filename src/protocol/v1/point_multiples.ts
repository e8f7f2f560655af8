// Multiples of points of P-256 in the ways that pairing needs them. The base point has a table that is
// built window by window, so that a device can do it while nobody waits; a PIN is a short scalar, and
// its multiples take a fifth of the steps. Both read their tables whole and take as many steps for one
// scalar as for another. The scalars are used once, so that blinding each, as the library does, would
// hide nothing more.

import { type CurvePoint, P256 } from "./p256.ts";

const SCALAR_BITS = 256;

// Signed digits of five bits: tables of 16 points, and a carry that still fits into the last window.
const BASE_WINDOW_BITS = 5;
const HALF_WINDOW = 2 ** (BASE_WINDOW_BITS - 1);

/** How many windows the table of the base point has. */
export const BASE_WINDOWS: number = Math.ceil((SCALAR_BITS + 1) / BASE_WINDOW_BITS);

const POINT_WINDOW_BITS = 4;

// In each window its base and the multiples of that up to HALF_WINDOW: nothing of it is secret.
const windows: CurvePoint[][] = [];

/** Builds one more window of the base point's table; false once it is whole. */
export function buildBaseWindow(): boolean {
  if (windows.length === BASE_WINDOWS) return false;
  const base = windows.at(-1)?.at(-1)?.double() ?? P256.BASE;
  const multiples = [base];
  while (multiples.length < HALF_WINDOW) multiples.push((multiples.at(-1) ?? base).add(base));
  windows.push(multiples);
  return windows.length < BASE_WINDOWS;
}

/** The multiple of the base point by a scalar in 1..n-1; builds what is missing of the table. */
export function multiplyBase(scalar: bigint): CurvePoint {
  requireScalar(scalar, P256.Fn.ORDER);
  while (windows.length < BASE_WINDOWS) buildBaseWindow();
  let product = P256.ZERO;
  // A digit of 0 takes the same step, and its result is left behind.
  let decoy = P256.BASE;
  let carry = 0;
  let rest = scalar;
  for (const multiples of windows) {
    const value = Number(BigInt.asUintN(BASE_WINDOW_BITS, rest)) + carry;
    rest >>= BigInt(BASE_WINDOW_BITS);
    carry = value > HALF_WINDOW ? 1 : 0;
    const digit = value - carry * 2 * HALF_WINDOW;
    const chosen = choose(multiples, Math.abs(digit) - 1);
    const negative = chosen.negate();
    if (digit === 0) decoy = decoy.add(chosen);
    else product = product.add(digit < 0 ? negative : chosen);
  }
  return product;
}

/** The multiple of a point by a scalar of at most that many bits, and not zero. */
export function multiplyPoint(
  point: CurvePoint,
  { scalar, bits }: { scalar: bigint; bits: number },
): CurvePoint {
  requireScalar(scalar, 1n << BigInt(bits));
  const multiples = [P256.ZERO, point];
  while (multiples.length < 2 ** POINT_WINDOW_BITS) {
    multiples.push((multiples.at(-1) ?? point).add(point));
  }
  let product = P256.ZERO;
  for (let window = Math.ceil(bits / POINT_WINDOW_BITS) - 1; window >= 0; window--) {
    for (let doubled = 0; doubled < POINT_WINDOW_BITS; doubled++) product = product.double();
    const digit = BigInt.asUintN(POINT_WINDOW_BITS, scalar >> BigInt(window * POINT_WINDOW_BITS));
    product = product.add(choose(multiples, Number(digit)));
  }
  return product;
}

function requireScalar(scalar: bigint, limit: bigint): void {
  if (scalar <= 0n || scalar >= limit) throw new RangeError("Cannot multiply: scalar out of range");
}

// Looks at every point, whichever is wanted; the first one for a place that there is not.
function choose(points: readonly CurvePoint[], wanted: number): CurvePoint {
  let chosen = points[0] ?? P256.ZERO;
  for (const [place, point] of points.entries()) chosen = place === wanted ? point : chosen;
  return chosen;
}
