// How many tokens the texts of a request come to, about. For requests whose answer never told: the
// model has read the prompt all the same.

/** How many bytes of text count as a token. */
export const BYTES_PER_TOKEN = 4;

/**
 * How much of a text is looked at, in bytes. One that is longer, with neither a blank nor anything
 * but ASCII up to there, is a picture in base64 and counts as no more than this.
 */
export const MAX_WORD_BYTES = 4096;

const BLANK = 0x20;

/** Counts the texts and numbers of one request. */
export class TextMeter {
  #bytes = 0;
  #scalars = 0;
  #textBytes = 0;
  #hasWords = false;

  /** The tokens so far. */
  get tokens(): number {
    return Math.ceil(this.#bytes / BYTES_PER_TOKEN) + this.#scalars;
  }

  /** A part of a text, without escapes. */
  addPlain(bytes: Uint8Array, { from, to }: { from: number; to: number }): void {
    const end = Math.min(to, from + MAX_WORD_BYTES - this.#textBytes);
    for (let at = from; at < end && !this.#hasWords; at++) {
      const byte = bytes[at] ?? 0;
      this.#hasWords = byte === BLANK || byte > 0x7f;
    }
    this.#textBytes += to - from;
  }

  /** An escaped character of a text, such as a line's end. */
  addEscape(): void {
    this.#hasWords = true;
    this.#textBytes += 1;
  }

  /** The text has ended. */
  endText(): void {
    this.#bytes += this.#hasWords ? this.#textBytes : Math.min(this.#textBytes, MAX_WORD_BYTES);
    this.#textBytes = 0;
    this.#hasWords = false;
  }

  /** A number: a token by itself, where a request brings tokens. */
  addScalar(): void {
    this.#scalars += 1;
  }
}
