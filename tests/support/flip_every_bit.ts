// Tampering for tests.

import type { Bytes } from "../../src/base/bytes.ts";

/** Every copy of the bytes with one bit flipped, in order. */
export function* flipEveryBit(bytes: Bytes): Generator<Bytes> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
}
