import assert from "node:assert/strict";
import { randomBelow, type RandomSource, randomUuid, systemRandom } from "../../src/base/random.ts";
import { seededRandom } from "../support/seeded_random.ts";

const MAX = 2 ** 32 - 1;

// [bound, the 32-bit values that come, the expected draw]: all values are used up.
const DRAWS: [number, number[], number][] = [
  [1, [MAX], 0],
  [10, [0], 0],
  [10, [9], 9],
  [10, [10], 0],
  [10, [4294967289], 9],
  [10, [4294967290, 7], 7],
  [10, [MAX, 4294967290, MAX, 3], 3],
  [1_000_000, [4294967295, 4294000000, 42], 42],
  [1_000_000, [4293999999], 999_999],
  [3, [MAX, 1], 1],
  [3, [MAX - 1], 2],
  [2 ** 31, [2 ** 31], 0],
  [2 ** 31, [MAX], 2 ** 31 - 1],
  [2 ** 31 + 1, [MAX, 2 ** 31 + 1, 2 ** 31], 2 ** 31],
  [2 ** 32 - 1, [MAX, MAX - 1], MAX - 1],
  [2 ** 32, [MAX], MAX],
];
for (const [bound, values, expected] of DRAWS) {
  Deno.test(`randomBelow() of ${bound} makes ${expected} of ${values.join(", ")}`, () => {
    const left = [...values];
    const source: RandomSource = (length) => {
      assert.equal(length, 4);
      return bigEndian(left.shift() ?? assert.fail("drew too often"));
    };
    assert.equal(randomBelow(source, bound), expected);
    assert.deepEqual(left, []);
  });
}

for (const bound of [0, -1, 0.5, 1.5, NaN, Infinity, 2 ** 32 + 1]) {
  Deno.test(`randomBelow() refuses the bound ${bound} and draws nothing`, () => {
    assert.throws(() => randomBelow(() => assert.fail("drew"), bound), RangeError);
  });
}

Deno.test("randomBelow() reads bytes out of a larger buffer", () => {
  const buffer = Uint8Array.of(9, 9, 0, 0, 0, 5, 9);
  assert.equal(randomBelow(() => buffer.subarray(2, 6), 10), 5);
});

Deno.test("randomBelow() spreads a seeded source evenly", () => {
  const random = seededRandom(7);
  const counts = Array.from({ length: 6 }, () => 0);
  for (let i = 0; i < 60_000; i++) {
    const value = randomBelow(random, 6);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  // Five standard deviations of 10,000 expected each.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 460, String(counts));
});

const UUIDS: [Uint8Array<ArrayBuffer>, string][] = [
  [new Uint8Array(16), "00000000-0000-4000-8000-000000000000"],
  [new Uint8Array(16).fill(0xff), "ffffffff-ffff-4fff-bfff-ffffffffffff"],
  [Uint8Array.from({ length: 16 }, (_, i) => i), "00010203-0405-4607-8809-0a0b0c0d0e0f"],
];
for (const [bytes, text] of UUIDS) {
  Deno.test(`randomUuid() writes ${text}`, () => {
    assert.equal(
      randomUuid((length) => {
        assert.equal(length, 16);
        return bytes;
      }),
      text,
    );
  });
}

Deno.test("randomUuid() has the form of a version 4 UUID", () => {
  const random = seededRandom(8);
  const uuids = Array.from({ length: 1000 }, () => randomUuid(random));
  for (const uuid of uuids) {
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.equal(new Set(uuids).size, 1000);
});

Deno.test("systemRandom() gives fresh bytes of the wanted length", () => {
  assert.equal(systemRandom(0).length, 0);
  assert.equal(systemRandom(32).length, 32);
  assert.notDeepEqual(systemRandom(32), systemRandom(32));
});

function bigEndian(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
