// What can go wrong for an app that pairs with a device or talks to it.

/** Every reason that an app can tell apart. */
export type ClientErrorCode =
  /** Nobody answers at the address, or the connection was refused before it was one. */
  | "unreachable"
  /** Nobody has opened pairing on the device, or that pairing is over. */
  | "no_pairing"
  /** The PIN was mistyped; the device takes three tries. */
  | "wrong_pin"
  /** Too many wrong PINs, from this address or in all: pairing must be opened anew. */
  | "too_many_attempts"
  /** All places for clients are taken: one must be removed on the device. */
  | "no_place"
  /** The PIN or this try took too long. */
  | "pairing_expired"
  /** The device was busy with pairing requests each time. */
  | "rate_limited"
  /** Whoever answers is not the device that was paired, or does not know the PIN. */
  | "device_not_authentic"
  /** The device refused for another reason; the message has the status. */
  | "refused"
  /** The answer is not of the protocol. */
  | "bad_answer"
  /** The device is there and does not answer pages of this origin: `allowed_origins` names more. */
  | "origin_not_allowed"
  /** The page is https and the device's address http: browsers let no such page through. */
  | "mixed_content"
  /** The platform has no WebSocket, and none was given: Node 20 takes that of the package `ws`. */
  | "no_web_socket"
  /** More notifications wait to be read than a connection keeps. */
  | "too_slow"
  /** The device takes no plaintext from this address. */
  | "encryption_required"
  /**
   * The device says that it has removed this client: offer to pair again. Anybody in the network can
   * say so; keep the credentials until the new pairing is complete.
   */
  | "client_removed"
  /** The device does not speak this version of the encryption. */
  | "unsupported_version"
  /** The connection is over, by whichever side. */
  | "connection_closed"
  /** No answer in time. */
  | "timeout"
  /** The device answered with an error; `rpcCode` and `data` tell which. */
  | "rpc_error";

/** Options of {@linkcode ClientError}. */
export interface ClientErrorOptions extends ErrorOptions {
  /** The code of the device's error. */
  rpcCode?: number;
  /** The data of the device's error. */
  data?: unknown;
  /** After how many seconds another try makes sense. */
  retryAfterS?: number | undefined;
}

/** A failure of pairing, connecting or calling. */
export class ClientError extends Error {
  /** Why. */
  readonly code: ClientErrorCode;
  /** The number in the device's answer, such as -32601; for `rpc_error` only. */
  readonly rpcCode: number | undefined;
  /** What the device's answer has for programs; for `rpc_error` only. */
  readonly data: unknown;
  /**
   * After how many seconds another try makes sense, where the device said so: for a refusal to pair,
   * such as one after too many wrong PINs.
   */
  readonly retryAfterS: number | undefined;

  /** An error with a public message; that of an `rpc_error` is the device's. */
  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options);
    this.name = "ClientError";
    this.code = code;
    this.rpcCode = options.rpcCode;
    this.data = options.data;
    this.retryAfterS = options.retryAfterS;
  }
}
