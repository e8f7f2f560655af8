// The account of one guarded connection: what its peer has sent since the handler last got
// somewhere, and until when it must have done its next step. Pure; the caller brings the time of a
// clock that never goes back. docs/protocol.md §9, "The guard", has the numbers.

/** Bytes of headers and frame heads on top of a message. */
export const OVERHEAD_BYTES: number = 4 * 1024;

/** What an unknown peer may send without progress, in bytes. */
export const UNKNOWN_ALLOWANCE_BYTES: number = 64 * 1024 + OVERHEAD_BYTES;

/** What a peer with a session or a key may send without progress, in bytes. */
export const KNOWN_ALLOWANCE_BYTES: number = 4 * 1024 * 1024 + OVERHEAD_BYTES;

/** How long a used-up allowance may stay used up, in milliseconds. */
export const STALL_LIMIT_MS = 2_000;

/** How long a request may take to arrive whole, head and body each, in milliseconds. */
export const REQUEST_LIMIT_MS = 10_000;

/** How long a connection may be kept without a byte between two requests, in milliseconds. */
export const IDLE_LIMIT_MS = 60_000;

/** How long a peer may take to agree to a close, in milliseconds. */
export const CLOSE_LIMIT_MS = 2_000;

type Phase =
  /** Nothing or half a head has come. */
  | { readonly step: "awaiting_request"; readonly untilMs: number }
  /** The handler runs and waits for the body. */
  | { readonly step: "awaiting_body"; readonly untilMs: number }
  /** The handler has all it needs, or the connection is a WebSocket. */
  | { readonly step: "serving" }
  /** Answered, and not a byte of the next request. */
  | { readonly step: "idle"; readonly untilMs: number }
  /** The device has said goodbye. */
  | { readonly step: "closing"; readonly untilMs: number };

/** One connection's account. */
export class ConnectionAccount {
  #phase: Phase;
  #usedBytes = 0;
  #allowanceBytes = UNKNOWN_ALLOWANCE_BYTES;
  #usedUpAtMs: number | undefined;

  /** A connection that was accepted at `nowMs`. */
  constructor(nowMs: number) {
    this.#phase = { step: "awaiting_request", untilMs: nowMs + REQUEST_LIMIT_MS };
  }

  /** Whether more may be read from the peer. */
  get mayRead(): boolean {
    return this.#usedBytes < this.#allowanceBytes;
  }

  /** How many bytes may be read at most. */
  get leftBytes(): number {
    return Math.max(0, this.#allowanceBytes - this.#usedBytes);
  }

  /** The moment at which the connection must be cut if nothing happens before. */
  get cutAtMs(): number | undefined {
    const phaseMs = this.#phase.step === "serving" ? undefined : this.#phase.untilMs;
    const stallMs = this.#usedUpAtMs === undefined ? undefined : this.#usedUpAtMs + STALL_LIMIT_MS;
    if (phaseMs === undefined) return stallMs;
    return stallMs === undefined ? phaseMs : Math.min(phaseMs, stallMs);
  }

  /** Bytes came from the peer. */
  received(bytes: number, nowMs: number): void {
    if (this.#phase.step === "idle") {
      this.#phase = { step: "awaiting_request", untilMs: nowMs + REQUEST_LIMIT_MS };
    }
    this.#usedBytes += bytes;
    if (!this.mayRead) this.#usedUpAtMs ??= nowMs;
  }

  /** A handler began with a request; its body may still be on its way. */
  requestSeen(nowMs: number): void {
    this.#phase = { step: "awaiting_body", untilMs: nowMs + REQUEST_LIMIT_MS };
    this.#reset();
  }

  /** The handler took a part of a long body, and more may follow. */
  bodyPart(nowMs: number): void {
    if (this.#phase.step === "awaiting_body") {
      this.#phase = { step: "awaiting_body", untilMs: nowMs + REQUEST_LIMIT_MS };
    }
    this.#reset();
  }

  /** The handler has all of the request, or has dealt with a message. */
  progressed(): void {
    if (this.#phase.step === "awaiting_body") this.#phase = { step: "serving" };
    this.#reset();
  }

  /** The answer is out; the connection may carry another request. */
  answered(nowMs: number): void {
    this.#phase = { step: "idle", untilMs: nowMs + IDLE_LIMIT_MS };
    this.#reset();
  }

  /** The peer has a session, or its key was accepted. */
  trust(): void {
    this.#allowanceBytes = KNOWN_ALLOWANCE_BYTES;
    if (this.mayRead) this.#usedUpAtMs = undefined;
  }

  /** The device closes; the peer has little time to agree. */
  closing(nowMs: number): void {
    this.#phase = { step: "closing", untilMs: nowMs + CLOSE_LIMIT_MS };
  }

  #reset(): void {
    this.#usedBytes = 0;
    this.#usedUpAtMs = undefined;
  }
}
