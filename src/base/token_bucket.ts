// A token bucket: so many at once, so many more per second. Pure; the caller brings the time.

/** The size and speed of a bucket. */
export interface BucketRate {
  /** How many may pass at once from a full bucket. */
  burst: number;
  /** How many tokens come back per second. */
  perSecond: number;
}

/** One bucket, full at first. */
export class TokenBucket {
  readonly #rate: BucketRate;
  #tokens: number;
  #filledAtMs: number;

  /** A full bucket at the given moment of a clock that never goes back. */
  constructor(rate: BucketRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes a token if there is one; says whether there was. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether the bucket is full again, so that forgetting it changes nothing. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#rate.burst;
  }

  #refill(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAtMs = Math.max(this.#filledAtMs, nowMs);
  }
}
