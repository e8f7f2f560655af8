// Tells HTTP/2 by the first bytes of a connection (RFC 9113 §3.4). The platform's server would
// speak it to whoever begins with it, and a hundred requests at once on one connection are more
// than one account can keep apart; HTTP/1.1 and WebSocket are all that this device offers.

// No method of HTTP/1.1 begins with this: PRI is reserved for the preface (RFC 9113 §11.6).
const BEGINNING = [0x50, 0x52, 0x49]; // "PRI"

/** Looks at the bytes of a connection from its first one on. */
export class Http2Preface {
  #seenBytes = 0;
  #isOther = false;

  /** Whether the connection has turned out to be HTTP/2 with these bytes, its next ones. */
  completedBy(bytes: Uint8Array): boolean {
    for (const byte of bytes.subarray(0, BEGINNING.length)) {
      if (this.#isOther || this.#seenBytes === BEGINNING.length) break;
      this.#isOther = byte !== BEGINNING[this.#seenBytes];
      this.#seenBytes += 1;
    }
    return !this.#isOther && this.#seenBytes === BEGINNING.length;
  }
}
