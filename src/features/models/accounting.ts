// What the proxy asks before a request goes upstream, and tells after it ended. Who counts, and
// where, is behind this interface.

import type { ModelKey } from "./model_key.ts";

/** What a request came to. */
export interface RequestOutcome {
  /**
   * Tokens of the prompt, as the final frame of the answer said; where it did not come, an estimate
   * of what the model has read by then.
   */
  readonly promptTokens: number;
  /**
   * Tokens of the answer, likewise; where the final frame did not come, one for each frame that did,
   * so that nobody evades a limit by hanging up early.
   */
  readonly outputTokens: number;
  /** Whether the client got an error, or an answer that broke off. */
  readonly isError: boolean;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** The model with its tag, as the owner allowed it; undefined where it named none. */
  readonly model?: string | undefined;
}

/** A request that was let through. */
export interface AccountedRequest {
  /** Counts what it came to; to be called exactly once, however it ended. Never throws. */
  end(outcome: RequestOutcome): void;
}

/** Counts requests per key. */
export interface Accounting {
  /**
   * Lets a request through or refuses it: AppError rate_limited with retryAfterS where a limit of
   * the key is used up, unavailable where a limited key's use cannot be counted.
   */
  begin(key: ModelKey): Promise<AccountedRequest>;
}
