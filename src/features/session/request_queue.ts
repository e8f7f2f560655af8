// The requests of one connection: a few run at once, some wait, and beyond that the device says it
// is busy (docs/protocol.md §6). Answers may overtake each other. A request that is done at once takes
// no promise.

import type { Eventual } from "../../base/eventual.ts";

/** How many requests of a connection run at once. */
export const MAX_RUNNING_REQUESTS = 16;

/** How many requests of a connection may wait. */
export const MAX_WAITING_REQUESTS = 1024;

/** How many bytes of requests may wait on a connection with a session. */
export const MAX_WAITING_BYTES: number = 8 * 1024 * 1024;

/** How many bytes of requests may wait on a connection without one. */
export const MAX_WAITING_BYTES_UNKNOWN: number = 256 * 1024;

/** A request that was accepted: whose it is was settled then. */
export interface AcceptedRequest {
  /** Its size, in UTF-16 units. */
  readonly length: number;
  /** Handles it to its end; never throws or rejects. */
  run(): Eventual<void>;
}

/** Runs requests in the order they came, a bounded number at a time. */
export class RequestQueue {
  readonly #maxWaitingBytes: () => number;
  readonly #waiting: AcceptedRequest[] = [];
  #waitingBytes = 0;
  readonly #idleWaiters: (() => void)[] = [];
  #running = 0;

  /** `maxWaitingBytes` is asked anew for each request. */
  constructor(maxWaitingBytes: () => number) {
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Takes a request; false where too many wait. */
  push(request: AcceptedRequest): boolean {
    if (this.#running < MAX_RUNNING_REQUESTS) {
      this.#start(request);
      return true;
    }
    const isFull = this.#waiting.length >= MAX_WAITING_REQUESTS ||
      this.#waitingBytes + request.length > this.#maxWaitingBytes();
    if (isFull) return false;
    this.#waiting.push(request);
    this.#waitingBytes += request.length;
    return true;
  }

  /** Resolves when every request taken so far is done. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Whether nothing runs; then nothing waits either. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Forgets the waiting ones; what runs goes on. */
  dropWaiting(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  // Fills one place: with the request, and with those that wait once it and what follows are done.
  #start(request: AcceptedRequest): void {
    for (let next: AcceptedRequest | undefined = request; next; next = this.#takeWaiting()) {
      this.#running += 1;
      const done = next.run();
      if (done instanceof Promise) {
        void done.finally(() => this.#goOn());
        return;
      }
      this.#running -= 1;
    }
    this.#wakeIdle();
  }

  #goOn(): void {
    this.#running -= 1;
    const next = this.#takeWaiting();
    if (next === undefined) this.#wakeIdle();
    else this.#start(next);
  }

  #takeWaiting(): AcceptedRequest | undefined {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#waitingBytes -= next.length;
    return next;
  }

  #wakeIdle(): void {
    if (this.#running > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
