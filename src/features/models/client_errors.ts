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
  /** The HTTP status. */
  readonly status: number;
  /** The code. */
  readonly code: ErrorCode;
  /** The fixed text. */
  readonly message: string;
  /** Names the request. */
  readonly requestId: string;
}

/** The body of an error for the clients of an API. */
export function clientErrorBody(error: PublicError, api: ClientApi): object {
  const { status, code, message, requestId } = error;
  const described = { type: typeOf(status), message, code, request_id: requestId };
  switch (api) {
    case "ollama":
      return { error: message, code, request_id: requestId };
    case "openai":
      return { error: { ...described, param: null } };
    case "anthropic":
      return { type: "error", error: described, request_id: requestId };
  }
}

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
};

function typeOf(status: number): string {
  return TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}
