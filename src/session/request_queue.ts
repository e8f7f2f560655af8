// The requests of one connection: a few run at once, some wait, and beyond that the device says it
// is busy (docs/protocol.md §6). Answers may overtake each other.

/** How many requests of a connection run at once. */
export const MAX_RUNNING_REQUESTS = 16;

/** How many requests of a connection may wait. */
export const MAX_WAITING_REQUESTS = 1024;

/** How many bytes of requests may wait on a connection with a session. */
export const MAX_WAITING_BYTES: number = 8 * 1024 * 1024;

/** How many bytes of requests may wait on a connection without one. */
export const MAX_WAITING_BYTES_UNKNOWN: number = 256 * 1024;

/** Runs requests in the order they came, a bounded number at a time. */
export class RequestQueue {
  readonly #run: (text: string) => Promise<void>;
  readonly #maxWaitingBytes: () => number;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  readonly #idleWaiters: (() => void)[] = [];
  #running = 0;

  /** `run` handles one request to its end and never rejects; `maxWaitingBytes` is asked anew. */
  constructor(run: (text: string) => Promise<void>, maxWaitingBytes: () => number) {
    this.#run = run;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Takes a request; false where too many wait. */
  push(text: string): boolean {
    if (this.#running < MAX_RUNNING_REQUESTS) {
      void this.#start(text);
      return true;
    }
    const isFull = this.#waiting.length >= MAX_WAITING_REQUESTS ||
      this.#waitingBytes + text.length > this.#maxWaitingBytes();
    if (isFull) return false;
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    return true;
  }

  /** Resolves when every request taken so far is done. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Forgets the waiting ones. */
  close(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  async #start(text: string): Promise<void> {
    this.#running += 1;
    try {
      await this.#run(text);
    } finally {
      this.#running -= 1;
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#waitingBytes -= next.length;
        void this.#start(next);
      } else if (this.#running === 0) {
        for (const resolve of this.#idleWaiters.splice(0)) resolve();
      }
    }
  }
}
