// JSON-RPC 2.0 as text (docs/protocol.md §7): telling requests apart and writing answers. An id
// comes back as the exact text it came in, because 1.0, 1E5 and 20-digit integers would not
// survive a number.

import { asJsonObject, JSON_CODES, rawMember } from "../../base/json.ts";
import { SUPPORTED_VERSIONS } from "../../protocol/versions.ts";

/** How deep a message may nest. */
export const MAX_NESTING = 64;

/** The errors of JSON-RPC itself. */
export const RPC_ERRORS = {
  parse: { code: -32700, message: "Parse error" },
  invalidRequest: { code: -32600, message: "Invalid request" },
  methodNotFound: { code: -32601, message: "Method not found" },
  invalidParams: { code: -32602, message: "Invalid params" },
  internal: { code: -32603, message: "Internal error" },
  busy: { code: -32000, message: "Server busy" },
} as const;

/** The code of every call that was refused or failed for a reason of its own. */
export const APP_ERROR_CODE = 1;

/** The plaintext error for remote peers that must encrypt (docs/protocol.md §4). */
export const ENCRYPTION_REQUIRED_MESSAGE: string = encodeError(null, {
  code: -32002,
  message: "encryption required for remote connections",
});

/** The plaintext error for another version of the encryption (docs/protocol.md §4). */
export const UNSUPPORTED_VERSION_MESSAGE: string = encodeError(null, {
  code: -32001,
  message: "unsupported encryption version",
  data: { supported: SUPPORTED_VERSIONS },
});

/** The JSON text of an id, exactly as it was sent; null for the id null. */
export type RpcId = string | null;

/** The error of an answer. */
export interface RpcErrorObject {
  /** The number. */
  readonly code: number;
  /** A short text for people. */
  readonly message: string;
  /** More for programs. */
  readonly data?: unknown;
}

/** What a text turned out to be. */
export type RpcMessage =
  | {
    readonly kind: "request";
    readonly method: string;
    readonly params: unknown;
    readonly id: RpcId;
  }
  /** Not executed and not answered. */
  | { readonly kind: "notification" }
  /** Nobody waits for it here. */
  | { readonly kind: "response" }
  | { readonly kind: "invalid"; readonly error: RpcErrorObject; readonly id: RpcId };

/** Tells what a text is. Never throws. */
export function parseRpcMessage(text: string): RpcMessage {
  const value = nestsTooDeep(text) ? undefined : parseJson(text);
  if (value === undefined) return invalid(RPC_ERRORS.parse, null);
  const object = asJsonObject(value);
  if (object === undefined) return invalid(RPC_ERRORS.invalidRequest, null);

  const hasId = Object.hasOwn(object, "id");
  const hasMethod = Object.hasOwn(object, "method");
  const isUsable = isUsableId(object["id"]);
  const id = hasId && isUsable ? idSource(text, object["id"]) : null;
  if (object["jsonrpc"] !== "2.0" || (hasId && !isUsable) || (!hasId && !hasMethod)) {
    return invalid(RPC_ERRORS.invalidRequest, id);
  }
  if (!hasMethod) return { kind: "response" };
  const method = object["method"];
  if (typeof method !== "string") return invalid(RPC_ERRORS.invalidRequest, id);
  if (!hasId) return { kind: "notification" };
  return { kind: "request", method, params: object["params"], id };
}

/** An answer with a result; throws TypeError where the result is no JSON. */
export function encodeResult(id: RpcId, result: unknown): string {
  const json: string | undefined = JSON.stringify(result ?? null);
  if (json === undefined) throw new TypeError("Cannot encode result: not JSON");
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"result":${json}}`;
}

/** An answer with an error. */
export function encodeError(id: RpcId, error: RpcErrorObject): string {
  const { code, message, data } = error;
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"error":${
    JSON.stringify({ code, message, data })
  }}`;
}

/** A notification. */
export function encodeNotification(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

function invalid(error: RpcErrorObject, id: RpcId): RpcMessage {
  return { kind: "invalid", error, id };
}

function isUsableId(id: unknown): boolean {
  return id === null || ["string", "number", "boolean"].includes(typeof id);
}

// Looking up a source parses the text again, so it is done only where the value does not tell.
function idSource(text: string, id: unknown): RpcId {
  if (typeof id === "number" || typeof id === "string") return rawMember(text, "id") ?? null;
  return String(id);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Looked at before parsing, so that a message made of brackets costs one pass and no stack.
function nestsTooDeep(text: string): boolean {
  if (text.length <= MAX_NESTING) return false;
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isInString) {
      if (code === JSON_CODES.backslash) i++;
      else if (code === JSON_CODES.quote) isInString = false;
    } else if (code === JSON_CODES.quote) isInString = true;
    else if (code === JSON_CODES.openBrace || code === JSON_CODES.openBracket) {
      depth += 1;
      if (depth > MAX_NESTING) return true;
    } else if (code === JSON_CODES.closeBrace || code === JSON_CODES.closeBracket) depth -= 1;
  }
  return false;
}
