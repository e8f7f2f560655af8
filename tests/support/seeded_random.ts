// Repeatable bytes for tests: mulberry32, a byte at a time.

import type { RandomSource } from "../../src/base/random.ts";

/** A random source that gives the same bytes for the same seed. */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      bytes[i] = (mixed ^ (mixed >>> 14)) & 0xff;
    }
    return bytes;
  };
}
