import assert from "node:assert/strict";
import type { RandomSource } from "../../../src/base/random.ts";
import { drawPin } from "../../../src/features/pairing/pin.ts";
import { seededRandom } from "../../support/seeded_random.ts";

function scripted(...words: number[]): RandomSource {
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, words.shift() ?? 0);
    return bytes;
  };
}

Deno.test("drawPin() keeps leading zeros", () => {
  assert.equal(drawPin(scripted(0)), "000000");
  assert.equal(drawPin(scripted(42)), "000042");
  assert.equal(drawPin(scripted(999_999)), "999999");
  assert.equal(drawPin(scripted(1_000_000)), "000000");
});

Deno.test("drawPin() draws again where a remainder would favour small PINs", () => {
  const limit = 2 ** 32 - (2 ** 32 % 1_000_000);
  assert.equal(drawPin(scripted(limit, 7)), "000007");
  assert.equal(drawPin(scripted(limit - 1)), "999999");
});

Deno.test("drawPin() uses every first digit about equally", () => {
  const random = seededRandom(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const first = drawPin(random).slice(0, 1);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  assert.equal(counts.size, 10);
  for (const count of counts.values()) assert.ok(count > 1800 && count < 2200);
});
