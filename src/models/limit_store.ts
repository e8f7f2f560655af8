// Where the limits of keys are counted. More than one gateway may count in the same place.

/** Counts requests and tokens. Rejects with AppError unavailable where it cannot be reached. */
export interface LimitStore {
  /**
   * Counts one request of a key in a minute, unless `max` were counted already; whether it was.
   * `minute` is the number of whole minutes since 1970.
   */
  takeRequest(key: { keyId: string; minute: number; max: number }): Promise<boolean>;
  /** The tokens that a key has used on a day, such as "2026-01-31". */
  tokensOn(key: { keyId: string; day: string }): Promise<number>;
  /** Adds tokens to a key's day. */
  addTokens(key: { keyId: string; day: string; tokens: number }): Promise<void>;
}
