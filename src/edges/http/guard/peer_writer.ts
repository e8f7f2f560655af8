// What the device sends over a connection that the guard serves itself: in order, and what was given
// in one go in one write.

import { concatBytes } from "../../../base/bytes.ts";
import { type TcpStream, writeAll } from "./tcp_stream.ts";

/** How many bytes of several frames are put together for one write. */
export const MAX_JOINED_BYTES: number = 16 * 1024;

/** Options of {@linkcode PeerWriter}. */
export interface PeerWriterOptions {
  /** The connection. */
  peer: TcpStream;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
  /** The system has taken something, so that {@linkcode PeerWriter.hasTaken} may say otherwise. */
  onTaken: () => void;
  /** All was written after {@linkcode PeerWriter.end}. */
  onEnd: () => void;
  /** The peer takes nothing more. */
  onFailure: () => void;
}

/** Bytes on their way to a peer. */
export class PeerWriter {
  readonly #options: PeerWriterOptions;
  #waiting: Uint8Array[] = [];
  #givenBytes = 0;
  #takenBytes = 0;
  #isWriting = false;
  #isEnding = false;
  #sinceMs: number | undefined;

  /** Nothing is on its way. */
  constructor(options: PeerWriterOptions) {
    this.#options = options;
  }

  /** Bytes that the system has not yet taken. */
  get bufferedBytes(): number {
    return this.#givenBytes - this.#takenBytes;
  }

  /** Since when the system has taken nothing; undefined where nothing is on its way. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** Sends bytes after all that were given before; the place at which they end. */
  write(bytes: Uint8Array): number {
    if (this.#isEnding) return this.#givenBytes;
    this.#waiting.push(bytes);
    this.#givenBytes += bytes.length;
    this.#start();
    return this.#givenBytes;
  }

  /** Whether the system has taken everything up to a place. */
  hasTaken(place: number): boolean {
    return this.#takenBytes >= place;
  }

  /** Takes nothing more; what was given is still sent. */
  end(): void {
    this.#isEnding = true;
    this.#start();
  }

  // What is given until the current event is dealt with goes out together.
  #start(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    const { peer, nowMs, onTaken, onEnd, onFailure } = this.#options;
    try {
      while (this.#waiting.length > 0) {
        this.#sinceMs = nowMs();
        const bytes = this.#takeJoined();
        await writeAll(peer, bytes, (written) => {
          this.#sinceMs = nowMs();
          this.#takenBytes += written;
        });
        onTaken();
      }
      this.#sinceMs = undefined;
      this.#isWriting = false;
      if (this.#isEnding) onEnd();
    } catch {
      onFailure();
    }
  }

  #takeJoined(): Uint8Array {
    const [first = new Uint8Array(0)] = this.#waiting;
    let count = 1;
    let length = first.length;
    for (; count < this.#waiting.length; count++) {
      length += this.#waiting[count]?.length ?? 0;
      if (length > MAX_JOINED_BYTES) break;
    }
    const taken = this.#waiting.splice(0, count);
    return count === 1 ? first : concatBytes(...taken);
  }
}
