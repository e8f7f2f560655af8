// The account of one guarded connection: what its peer has sent since the handler last made
// progress, and the deadline of its next step. Pure; the caller brings the time of a monotonic clock.
// docs/protocol.md §9.

import type { GuardLimits } from "./guard_limits.ts";

/** Why a connection must be cut. */
export type CutReason =
  /** No request came in time. */
  | "no_request"
  /** A request's body, or its next part, did not come in time. */
  | "slow_body"
  /** The allowance was used up and the handler made no progress. */
  | "stalled"
  /** Nothing came after an answer. */
  | "idle"
  /** A WebSocket without a session, and nothing came for long. */
  | "quiet"
  /** The peer does not agree to a close. */
  | "not_closing";

/** What a peer would lose with its connection. */
export type Standing =
  /** Little: it has had the time of a handshake and said nothing, or is closing. */
  | "overdue"
  /** A handshake: it is on its way in, or between two requests. */
  | "fresh"
  /** An answer under way, or a WebSocket over which a message was dealt with. */
  | "served";

/** Options of {@linkcode ConnectionAccount}. */
export interface ConnectionAccountOptions {
  limits: GuardLimits;
  /** When the connection was accepted. */
  nowMs: number;
}

type Phase =
  /** Nothing or half a head has come. */
  | { readonly step: "awaiting_request"; readonly untilMs: number }
  /** A handler runs and waits for the body. */
  | { readonly step: "awaiting_body"; readonly untilMs: number }
  /** The handler has all of the request, or the connection is a WebSocket. */
  | { readonly step: "serving"; readonly hasMore: boolean }
  /** Answered, and not a byte of the next request. */
  | { readonly step: "idle"; readonly untilMs: number }
  /** The device has said goodbye. */
  | { readonly step: "closing"; readonly untilMs: number };

const REASONS = {
  awaiting_request: "no_request",
  awaiting_body: "slow_body",
  idle: "idle",
  closing: "not_closing",
} as const satisfies Partial<Record<Phase["step"], CutReason>>;

/** One connection's account. */
export class ConnectionAccount {
  readonly #limits: GuardLimits;
  #phase: Phase;
  #openRequests = 0;
  #usedBytes = 0;
  #allowanceBytes: number;
  #usedUpAtMs: number | undefined;
  // Since when nothing came over a WebSocket of an unknown peer.
  #quietSinceMs: number | undefined;
  #hasSpoken = false;
  #isPromoted = false;
  // Since when it is the peer's turn, while it is at rest or a WebSocket that said nothing yet.
  #turnSinceMs: number;
  // When the latest request began.
  #requestAtMs = -Infinity;

  /** The account of a connection that has sent nothing yet. */
  constructor({ limits, nowMs }: ConnectionAccountOptions) {
    this.#limits = limits;
    this.#allowanceBytes = limits.unknownAllowanceBytes;
    this.#phase = { step: "awaiting_request", untilMs: nowMs + limits.requestMs };
    this.#turnSinceMs = nowMs;
  }

