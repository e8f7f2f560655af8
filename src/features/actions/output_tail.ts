// The end of what a program wrote: the last bytes, whatever came before. They are copied into one
// buffer, round and round, so that gigabytes of output leave nothing behind to be collected.

/** How much of an action's output is kept, in bytes. */
export const OUTPUT_TAIL_BYTES: number = 64 * 1024;

/** The last bytes of a stream. */
export class OutputTail {
  #ring: Uint8Array | undefined;
  /** Where the next byte goes. */
  #next = 0;
  #isFull = false;

  /** Adds what was written; the chunk is copied. */
  add(chunk: Uint8Array): void {
    this.#ring ??= new Uint8Array(OUTPUT_TAIL_BYTES);
    const kept = chunk.subarray(-OUTPUT_TAIL_BYTES);
    const room = OUTPUT_TAIL_BYTES - this.#next;
    this.#ring.set(kept.subarray(0, room), this.#next);
    this.#ring.set(kept.subarray(room), 0);
    if (kept.length >= room) this.#isFull = true;
    this.#next = (this.#next + kept.length) % OUTPUT_TAIL_BYTES;
  }

  /** The tail as text; what is not UTF-8 is replaced. */
  text(): string {
    if (this.#ring === undefined) return "";
    const decoder = new TextDecoder();
    const newer = this.#ring.subarray(0, this.#next);
    if (!this.#isFull) return decoder.decode(newer);
    return decoder.decode(this.#ring.subarray(this.#next), { stream: true }) +
      decoder.decode(newer);
  }
}
