// The one error type that callers and peers may see, and its closed list of codes.
// Programmer's mistakes throw TypeError or RangeError instead; anything else that is thrown
// becomes `internal` at the edge (docs/protocol.md §10).

/** Every code that an answer may carry. */
export type ErrorCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "gone"
  | "too_large"
  | "rate_limited"
  | "unavailable"
  | "model_not_allowed"
  | "unsupported_feature"
  | "upstream_unavailable"
  | "upstream_timeout"
  | "upstream_failed"
  | "internal";

/** Options of {@linkcode AppError}. */
export interface AppErrorOptions extends ErrorOptions {
  /** How long the caller should wait before it tries again, in seconds. */
  retryAfterS?: number;
}

/**
 * A refusal or failure that its caller must be told about. `message` is public: it names no path,
 * no secret and no text of a peer.
 */
export class AppError extends Error {
  /** The machine-readable code; docs/protocol.md §10. */
  readonly code: ErrorCode;
  /** Seconds until another try makes sense, where that is known. */
  readonly retryAfterS: number | undefined;

  /** Makes an error with a public message; `cause` is for the log only. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.retryAfterS = options.retryAfterS;
  }
}

/** The public form of any thrown value: an AppError as it is, everything else as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", "Internal error", { cause: error });
}

/** Any thrown value as an Error, for the log. Never throws. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error("A value without a text was thrown");
  }
}
