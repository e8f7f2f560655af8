// Where the limits of keys are counted. More than one gateway may count in the same place.

/**
 * Tokens that are added together, and only once. One writer numbers its batches upwards and sends
 * the next only after the last was added, so a store remembers one number per writer.
 */
export interface TokenBatch {
  readonly keyId: string;
  /** The day of UTC, as "2026-01-31". */
  readonly day: string;
  /** How many. */
  readonly tokens: number;
  /** Who adds them: a UUID of the process. */
  readonly writer: string;
  /** The batch's number. */
  readonly number: number;
}

/** Counts requests and tokens. Rejects with AppError unavailable where it cannot be reached. */
export interface LimitStore {
  /**
   * Counts one request of a key in a minute, unless `max` were counted already; whether it was.
   * `minute` is the number of whole minutes since 1970.
   */
  takeRequest(key: { keyId: string; minute: number; max: number }): Promise<boolean>;
  /** The tokens that a key has used on a day, such as "2026-01-31". */
  tokensOn(key: { keyId: string; day: string }): Promise<number>;
  /** Adds tokens to a key's day, once: a batch that was added before changes nothing. */
  addTokens(batch: TokenBatch): Promise<void>;
}
