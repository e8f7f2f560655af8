// The slots for requests that are upstream at once, and the queue before them. Both are shared by
// the keys: a slot goes to the key that has the fewest for its weight, and where the queue is full
// whoever waits with most makes room. Within a key it is first come, first served.

import { AppError } from "../../base/app_error.ts";

/** When a refused request should come again, in seconds. */
export const BUSY_RETRY_AFTER_S = 1;

/** How many slots there are, and how many requests may wait for one. */
export interface SlotLimits {
  /** Slots. */
  readonly max: number;
  /** Requests that may wait. */
  readonly queue: number;
}

/** Whose request wants a slot. */
export interface SlotUser {
  readonly keyId: string;
  /**
   * Its share of the slots, against those of the others.
   * @default 1
   */
  readonly weight?: number | undefined;
  /**
   * The slots that it may have at once.
   * @default as many as there are
   */
  readonly concurrent?: number | undefined;
}

interface Waiting {
  user: SlotUser;
  enter(): void;
  refuse(error: AppError): void;
}

/** A number of slots with a queue. */
export class Semaphore {
  readonly #limits: () => SlotLimits;
  readonly #taken = new Map<string, number>();
  /** Who waits, by key, oldest first. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  /** When a key last got a slot: the number of slots given by then. */
  readonly #served = new Map<string, number>();
  #takenCount = 0;
  #waitingCount = 0;
  #given = 0;

  /** All slots are free. The limits are asked for at every step, so that they can change. */
  constructor(limits: () => SlotLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a slot; the result gives it back and does nothing the second time. Throws AppError
   * unavailable where the queue is full, and the signal's reason where that aborts first.
   */
  async acquire(signal: AbortSignal, user: SlotUser): Promise<() => void> {
    signal.throwIfAborted();
    this.userChanged(user);
    if (this.#hasRoomFor(user)) this.#take(user);
    else {
      this.#makeRoom(user);
      await this.#wait(signal, user);
    }
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(user);
      isHeld = false;
    };
  }

  /** To be called when the limits have changed: whoever waits gets what there is now. */
  limitsChanged(): void {
    this.#admit();
  }

  /** A key has other limits from now on, its requests that wait already included. */
  userChanged(user: SlotUser): void {
    for (const waiting of this.#waiting.get(user.keyId) ?? []) waiting.user = user;
    this.#admit();
  }

  /** How many slots are taken; more than there are, where they became fewer meanwhile. */
  get taken(): number {
    return this.#takenCount;
  }

  /** How many slots are free and how many requests wait, for whoever looks. */
  counts(): { free: number; waiting: number } {
    return {
      free: Math.max(0, this.#limits().max - this.#takenCount),
      waiting: this.#waitingCount,
    };
  }

  #hasRoomFor({ keyId, concurrent = Infinity }: SlotUser): boolean {
    return this.#takenCount < this.#limits().max && this.#takenBy(keyId) < concurrent;
  }

  #take({ keyId }: SlotUser): void {
    this.#takenCount += 1;
    this.#taken.set(keyId, this.#takenBy(keyId) + 1);
    this.#given += 1;
    this.#served.set(keyId, this.#given);
  }

  #takenBy(keyId: string): number {
    return this.#taken.get(keyId) ?? 0;
  }

  #release({ keyId }: SlotUser): void {
    this.#takenCount -= 1;
    const left = this.#takenBy(keyId) - 1;
    if (left > 0) this.#taken.set(keyId, left);
    else this.#taken.delete(keyId);
    this.#admit();
    this.#forget(keyId);
  }

  // Gives free slots to those who wait.
  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#leave(next);
      this.#take(next.user);
      next.enter();
    }
  }

  // The oldest request of the key that has the fewest slots for its weight; among equals of the one
  // that was not served for longest.
  #next(): Waiting | undefined {
    let best: { waiting: Waiting; share: number; served: number } | undefined;
    for (const [keyId, [waiting]] of this.#waiting) {
      if (waiting === undefined || !this.#hasRoomFor(waiting.user)) continue;
      const share = this.#takenBy(keyId) / weightOf(waiting.user);
      const served = this.#served.get(keyId) ?? 0;
      const isBetter = best === undefined || share < best.share ||
        (share === best.share && served < best.served);
      if (isBetter) best = { waiting, share, served };
    }
    return best?.waiting;
  }

  // Where the queue is full the newest request of the key that waits with most has to go, if that
  // key then still waits with no fewer than the one that comes.
  #makeRoom(user: SlotUser): void {
    if (this.#waitingCount < this.#limits().queue) return;
    const own = ((this.#waiting.get(user.keyId)?.size ?? 0) + 1) / weightOf(user);
    let most: { waiting: Waiting; share: number } | undefined;
    for (const set of this.#waiting.values()) {
      const waiting = [...set].at(-1);
      if (waiting === undefined) continue;
      const share = set.size / weightOf(waiting.user);
      if (share > (most?.share ?? own)) most = { waiting, share };
    }
    if (most === undefined) throw busy();
    this.#leave(most.waiting);
    most.waiting.refuse(busy());
  }

  #wait(signal: AbortSignal, user: SlotUser): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => signal.removeEventListener("abort", leave);
      const waiting: Waiting = {
        user,
        enter: () => {
          done();
          resolve();
        },
        refuse: (error) => {
          done();
          reject(error);
        },
      };
      const leave = (): void => {
        this.#leave(waiting);
        this.#forget(user.keyId);
        reject(signal.reason);
      };
      const set = this.#waiting.get(user.keyId) ?? new Set();
      this.#waiting.set(user.keyId, set.add(waiting));
      // Whoever is new begins behind those who wait already.
      if (!this.#served.has(user.keyId)) this.#served.set(user.keyId, this.#given);
      this.#waitingCount += 1;
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #leave(waiting: Waiting): void {
    const { keyId } = waiting.user;
    const set = this.#waiting.get(keyId);
    if (set?.delete(waiting)) this.#waitingCount -= 1;
    if (set?.size === 0) this.#waiting.delete(keyId);
  }

  // Of a key that neither has a slot nor waits for one nothing is remembered.
  #forget(keyId: string): void {
    if (!this.#taken.has(keyId) && !this.#waiting.has(keyId)) this.#served.delete(keyId);
  }
}

function weightOf({ weight = 1 }: SlotUser): number {
  return weight;
}

function busy(): AppError {
  return new AppError("unavailable", "Too many requests are waiting", {
    retryAfterS: BUSY_RETRY_AFTER_S,
  });
}
