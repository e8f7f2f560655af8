// What a connection needs of the socket under it. The HTTP edge adapts the platform's WebSocket.

import type { WireMessage } from "../../protocol/v1/frame.ts";

/** The sending half of a WebSocket. */
export interface Socket {
  /** Bytes handed over that the peer has not yet taken. */
  readonly bufferedBytes: number;
  /** Hands a message over; after a close it does nothing. */
  send(message: WireMessage): void;
  /** Closes in good order after what was sent; the reason has at most 123 bytes. */
  close(code: number, reason?: string): void;
  /** Cuts the connection, with whatever is on its way. */
  abort(): void;
}

/** Close codes that this device sends (RFC 6455 §7.4.1). */
export const CLOSE_CODES = {
  /** The service stops. */
  goingAway: 1001,
  /** A protocol failure. */
  policy: 1008,
  /** A message over the limit. */
  tooBig: 1009,
  /** The service failed. */
  internal: 1011,
  /** The client or key opened more connections than it may: the newest stay. */
  replaced: 4000,
} as const;
