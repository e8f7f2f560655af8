// What peers of other hosts without a session may hold in memory together, beyond a little of each
// one's own: many that read nothing must not fill a small device (docs/protocol.md §5).

/** The most bytes of that, over all connections. */
export const MAX_STRANGER_BYTES: number = 8 * 1024 * 1024;

/** What one of them may have waiting on its way in, whatever the others hold. */
export const OWN_INBOUND_BYTES: number = 512 * 1024;

/** The longest answer that waits for its turn without being counted. */
export const OWN_ANSWER_BYTES: number = 4 * 1024;

/** The room that strangers share. */
export class StrangerRoom {
  #bytes = 0;

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether they hold more than they may. */
  get isOver(): boolean {
    return this.#bytes > MAX_STRANGER_BYTES;
  }

  /** Counts so many bytes more, or fewer where negative. */
  change(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Takes room for so many bytes; false where there is none. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_STRANGER_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }
}
