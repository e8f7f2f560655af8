// The end of what a program wrote: the last bytes, whatever came before.

import { concatBytes } from "../base/bytes.ts";

/** How much of an action's output is kept, in bytes. */
export const OUTPUT_TAIL_BYTES: number = 64 * 1024;

const MAX_CHUNKS = 64;

/** The last bytes of a stream. */
export class OutputTail {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** Adds what was written. */
  add(chunk: Uint8Array): void {
    const kept = chunk.slice(-OUTPUT_TAIL_BYTES);
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    for (
      let first = this.#chunks[0];
      first !== undefined && this.#bytes - first.length >= OUTPUT_TAIL_BYTES;
      first = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#bytes -= first.length;
    }
    // Many small chunks would cost more than what they hold.
    if (this.#chunks.length <= MAX_CHUNKS) return;
    this.#chunks = [this.#joined()];
    this.#bytes = this.#chunks[0]?.length ?? 0;
  }

  /** The tail as text; what is not UTF-8 is replaced. */
  text(): string {
    return new TextDecoder().decode(this.#joined());
  }

  #joined(): Uint8Array {
    return concatBytes(...this.#chunks).slice(-OUTPUT_TAIL_BYTES);
  }
}
