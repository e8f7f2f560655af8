// Who waits for a sync: all waiters share the running one where it covers what they committed, and
// the next one otherwise, so that many commits cost one sync. A sync that fails or does not come
// back within its time refuses everybody: after a failure the kernel counts the pages as written, and
// the next sync would succeed though they never were.

import { AppError } from "../../base/app_error.ts";
import { afterTurning, type Clock } from "../../base/clock.ts";
import { explainStorageError } from "../../base/storage_error.ts";

/** How long a sync may take until its waiters are refused, in milliseconds. */
export const SYNC_LIMIT_MS = 5_000;

/** What is said while the storage does not come back. */
export const STALLED_MESSAGE = "The device's storage does not answer";

/** What is said after a sync that failed for no reason that has words of its own. */
export const FAILED_MESSAGE = "The device's storage fails";

/** Options of {@linkcode SyncQueue}. */
export interface SyncQueueOptions {
  /** Brings all that is committed onto the disk. */
  sync: () => Promise<void>;
  clock: Clock;
  /** Hears that a sync takes longer than {@linkcode SYNC_LIMIT_MS}. */
  onStalled: () => void;
  /** Hears that such a sync succeeded in the end. */
  onRecovered: () => void;
  /** Hears of a sync that failed; nothing is taken until {@linkcode SyncQueue.restart}. */
  onFailed: (error: unknown) => void;
}

interface Turn {
  /** The number of the last commit that it covers, once it runs. */
  upTo: number;
  readonly done: PromiseWithResolvers<void>;
}

/** The waiters for the syncs of one database. */
export class SyncQueue {
  readonly #options: SyncQueueOptions;
  #committed = 0;
  #synced = 0;
  #running: Turn | undefined;
  #next: Turn | undefined;
  #refusal: AppError | undefined;
  #isFailed = false;
  #isStalled = false;
  /** Raised by every restart: what was begun before it must not count any more. */
  #epoch = 0;

  /** A queue for a database that is wholly on the disk. */
  constructor(options: SyncQueueOptions) {
    this.#options = options;
  }

  /** Why nothing can be kept at this moment. */
  get refusal(): AppError | undefined {
    return this.#refusal;
  }

  /** Whether a sync failed, and {@linkcode SyncQueue.restart} was not called since. */
  get hasFailed(): boolean {
    return this.#isFailed;
  }

  /** Something was committed. */
  committed(): void {
    this.#committed += 1;
  }

  /**
   * Resolves once all that was committed before the call is on the disk; rejects with AppError
   * unavailable where that cannot be said.
   */
  durable(): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    if (this.#synced === this.#committed) return Promise.resolve();
    if (this.#running !== undefined && this.#running.upTo === this.#committed) {
      return this.#running.done.promise;
    }
    if (this.#next === undefined) {
      this.#next = { upTo: 0, done: Promise.withResolvers() };
      // What is committed in the same breath goes along.
      if (this.#running === undefined) queueMicrotask(() => void this.#run());
    }
    return this.#next.done.promise;
  }

  /** Syncs something else under the same rules: false where that failed, or others did meanwhile. */
  async attempt(sync: () => Promise<void>): Promise<boolean> {
    const epoch = this.#epoch;
    const cancel = afterTurning(this.#options.clock, SYNC_LIMIT_MS, () => this.#stall(epoch));
    try {
      await sync();
    } catch (error) {
      if (epoch === this.#epoch) this.fail(error);
      return false;
    } finally {
      cancel();
    }
    if (epoch === this.#epoch) this.#recover();
    return epoch === this.#epoch && this.#refusal === undefined;
  }

  /** Refuses everybody from now on, because a sync failed. */
  fail(error: unknown): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#refuse(unavailable(error));
    this.#options.onFailed(error);
  }

  /** The database was opened anew, and is wholly on the disk. */
  restart(): void {
    this.#epoch += 1;
    this.#running = undefined;
    this.#next = undefined;
    this.#synced = this.#committed;
    this.#isFailed = false;
    this.#isStalled = false;
    this.#refusal = undefined;
  }

  /** The database was closed: all of it was brought onto the disk, or `error` says why not. */
  close(error?: unknown): void {
    this.#epoch += 1;
    for (const turn of [this.#running, this.#next]) {
      if (error === undefined) turn?.done.resolve();
      else turn?.done.reject(unavailable(error));
    }
    this.#running = undefined;
    this.#next = undefined;
    this.#refusal ??= new AppError("unavailable", "The service is stopping");
  }

  async #run(): Promise<void> {
    const turn = this.#next;
    if (turn === undefined || this.#running !== undefined) return;
    this.#next = undefined;
    this.#running = turn;
    turn.upTo = this.#committed;
    const epoch = this.#epoch;
    await this.attempt(this.#options.sync);
    if (epoch !== this.#epoch || this.#isFailed) return;
    this.#running = undefined;
    this.#synced = turn.upTo;
    turn.done.resolve();
    void this.#run();
  }

  #stall(epoch: number): void {
    if (epoch !== this.#epoch || this.#refusal !== undefined) return;
    this.#isStalled = true;
    this.#refuse(new AppError("unavailable", STALLED_MESSAGE));
    this.#options.onStalled();
  }

  #recover(): void {
    if (!this.#isStalled || this.#isFailed) return;
    this.#isStalled = false;
    this.#refusal = undefined;
    this.#options.onRecovered();
  }

  #refuse(refusal: AppError): void {
    this.#refusal = refusal;
    // A running sync may still come back; whoever waited for it has been refused all the same.
    this.#running?.done.reject(refusal);
    this.#next?.done.reject(refusal);
    this.#next = undefined;
  }
}

function unavailable(error: unknown): AppError {
  const explained = explainStorageError(error);
  if (explained instanceof AppError) return explained;
  return new AppError("unavailable", FAILED_MESSAGE, { cause: error });
}
