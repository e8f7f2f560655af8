// Lets requests through by the limits of their keys, and counts what they came to. A limited key
// whose use cannot be counted is refused; a key without limits goes on.

import { type Clock, every } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { type RandomSource, randomUuid } from "../../base/random.ts";
import type { AccountedRequest, Accounting, RequestOutcome } from "./accounting.ts";
import type { LimitStore, TokenBatch } from "./limit_store.ts";
import type { ModelKey } from "./model_key.ts";
import { dayOf } from "./usage.ts";
import type { UsageLedger } from "./usage_ledger.ts";

/** How often tokens are tried again that could not be counted, in milliseconds. */
export const TOKENS_RETRY_MS = 1_000;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The limits of a key; unlimited where undefined. */
export interface KeyLimits {
  /** Requests per minute. */
  readonly perMinute: number | undefined;
  /** Tokens per day of UTC. */
  readonly tokensPerDay: number | undefined;
}

/** Options of {@linkcode KeyAccounting}. */
export interface KeyAccountingOptions {
  /** The limits of a key at this moment. */
  limitsOf: (key: ModelKey) => KeyLimits;
  /** Where limits are counted. */
  limits: LimitStore;
  /** Where usage is collected. */
  usage: Pick<UsageLedger, "record" | "isFailing">;
  clock: Clock;
  /** Randomness for the name under which tokens are counted. */
  random: RandomSource;
  log: Logger;
}

/** Accounting by key. */
export class KeyAccounting implements Accounting {
  readonly #options: KeyAccountingOptions;
  /** Tokens that the store is not known to have, by key and day. */
  readonly #owed = new Map<string, Owed>();
  readonly #writer: string;
  #batches = 0;
  readonly #cancelRetry: () => void;
  #paying: Promise<void> | undefined;

  /** Accounting that owes nothing. */
  constructor(options: KeyAccountingOptions) {
    this.#options = options;
    this.#writer = randomUuid(options.random);
    this.#cancelRetry = every(options.clock, TOKENS_RETRY_MS, () => void this.#pay());
  }

  /** Lets a request through, or rejects with rate_limited or unavailable. */
  async begin(key: ModelKey): Promise<AccountedRequest> {
    const { keyId } = key;
    const { limitsOf, usage } = this.#options;
    const { perMinute, tokensPerDay } = limitsOf(key);
    const isLimited = perMinute !== undefined || tokensPerDay !== undefined;
    if (isLimited && usage.isFailing) throw uncountable();
    // The day first: whoever has no tokens left must not use up requests too.
    if (tokensPerDay !== undefined) await this.#checkTokens(keyId, tokensPerDay);
    if (perMinute !== undefined) await this.#takeRequest(keyId, perMinute);
    let isOver = false;
    return {
      end: (outcome) => {
        if (isOver) throw new TypeError("A request ends once");
        isOver = true;
        this.#end(key, outcome);
      },
    };
  }

  /** Counts what is owed, as far as that works, and ends. */
  async close(): Promise<void> {
    this.#cancelRetry();
    await this.#pay();
  }

  async #checkTokens(keyId: string, max: number): Promise<void> {
    const { limits, clock } = this.#options;
    const nowMs = clock.wallMs();
    const day = dayOf(nowMs);
    if ([...this.#owed.values()].some((owed) => owed.keyId === keyId)) await this.#pay();
    // What is owed now is owed by requests that have just ended, or the store is away.
    const { tokens: fresh = 0, batch } = this.#owed.get(`${day} ${keyId}`) ?? {};
    const used = await limits.tokensOn({ keyId, day });
    if (used + fresh + (batch?.tokens ?? 0) < max) return;
    throw new AppError("rate_limited", "The tokens of this key are used up for today", {
      retryAfterS: secondsUntil(DAY_MS, nowMs),
    });
  }

  async #takeRequest(keyId: string, max: number): Promise<void> {
    const { limits, clock } = this.#options;
    const nowMs = clock.wallMs();
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (await limits.takeRequest({ keyId, minute, max })) return;
    throw new AppError("rate_limited", "Too many requests with this key", {
      retryAfterS: secondsUntil(MINUTE_MS, nowMs),
    });
  }

  #end(key: ModelKey, outcome: RequestOutcome): void {
    const { keyId } = key;
    const { usage, clock, limitsOf } = this.#options;
    usage.record(keyId, outcome);
    const tokens = outcome.promptTokens + outcome.outputTokens;
    if (limitsOf(key).tokensPerDay === undefined || tokens === 0) return;
    const day = dayOf(clock.wallMs());
    const id = `${day} ${keyId}`;
    const owed = this.#owed.get(id) ?? { keyId, day, tokens: 0, batch: undefined };
    owed.tokens += tokens;
    this.#owed.set(id, owed);
    void this.#pay();
  }

  // One at a time: two of them would count the same tokens twice.
  #pay(): Promise<void> {
    this.#paying ??= this.#payAll().finally(() => {
      this.#paying = undefined;
    });
    return this.#paying;
  }

  async #payAll(): Promise<void> {
    const { limits, log } = this.#options;
    for (const [id, owed] of [...this.#owed]) {
      // What was sent once goes again as it was: its answer may only have come late.
      const batch = owed.batch ??= this.#nextBatch(owed);
      try {
        await limits.addTokens(batch);
      } catch (error) {
        log.debug("Cannot count tokens, will try again", { error: asError(error) });
        return;
      }
      owed.batch = undefined;
      // More may have come meanwhile.
      if (owed.tokens === 0) this.#owed.delete(id);
    }
  }

  #nextBatch(owed: Owed): TokenBatch {
    const { keyId, day, tokens } = owed;
    owed.tokens = 0;
    this.#batches += 1;
    return { keyId, day, tokens, writer: this.#writer, number: this.#batches };
  }
}

interface Owed {
  readonly keyId: string;
  readonly day: string;
  /** Tokens in no batch yet. */
  tokens: number;
  /** What was sent and not yet confirmed. */
  batch: TokenBatch | undefined;
}

function secondsUntil(periodMs: number, nowMs: number): number {
  return Math.ceil((periodMs - nowMs % periodMs) / 1000);
}

function uncountable(): AppError {
  return new AppError("unavailable", "The use of this key cannot be counted now", {
    retryAfterS: 5,
  });
}
