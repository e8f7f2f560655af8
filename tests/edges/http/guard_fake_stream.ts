// One end of a TCP connection under the test's hand: what arrives, how much a write takes, when it
// breaks. Nothing happens by itself, and whoever waits is woken by the step it waits for.

import { concatBytes, decodeUtf8 } from "../../../src/base/bytes.ts";
import type { TcpStream } from "../../../src/edges/http/guard/tcp_stream.ts";

type Arrival = Uint8Array | "end" | Error;

/** A TCP connection without a network. */
export class FakeStream implements TcpStream {
  /** What was written so far, piece by piece. */
  readonly written: Uint8Array[] = [];
  /** How many bytes a write takes from now on; 0 blocks it. */
  room = Infinity;
  /** Whether close() was called. */
  isClosed = false;
  /** Whether closeWrite() was called. */
  isWriteClosed = false;
  /** What the next write fails with. */
  writeError: Error | undefined;
  /** How long the buffers of all reads were. */
  readonly readSizes: number[] = [];
  readonly #arrivals: Arrival[] = [];
  #changed = Promise.withResolvers<void>();
  #isReading = false;
  #isBlocked = false;

  /** Bytes, the end or a break come from the other side. */
  arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#notify();
  }

  /** The other side takes more: as much as it likes, or `bytes` and no more. */
  take(bytes = Infinity): void {
    this.room = bytes;
    this.#notify();
  }

  /** Everything written so far as text. */
  get text(): string {
    return decodeUtf8(concatBytes(...this.written)) ?? "";
  }

  /** Waits until the condition holds; it is asked again at every step. */
  async until(condition: (stream: this) => boolean): Promise<void> {
    while (!condition(this)) await this.#changed.promise;
  }

  /** Waits until a read is under way that nothing has arrived for. */
  async untilReading(): Promise<void> {
    await this.until(() => this.#isReading && this.#arrivals.length === 0);
  }

  /** Whether a read is under way. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Waits until a write is under way for which there is no room. */
  async untilBlocked(): Promise<void> {
    await this.until(() => this.#isBlocked);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.readSizes.push(buffer.length);
    this.#isReading = true;
    this.#notify();
    await this.until(() => this.#arrivals.length > 0 || this.isClosed);
    this.#isReading = false;
    this.#notify();
    if (this.isClosed) throw new Deno.errors.Interrupted("operation canceled");
    const arrival = this.#arrivals.shift();
    if (arrival === "end") {
      this.#arrivals.unshift("end");
      return null;
    }
    if (!(arrival instanceof Uint8Array)) throw arrival;
    const part = arrival.subarray(0, buffer.length);
    buffer.set(part);
    if (part.length < arrival.length) this.#arrivals.unshift(arrival.subarray(part.length));
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#isBlocked = this.room === 0;
    this.#notify();
    await this.until(() => this.room > 0 || this.isClosed || this.writeError !== undefined);
    this.#isBlocked = false;
    if (this.isClosed) throw new Deno.errors.Interrupted("operation canceled");
    if (this.writeError !== undefined) throw this.writeError;
    const part = bytes.slice(0, this.room);
    this.room -= part.length;
    this.written.push(part);
    this.#notify();
    return part.length;
  }

  closeWrite(): Promise<void> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("Bad resource ID"));
    this.isWriteClosed = true;
    this.#notify();
    return Promise.resolve();
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    this.isClosed = true;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
