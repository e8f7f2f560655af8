// The nonces of one direction of a session (docs/protocol.md §5), cheap enough to measure with.

import { Buffer } from "node:buffer";

const MOST_FRAMES = 2 ** 32;

/**
 * Gives the nonces from counter `first` on, in one buffer that the next call overwrites. Throws
 * RangeError at 2^32, which no run comes near.
 */
export function countedNonce(base: Uint8Array, first = 0): () => Buffer<ArrayBuffer> {
  const nonce = Buffer.from(base);
  const low = nonce.readUInt32BE(8);
  let counter = first;
  return () => {
    if (counter >= MOST_FRAMES) throw new RangeError("Cannot count on: too many frames");
    nonce.writeUInt32BE((low ^ counter) >>> 0, 8);
    counter += 1;
    return nonce;
  };
}