  /** How many bytes may be read from the peer now; 0 means that reading pauses. */
  get leftBytes(): number {
    return Math.max(0, this.#allowanceBytes - this.#usedBytes);
  }

  /** What the peer would lose with its connection at this moment. */
  standing(nowMs: number): Standing {
    const { step } = this.#phase;
    if (step === "closing") return "overdue";
    const isSilentSocket = this.#quietSinceMs !== undefined && !this.#hasSpoken;
    const isUnderWay = step === "serving" || step === "awaiting_body";
    if (isUnderWay && !isSilentSocket) return "served";
    return nowMs >= this.#turnSinceMs + this.#limits.handshakeMs ? "overdue" : "fresh";
  }

  /** Whether the peer will soon have a session, an answer or its time behind it. */
  passesSoon(nowMs: number): boolean {
    const { step } = this.#phase;
    if (step === "closing" || step === "idle") return false;
    const isRequest = step !== "awaiting_request" && this.#quietSinceMs === undefined;
    if (isRequest) return nowMs < this.#requestAtMs + this.#limits.handshakeMs;
    return this.standing(nowMs) === "fresh";
  }

  /** Whether the last request has been answered, so that the end of the answer may be on its way. */
  get isAnswered(): boolean {
    return this.#phase.step === "idle";
  }

  /** Whether the peer has a session, or its key was accepted. */
  get isKnown(): boolean {
    return this.#isPromoted;
  }

  /** Why the connection must be cut at this moment; undefined where it may live on. */
  cutReason(nowMs: number): CutReason | undefined {
    const phase = this.#phase;
    if (phase.step !== "serving" && nowMs >= phase.untilMs) return REASONS[phase.step];
    const isQuiet = phase.step === "serving" && !this.#isPromoted &&
      this.#quietSinceMs !== undefined && nowMs >= this.#quietSinceMs + this.#limits.quietMs;
    if (isQuiet) return "quiet";
    const isStalled = this.#usedUpAtMs !== undefined &&
      nowMs >= this.#usedUpAtMs + this.#limits.stallMs;
    return isStalled ? "stalled" : undefined;
  }

  /** Bytes came from the peer. */
  received(bytes: number, nowMs: number): void {
    if (this.#phase.step === "idle") this.#awaitRequest(nowMs);
    if (this.#phase.step === "serving") this.#phase = { step: "serving", hasMore: true };
    if (this.#quietSinceMs !== undefined) this.#quietSinceMs = nowMs;
    this.#usedBytes += bytes;
    if (this.leftBytes === 0) this.#usedUpAtMs ??= nowMs;
  }

  /** A handler began with a request; its body may still be on its way. */
  requestSeen(nowMs: number): void {
    this.#openRequests += 1;
    this.#requestAtMs = nowMs;
    this.#enter({ step: "awaiting_body", untilMs: nowMs + this.#limits.requestMs });
    this.#reset();
  }

  /** The handler took a part of a long body, and more may follow. */
  bodyPart(nowMs: number): void {
    if (this.#phase.step === "awaiting_body") {
      this.#phase = { step: "awaiting_body", untilMs: nowMs + this.#limits.requestMs };
    }
    this.#reset();
  }

  /** The handler has all of the request, or has dealt with a message. */
  progressed(): void {
    if (this.#phase.step === "awaiting_body") this.#phase = { step: "serving", hasMore: false };
    if (this.#quietSinceMs !== undefined) this.#hasSpoken = true;
    this.#reset();
  }

  /** One answer is out; the connection may carry another request. */
  answered(nowMs: number): void {
    this.#openRequests = Math.max(0, this.#openRequests - 1);
    this.#reset();
    // The end of one answer may be told after the next request has begun.
    if (this.#openRequests > 0) return;
    const hasMore = this.#phase.step === "serving" && this.#phase.hasMore;
    // What came while the handler was at work is the beginning of the next request.
    if (hasMore) this.#awaitRequest(nowMs);
    else {
      this.#turnSinceMs = nowMs;
      this.#enter({ step: "idle", untilMs: nowMs + this.#limits.idleMs });
    }
  }

  /** The connection is a WebSocket from now on: a message, ping or pong must come now and then. */
  upgraded(nowMs: number): void {
    this.#quietSinceMs = nowMs;
    this.#turnSinceMs = nowMs;
  }

  /** The peer has a session, or its key was accepted. */
  promote(): void {
    this.#isPromoted = true;
    this.#allowanceBytes = this.#limits.knownAllowanceBytes;
    if (this.leftBytes > 0) this.#usedUpAtMs = undefined;
  }

  /** The device closes; the peer has little time to agree, whatever else it does. */
  closing(nowMs: number): void {
    this.#enter({ step: "closing", untilMs: nowMs + this.#limits.closeMs });
  }

  #awaitRequest(nowMs: number): void {
    this.#turnSinceMs = nowMs;
    this.#enter({ step: "awaiting_request", untilMs: nowMs + this.#limits.requestMs });
  }

  #enter(phase: Phase): void {
    if (this.#phase.step !== "closing") this.#phase = phase;
  }

  #reset(): void {
    this.#usedBytes = 0;
    this.#usedUpAtMs = undefined;
  }
}
