// Against the library's own multiplication, which shares no table and no digits with ours.

import assert from "node:assert/strict";
import { p256 } from "@noble/curves/nist.js";
import { P256 } from "../../../src/protocol/v1/p256.ts";
import {
  BASE_WINDOWS,
  buildBaseWindow,
  multiplyBase,
  multiplyPoint,
} from "../../../src/protocol/v1/point_multiples.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const ORDER = P256.Fn.ORDER;
const random = seededRandom(3);

function randomScalar(bytes = 32): bigint {
  return BigInt(`0x${random(bytes).toHex()}`) % (ORDER - 1n) + 1n;
}

// The ends of the range, and digits at which a carry goes through all windows.
const EDGES = [1n, 2n, 15n, 16n, 17n, 31n, 32n, 33n, 2n ** 255n, 2n ** 255n - 1n, ORDER - 1n]
  .concat(ORDER - 2n, ORDER >> 1n, BigInt(`0x${"84".repeat(31)}`), BigInt(`0x7${"f".repeat(63)}`));

Deno.test("the curve is the library's P-256", () => {
  assert.deepEqual(P256.CURVE(), p256.Point.CURVE());
  assert.deepEqual(P256.BASE.toAffine(), p256.Point.BASE.toAffine());
});

Deno.test("buildBaseWindow() builds the table in as many steps as it has windows", () => {
  let steps = 1;
  while (buildBaseWindow()) steps += 1;
  assert.ok(steps <= BASE_WINDOWS);
  assert.equal(buildBaseWindow(), false);
});

Deno.test("multiplyBase() gives what the library gives", () => {
  for (const scalar of [...EDGES, ...Array.from({ length: 60 }, () => randomScalar())]) {
    const expected = p256.Point.BASE.multiply(scalar).toAffine();
    assert.deepEqual(multiplyBase(scalar).toAffine(), expected, String(scalar));
  }
});

Deno.test("multiplyPoint() gives what the library gives", () => {
  const point = P256.BASE.multiply(randomScalar());
  const theirs = p256.Point.fromAffine(point.toAffine());
  for (const scalar of [...EDGES, ...Array.from({ length: 30 }, () => randomScalar())]) {
    const expected = theirs.multiply(scalar).toAffine();
    assert.deepEqual(multiplyPoint(point, { scalar, bits: 256 }).toAffine(), expected);
  }
  for (const scalar of [1n, 0x30_30_30_30_30_30n, 0x39_39_39_39_39_39n, 2n ** 48n - 1n]) {
    const expected = theirs.multiply(scalar).toAffine();
    assert.deepEqual(multiplyPoint(point, { scalar, bits: 48 }).toAffine(), expected);
  }
});

Deno.test("multiples of the identity are the identity", () => {
  assert.ok(multiplyPoint(P256.ZERO, { scalar: 5n, bits: 256 }).is0());
});

Deno.test("scalars out of range are refused", () => {
  for (const scalar of [0n, -1n, ORDER, ORDER + 1n]) {
    assert.throws(() => multiplyBase(scalar), RangeError);
  }
  for (const scalar of [0n, -1n, 16n]) {
    assert.throws(() => multiplyPoint(P256.BASE, { scalar, bits: 4 }), RangeError);
  }
});
