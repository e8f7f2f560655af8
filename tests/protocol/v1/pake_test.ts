import assert from "node:assert/strict";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  drawScalar,
  FIELD_PRIME,
  finishClient,
  GROUP_ORDER,
  isValidPoint,
  minimalBytes,
  pinScalar,
  POINT_U,
  POINT_V,
  respondToClient,
} from "../../../src/protocol/v1/pake.ts";
import { multiplyPoint, negatePoint, REFERENCE_GENERATOR } from "../../support/reference_curve.ts";

const PIN = "123456";
const G: AffinePoint = REFERENCE_GENERATOR;

Deno.test("pinScalar() reads the six digits as bytes, leading zeros included", () => {
  assert.equal(pinScalar("123456"), 0x313233343536n);
  assert.equal(pinScalar("000000"), 0x303030303030n);
  assert.equal(pinScalar("000012"), 0x303030303132n);
});

const NO_PINS = [
  "",
  "12345",
  "1234567",
  "12345a",
  " 12345",
  "123456\n",
  "１２３４５６",
  "-12345",
  "1e5000",
];
for (const pin of NO_PINS) {
  Deno.test(`createPinMasks() refuses ${JSON.stringify(pin)} without repeating it`, () => {
    assert.throws(() => createPinMasks(pin), (error: unknown) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, "Cannot use PIN: not 6 digits");
      return true;
    });
    assert.throws(() => pinScalar(pin), RangeError);
  });
}

Deno.test("createPinMasks() multiplies U and V by the PIN", () => {
  const masks = createPinMasks("000042");
  const pw = pinScalar("000042");
  assert.deepEqual(masks.clientMask.toAffine(), multiplyPoint(pw, POINT_U));
  assert.deepEqual(masks.deviceMask.toAffine(), multiplyPoint(pw, POINT_V));
});

Deno.test("drawScalar() draws again on 0, on the group's order and above it", () => {
  const scripted = [0n, GROUP_ORDER, GROUP_ORDER + 1n, 2n ** 256n - 1n, 7n];
  const lengths: number[] = [];
  const scalar = drawScalar((length) => {
    lengths.push(length);
    return scalarBytes(scripted.shift() ?? assert.fail("drew too often"));
  });
  assert.equal(scalar, 7n);
  assert.deepEqual(lengths, [32, 32, 32, 32, 32]);
});

for (const scalar of [1n, GROUP_ORDER - 1n]) {
  Deno.test(`drawScalar() takes ${scalar}, an end of its range`, () => {
    assert.equal(drawScalar(() => scalarBytes(scalar)), scalar);
  });
}

const OFF_CURVE: [string, AffinePoint][] = [
  ["(0, 0), which stands for the identity", { x: 0n, y: 0n }],
  ["a neighbour of G", { x: G.x, y: G.y + 1n }],
  ["an x without a point", { x: 1n, y: 1n }],
  ["x beyond the field", { x: G.x + FIELD_PRIME, y: G.y }],
  ["y beyond the field", { x: G.x, y: G.y + FIELD_PRIME }],
  ["x equal to the prime", { x: FIELD_PRIME, y: G.y }],
  ["a negative x", { x: -G.x, y: G.y }],
  ["a negative y that is right modulo the prime", { x: G.x, y: G.y - FIELD_PRIME }],
  ["swapped coordinates", { x: G.y, y: G.x }],
];
for (const [name, point] of OFF_CURVE) {
  Deno.test(`isValidPoint() refuses ${name}, and so do both sides`, () => {
    assert.equal(isValidPoint(point), false);
    const masks = createPinMasks(PIN);
    assert.throws(() => respondToClient(masks, { x: point, scalar: 5n, blinding: 9n }), RangeError);
    assert.throws(() => finishClient(masks, { scalar: 5n, x: G, y: point }), RangeError);
  });
}

Deno.test("isValidPoint() takes points of the curve", () => {
  for (const point of [G, POINT_U, POINT_V, negatePoint(G), multiplyPoint(12345n, G)]) {
    assert.equal(isValidPoint(point), true);
  }
});

for (const scalar of [0n, GROUP_ORDER, -1n]) {
  Deno.test(`the scalar ${scalar} is refused on both sides`, () => {
    const masks = createPinMasks(PIN);
    assert.throws(() => computeClientShare(masks, scalar));
    assert.throws(() => respondToClient(masks, { x: G, scalar, blinding: 9n }));
    assert.throws(() => finishClient(masks, { scalar, x: G, y: G }));
  });
}

Deno.test("respondToClient() marks X = pw·U as dead and answers like any other", () => {
  const masks = createPinMasks(PIN);
  const x = masks.clientMask.toAffine();
  const dead = respondToClient(masks, { x, scalar: 77n, blinding: 9n });
  const live = respondToClient(masks, { x: G, scalar: 77n, blinding: 9n });
  assert.equal(dead.isDegenerate, true);
  assert.equal(live.isDegenerate, false);
  assert.deepEqual(dead.y, live.y);
  assert.equal(dead.sessionKey.length, 32);
});

Deno.test("respondToClient() with the mask of another PIN is a plain wrong guess", () => {
  const x = createPinMasks("654321").clientMask.toAffine();
  assert.equal(
    respondToClient(createPinMasks(PIN), { x, scalar: 77n, blinding: 9n }).isDegenerate,
    false,
  );
});

Deno.test("respondToClient() answers the same whatever blinds, one that meets X - pw·U included", () => {
  const masks = createPinMasks(PIN);
  const pick = (x: AffinePoint, blinding: bigint): string =>
    respondToClient(masks, { x, scalar: 77n, blinding }).sessionKey.toHex();
  const x = computeClientShare(masks, GROUP_ORDER - 5n);
  const keys = [1n, 2n, 5n, 77n, GROUP_ORDER - 5n, GROUP_ORDER - 1n].map((r) => pick(x, r));
  assert.deepEqual(keys, Array(keys.length).fill(keys[0]));
  const dead = masks.clientMask.toAffine();
  assert.equal(pick(dead, 1n), pick(dead, GROUP_ORDER - 1n));
  for (const blinding of [0n, GROUP_ORDER]) assert.throws(() => pick(x, blinding));
});

Deno.test("respondToClient() takes the negative of its own mask", () => {
  const masks = createPinMasks(PIN);
  const x = masks.clientMask.negate().toAffine();
  assert.equal(respondToClient(masks, { x, scalar: 77n, blinding: 9n }).isDegenerate, false);
});

Deno.test("finishClient() refuses Y = pw·V, which makes the shared point the identity", () => {
  const masks = createPinMasks(PIN);
  const y = masks.deviceMask.toAffine();
  assert.throws(() => finishClient(masks, { scalar: 5n, x: G, y }), RangeError);
});

Deno.test("minimalBytes() refuses a negative integer", () => {
  assert.throws(() => minimalBytes(-1n), RangeError);
});

function scalarBytes(scalar: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(scalar.toString(16).padStart(64, "0"));
}
