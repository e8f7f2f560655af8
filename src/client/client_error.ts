// What can go wrong for an app that pairs with a device or talks to it.

/** Every reason that an app can tell apart. */
export type ClientErrorCode =
  | "unreachable"
  | "no_pairing"
  | "wrong_pin"
  | "too_many_attempts"
  | "pairing_expired"
  | "rate_limited"
  | "refused"
  | "device_not_authentic"
  | "bad_answer"
  | "insecure_context"
  | "encryption_required"
  | "unsupported_version"
  | "connection_closed"
  | "timeout"
  | "rpc_error";

/** Options of {@linkcode ClientError}. */
export interface ClientErrorOptions extends ErrorOptions {
  /** The error object of the device's answer, for `rpc_error`. */
  rpc?: RpcFailure;
}

/** The error of a JSON-RPC answer. */
export interface RpcFailure {
  /** The number, such as -32601. */
  readonly code: number;
  /** The device's short text. */
  readonly message: string;
  /** More for programs. */
  readonly data: unknown;
}

/** A failure of pairing, connecting or calling. */
export class ClientError extends Error {
  /** Why. */
  readonly code: ClientErrorCode;
  /** The device's error object, for `rpc_error`. */
  readonly rpc: RpcFailure | undefined;

  /** An error with a message for developers. */
  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options);
    this.name = "ClientError";
    this.code = code;
    this.rpc = options.rpc;
  }
}
