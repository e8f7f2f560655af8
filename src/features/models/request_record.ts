// What may be told of a request that has ended: numbers, and names that the owner gave. No content, no
// prompt, no address, and no text of a peer.

import type { ErrorCode } from "../../base/app_error.ts";

/** How a request ended. */
export interface EndedRequest {
  /** The model with its tag, where it was one that the key may use. */
  readonly model: string | undefined;
  /** Whether its answer had begun, and with that its status was sent. */
  readonly hasAnswer: boolean;
  /** Whether the client left before its answer was out. */
  readonly hasLeft: boolean;
  /** What went wrong; undefined where nothing did, or the client left. */
  readonly code: ErrorCode | undefined;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** How long until its answer began, in milliseconds. */
  readonly firstByteMs: number | undefined;
  /** How long it waited for a slot, in milliseconds; undefined where it wanted none. */
  readonly waitedMs: number | undefined;
  /** Tokens of the prompt, as they are counted. */
  readonly promptTokens: number;
  /** Tokens of the answer, as they are counted. */
  readonly outputTokens: number;
  /** Bytes that were taken of the body. */
  readonly bodyBytes: number;
  /** Bytes that the client was sent. */
  readonly answerBytes: number;
}

/** A request of a known key that has ended. */
export interface RequestRecord extends EndedRequest {
  /** Names it in the log and in errors. */
  readonly requestId: string;
  /** The public id of its key. */
  readonly keyId: string;
  /** The path of its endpoint, such as "/api/chat". */
  readonly path: string;
}

/** How it ended in one word: "ok", "left", or the code of what went wrong. */
export function outcomeOf({ hasLeft, code }: Pick<EndedRequest, "hasLeft" | "code">): string {
  return hasLeft ? "left" : code ?? "ok";
}
