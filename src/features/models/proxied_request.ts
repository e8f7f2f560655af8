// One request from the moment it came to the moment all of its answer is out: whom it
// waits for, what ended it, and what must be given back then. However it ends, it ends once.

import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/app_error.ts";
import type { AccountedRequest } from "./accounting.ts";
import type { EndedRequest } from "./request_record.ts";
import { StallTimer } from "./stall_timer.ts";
import { BUSY_RETRY_AFTER_S } from "./semaphore.ts";

/** How long a client may take for the next part of its body, in milliseconds. */
export const CLIENT_SILENCE_MS = 10_000;

/** How long a client may take nothing of its answer, in milliseconds. */
export const READER_SILENCE_MS = 60_000;

/** Whom a request waits for. */
export type Awaited = "slot" | "client" | "server" | "reader";

/** What an answer said of its tokens. */
export interface TokenCounts {
  /** Tokens of the prompt; undefined where they were not told. */
  readonly prompt: number | undefined;
  /** Tokens of the answer. */
  readonly output: number;
}

/** Options of {@linkcode ProxiedRequest}. */
export interface ProxiedRequestOptions {
  /** Aborts when the client leaves. */
  clientSignal: AbortSignal;
  /** How long the upstream may be silent, and a request may wait for a slot, in milliseconds. */
  timeoutMs: number;
  /** When the request came, by the monotonic clock. */
  startedAtMs: number;
  /** Hears how it ended; must not throw. */
  onEnded: (ended: EndedRequest) => void;
  clock: Clock;
}

/** A request under way. */
export class ProxiedRequest {
  readonly #options: ProxiedRequestOptions;
  readonly #abort = new AbortController();
  readonly #patience: StallTimer<Awaited>;
  readonly #cleanups: (() => void)[] = [];
  readonly #leave = (): void => this.leave();
  #accounted: AccountedRequest | undefined;
  #failure: AppError | undefined;
  #hasLeft = false;
  #hasEnded = false;
  /** The tokens as far as they are known. */
  tokens: TokenCounts = { prompt: undefined, output: 0 };
  /** The model that it was let through to, with its tag. */
  model: string | undefined;
  /** How long it waited for a slot, in milliseconds. */
  waitedMs: number | undefined;
  /** How many bytes were taken of its body. */
  bodyBytes = 0;
  #firstByteMs: number | undefined;
  #answerBytes = 0;
  /** What the prompt counts where its tokens were not told; 0 while no model has read it. */
  promptEstimate = 0;

  /** A request that has just come. */
  constructor(options: ProxiedRequestOptions) {
    this.#options = options;
    const { clock, clientSignal } = options;
    this.#patience = new StallTimer({ clock, onOver: (party) => this.fail(tooSlow(party)) });
    if (clientSignal.aborted) this.leave();
    else clientSignal.addEventListener("abort", this.#leave, { once: true });
  }

  /** Aborts with the failure, or when the client leaves. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What went wrong first. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  /** Whether the client left before its answer was out. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Whether its answer has begun, and with that its status was sent. */
  get hasAnswer(): boolean {
    return this.#firstByteMs !== undefined;
  }

  /** Whether it is over. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** From now on waits for somebody; fails where that takes too long. */
  waitFor(party: Awaited): void {
    if (!this.#hasEnded) this.#patience.waitFor(party, this.#limitMs(party));
  }

  /** The answer has begun, and so many bytes more of it go to the client. */
  handOn(bytes: number): void {
    const { clock, startedAtMs } = this.#options;
    this.#firstByteMs ??= clock.monotonicMs() - startedAtMs;
    this.#answerBytes += bytes;
  }

  /** The request was let through, and its end is to be counted. */
  account(accounted: AccountedRequest): void {
    this.#accounted = accounted;
  }

  /** What is to be done at the end; at once where that has come already. */
  atEnd(cleanup: () => void): void {
    if (this.#hasEnded) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Ends the request upstream; the first failure is the one that counts. Returns that. */
  fail(error: AppError): AppError {
    this.#failure ??= error;
    this.#abort.abort(this.#failure);
    return this.#failure;
  }

  /** The client disconnected. */
  leave(): void {
    if (this.#hasEnded || this.#failure !== undefined) return;
    this.#hasLeft = true;
    this.fail(new AppError("bad_request", "The client disconnected"));
  }

  /**
   * Gives everything back and counts the request. Does nothing the second time. What is left of the
   * upstream's answer is cancelled; of one that was read whole nothing is.
   */
  end({ isWhole = false }: { isWhole?: boolean } = {}): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#patience.stop();
    this.#options.clientSignal.removeEventListener("abort", this.#leave);
    if (!isWhole) this.#abort.abort();
    for (const cleanup of this.#cleanups) cleanup();
    const { clock, startedAtMs, onEnded } = this.#options;
    const promptTokens = this.tokens.prompt ?? this.promptEstimate;
    const outputTokens = this.tokens.output;
    const durationMs = clock.monotonicMs() - startedAtMs;
    const { model } = this;
    this.#accounted?.end({
      promptTokens,
      outputTokens,
      isError: this.#failure !== undefined && !this.#hasLeft,
      durationMs,
      model,
    });
    onEnded({
      model,
      hasAnswer: this.hasAnswer,
      hasLeft: this.#hasLeft,
      code: this.#hasLeft ? undefined : this.#failure?.code,
      durationMs,
      firstByteMs: this.#firstByteMs,
      waitedMs: this.waitedMs,
      promptTokens,
      outputTokens,
      bodyBytes: this.bodyBytes,
      answerBytes: this.#answerBytes,
    });
  }

  #limitMs(party: Awaited): number {
    switch (party) {
      case "slot":
      case "server":
        return this.#options.timeoutMs;
      case "client":
        return CLIENT_SILENCE_MS;
      case "reader":
        return READER_SILENCE_MS;
    }
  }
}

function tooSlow(party: Awaited): AppError {
  switch (party) {
    case "slot":
      return new AppError("unavailable", "No slot became free in time", {
        retryAfterS: BUSY_RETRY_AFTER_S,
      });
    case "client":
      return new AppError("bad_request", "The body did not arrive in time");
    case "server":
      return new AppError("upstream_timeout", "The model server did not answer in time");
    case "reader":
      return new AppError("unavailable", "The answer was not taken in time");
  }
}
