// What a connection is given: its socket, who answers its requests, and who hears of it.

import type { Clock } from "../../base/clock.ts";
import type { Eventual } from "../../base/eventual.ts";
import type { Logger } from "../../base/log.ts";
import type { OpenSession, RefusalReason } from "./opening.ts";
import type { Socket } from "./socket.ts";
import type { StrangerRoom } from "./stranger_room.ts";
import type { TurnBudget } from "./turn_budget.ts";

/** How requests are answered. */
export interface RequestHandler {
  /**
   * The answer to a request text, at once where it is there, or undefined where there is none; never
   * throws or rejects.
   */
  handle(text: string): Eventual<string | undefined>;
  /** The answer to a request that there is no room for. */
  busy(text: string): string | undefined;
}

/** What happens on a connection, for counters, lists and logs. */
export interface ConnectionEvents {
  /** A session was opened. */
  onSession?: (clientId: string) => void;
  /** A first frame was refused. */
  onRefused?: (refusal: {
    reason: RefusalReason | "unsupported_version" | "encryption_required";
    clientId: string | undefined;
    beganThrottle: boolean;
  }) => void;
  /** An authentic frame of a session came. */
  onFrame?: (clientId: string) => void;
  /** A message was dealt with, so that the peer may send more. */
  onProgress?: () => void;
  /** The connection is over; called once. */
  onEnd?: () => void;
}

/** Options of a connection. */
export interface ConnectionOptions {
  /** The socket to the peer. */
  socket: Socket;
  /** The peer's address without a port. */
  address: string;
  /** Names the connection in the log. */
  connectionId: string;
  /** Judges first frames. */
  openSession: OpenSession;
  /** Whether this client still exists. */
  isPaired: (clientId: string) => boolean;
  /** Answers the requests of this connection; the session's client is told. */
  requests: (clientId: string | undefined) => RequestHandler;
  /** Whether this peer is the device itself. */
  isLocal: boolean;
  /** What such peers hold together that are neither local nor have a session. */
  strangers: StrangerRoom;
  /** Whether this peer must open a session; asked per message. */
  mustEncrypt: () => boolean;
  /** The texts of the two plaintext errors. */
  plaintextErrors: { encryptionRequired: string; unsupportedVersion: string };
  /** The time that requests of all connections have in a turn. */
  turn: TurnBudget;
  clock: Clock;
  log: Logger;
  /** Event listeners. */
  events?: ConnectionEvents;
}
