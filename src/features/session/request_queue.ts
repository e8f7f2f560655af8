// The requests of one connection: a few run at once, some wait, and beyond that the device says it
// is busy (docs/protocol.md §6). Answers may overtake each other. A request that is done at once takes
// no promise. Where requests have worked long in this turn of the event loop, the next ones wait.

import type { Eventual } from "../../base/eventual.ts";
import type { TurnBudget } from "./turn_budget.ts";

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

/** Options of {@linkcode RequestQueue}. */
export interface RequestQueueOptions {
  /** How many bytes of requests may wait now. */
  maxWaitingBytes: () => number;
  /** The time that requests of all connections have. */
  turn: TurnBudget;
}

/** Runs requests in the order they came, a bounded number at a time. */
export class RequestQueue {
  readonly #options: RequestQueueOptions;
  readonly #waiting: AcceptedRequest[] = [];
  #waitingBytes = 0;
  readonly #idleWaiters: (() => void)[] = [];
  #running = 0;
  /** Whether those that wait, wait for another turn. */
  #isDeferred = false;

  /** An empty queue. */
  constructor(options: RequestQueueOptions) {
    this.#options = options;
  }

  /** Takes a request; false where too many wait. */
  push(request: AcceptedRequest): boolean {
    const { maxWaitingBytes, turn } = this.#options;
    const hasPlace = this.#running < MAX_RUNNING_REQUESTS;
    if (hasPlace && !this.#isDeferred && !turn.isSpent) {
      this.#start(request);
      this.#fill();
      return true;
    }
    const isFull = this.#waiting.length >= MAX_WAITING_REQUESTS ||
      this.#waitingBytes + request.length > maxWaitingBytes();
    if (isFull) return false;
    this.#waiting.push(request);
    this.#waitingBytes += request.length;
    if (hasPlace) this.#defer();
    return true;
  }

  /** Resolves when every request taken so far is done. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Whether nothing runs or waits. */
  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** Forgets the waiting ones; what runs goes on. */
  dropWaiting(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#wakeIdle();
  }

  #start(request: AcceptedRequest): void {
    this.#running += 1;
    const done = this.#options.turn.run(() => request.run());
    if (!(done instanceof Promise)) {
      this.#running -= 1;
      return;
    }
    void done.finally(() => {
      this.#running -= 1;
      this.#fill();
    });
  }

  // Begins what waits, as long as there are places and this turn has time.
  #fill(): void {
    while (this.#running < MAX_RUNNING_REQUESTS && !this.#isDeferred) {
      const next = this.#waiting[0];
      if (next === undefined) break;
      if (this.#options.turn.isSpent) return this.#defer();
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
      this.#start(next);
    }
    this.#wakeIdle();
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#options.turn.wait(() => {
      this.#isDeferred = false;
      this.#fill();
    });
  }

  #wakeIdle(): void {
    if (!this.isIdle) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
