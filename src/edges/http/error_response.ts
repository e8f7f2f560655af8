// The one place that turns an error into an HTTP answer (docs/protocol.md §10). The body has
// exactly the fields code, message and request_id, pairing's apart (§3); what caused the error is for the log.

import { HTTPException } from "hono/http-exception";
import { AppError, type ErrorCode, toAppError } from "../../base/app_error.ts";
import { clientErrorBody } from "../../features/models/client_errors.ts";
import type { ClientApi } from "../../features/models/endpoints.ts";
import type { PairingRefusal } from "../../features/pairing/pairing_refusals.ts";

/** The status of each code. */
export const STATUS_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  model_not_allowed: 403,
  unsupported_feature: 400,
  upstream_unavailable: 502,
  upstream_timeout: 504,
  upstream_failed: 502,
};

/** When to try again after 429 and 503 where nothing better is known, in seconds. */
export const DEFAULT_RETRY_AFTER_S = 5;

/** Below this path an error's body is `{"error": text}`, because Core's app reads it (§3). */
export const PAIRING_PREFIX = "/api/pair/";

// What may be thrown before or below the pairing itself, in the words that the app knows.
const PAIRING_TEXTS: Readonly<Partial<Record<ErrorCode, PairingRefusal>>> = {
  rate_limited: "rate limited",
  internal: "internal error",
};

/** Statuses that have no code of their own, and the code under which they go. */
export type SpecialStatus = 405 | 415 | 421 | 426;

/** An error with a status that no code has; `headers` go onto the answer. */
export function httpError(
  status: SpecialStatus,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HTTPException {
  const cause = new AppError("bad_request", message);
  return new HTTPException(status, { message, cause, res: new Response(null, { headers }) });
}

/** The status and public error of whatever was thrown. */
export function toHttpError(thrown: unknown): { status: number; error: AppError } {
  if (thrown instanceof HTTPException && thrown.cause instanceof AppError) {
    return { status: thrown.status, error: thrown.cause };
  }
  const error = toAppError(thrown);
  return { status: STATUS_OF_CODE[error.code], error };
}

/** Options of {@linkcode errorResponse}. */
export interface ErrorResponseOptions {
  /**
   * What was asked for, as pairing has a form of its own.
   * @default ""
   */
  path?: string;
  /** Whose clients are answered in their own form. */
  api?: ClientApi | undefined;
}

/** The answer for whatever was thrown. */
export function errorResponse(
  thrown: unknown,
  requestId: string,
  { path = "", api }: ErrorResponseOptions = {},
): Response {
  const { status, error } = toHttpError(thrown);
  const { code, message, retryAfterS } = error;
  const headers = new Headers(thrown instanceof HTTPException ? thrown.res?.headers : undefined);
  headers.set("X-Request-ID", requestId);
  if (status === 401) headers.set("WWW-Authenticate", "Bearer");
  const retryS = retryAfterS ??
    (status === 429 || status === 503 ? DEFAULT_RETRY_AFTER_S : undefined);
  if (retryS !== undefined) headers.set("Retry-After", String(retryS));
  const body = path.startsWith(PAIRING_PREFIX)
    ? { error: PAIRING_TEXTS[code] ?? message }
    : api === undefined
    ? { error: { code, message, request_id: requestId } }
    : clientErrorBody({ code, message, requestId }, api);
  return Response.json(body, { status, headers });
}
