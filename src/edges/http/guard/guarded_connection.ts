// A connection that came in through the guard, as the handler sees it.

import type { Promotion } from "./connection_limiter.ts";
import type { PeerSocket } from "./peer_socket.ts";

/** What a handler tells the guard of its connection. */
export interface GuardedConnection {
  /** The peer's address, normalised. */
  readonly address: string;
  /** Resolves when both its sockets are closed and its slot is free. Never rejects. */
  readonly closed: Promise<void>;
  /** A handler began with a request. */
  requestSeen(): void;
  /** A part of a long body was taken. */
  bodyPart(): void;
  /** The request is there whole, or a message was dealt with. */
  progressed(): void;
  /** The answer is out. */
  answered(): void;
  /**
   * Serves a WebSocket itself from the answer to this request on; false where an earlier answer may
   * still be on its way or more than the request has come, so that the platform must.
   */
  serveSocket(socket: PeerSocket): boolean;
  /** The answer makes the connection a WebSocket; where the guard serves it, the guard sends it. */
  upgraded(answer: Response): void;
  /**
   * The peer has a session, or its key was accepted: it may send more and counts among those,
   * under its address unless the caller knows better.
   * False where there is no room among them; then nothing changes.
   */
  promote(promotion?: Partial<Promotion>): boolean;
  /** The same, but waits for room for a while; false where there was none, or too many wait. */
  promoteInTurn(promotion: Promotion): Promise<boolean>;
  /** The request is one of pairing and within its limits: until its answer it has a reserve. */
  pairing(): void;
  /** A client paired or opened a session from this address, for which a share is kept from now on. */
  remember(): void;
  /** The device has begun to close. */
  closing(): void;
  /** Cuts the connection at once. */
  abort(): void;
}
