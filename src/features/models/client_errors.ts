// Errors as the official clients read them, with nothing in them but our fixed texts: Ollama's print
// `error` where it is a text, OpenAI's and Anthropic's want an object with a type.

import type { ErrorCode } from "../../base/app_error.ts";
import type { ClientApi } from "./endpoints.ts";

/** How errors of the gateway are written. */
export type ErrorStyle =
  /** As everywhere else (docs/protocol.md §10). */
  | "sanitized"
  /** As the clients of each API print them best. */
  | "client";

/** All styles. */
export const ERROR_STYLES: readonly ErrorStyle[] = ["sanitized", "client"];

/** An error that a client is told. */
export interface PublicError {
  /** The code. */
  readonly code: ErrorCode;
  /** The fixed text. */
  readonly message: string;
  /** Names the request. */
  readonly requestId: string;
}

/** The body of an error for the clients of an API. */
export function clientErrorBody(error: PublicError, api: ClientApi): object {
  const { code, message, requestId } = error;
  const described = { type: errorType(code), message, code, request_id: requestId };
  switch (api) {
    case "ollama":
      return { error: message, code, request_id: requestId };
    case "openai":
      return { error: { ...described, param: null } };
    case "anthropic":
      return { type: "error", error: described, request_id: requestId };
  }
}

const TYPES: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_request: "invalid_request_error",
  unsupported_feature: "invalid_request_error",
  conflict: "invalid_request_error",
  gone: "invalid_request_error",
  unauthorized: "authentication_error",
  forbidden: "permission_error",
  model_not_allowed: "permission_error",
  not_found: "not_found_error",
  too_large: "request_too_large",
  rate_limited: "rate_limit_error",
};

/** The type that OpenAI's and Anthropic's clients know an error by. */
export function errorType(code: ErrorCode): string {
  return TYPES[code] ?? "api_error";
}
