// The thin adapter between a WebSocket, the platform's or the guard's, and a Connection
// (docs/protocol.md §4). No
// handler here may throw: an exception in a socket's event handler would end the process.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { Socket } from "../../features/session/socket.ts";
import { httpError } from "./error_response.ts";
import { PeerSocket, type SocketReceiver } from "./guard/peer_socket.ts";
import { answerUpgrade } from "./guard/socket_upgrade.ts";

/** Seconds without a sign of life after which the platform closes a socket; pings at half of it. */
export const IDLE_TIMEOUT_S = 30;

/** Options of {@linkcode acceptWebSocket}. */
export interface AcceptOptions {
  /** Builds the receiver once the socket is open. */
  onOpen: (socket: Socket) => SocketReceiver;
  /** Cuts the TCP connection below, where the listener can. */
  abort?: () => void;
  /** Tells the listener that a close has begun, so that the peer cannot put it off for ever. */
  closing?: () => void;
  /** Serves the socket in the place of the platform; false where it cannot. */
  serveSocket?: (socket: PeerSocket) => boolean;
  /** Takes a connection over, as Deno.upgradeWebSocket does. */
  upgradeWebSocket: UpgradeWebSocket;
  /** Hears of mistakes. */
  log: Logger;
}

/** Takes the connection of a request over; throws where it asks for no WebSocket. */
export type UpgradeWebSocket = (
  request: Request,
  options: Deno.UpgradeWebSocketOptions,
) => Deno.WebSocketUpgrade;

/** Answers an upgrade request; 426 where it is none. */
export function acceptWebSocket(request: Request, options: AcceptOptions): Response {
  return acceptFromGuard(request, options) ?? acceptFromPlatform(request, options);
}

function acceptFromGuard(request: Request, options: AcceptOptions): Response | undefined {
  const { onOpen, closing = () => {}, serveSocket, log } = options;
  if (serveSocket === undefined) return undefined;
  const answer = answerUpgrade(request);
  if (answer === undefined) return undefined;
  const idleMs = IDLE_TIMEOUT_S * 1000;
  const socket = new PeerSocket({ onOpen, onClosing: closing, idleMs, log });
  return serveSocket(socket) ? answer : undefined;
}

function acceptFromPlatform(request: Request, options: AcceptOptions): Response {
  const { socket, response } = upgrade(request, options.upgradeWebSocket);
  const { log, abort } = options;
  socket.binaryType = "arraybuffer";
  let receiver: SocketReceiver | undefined;
  socket.onopen = () =>
    guardHandler(() => {
      receiver = options.onOpen(adapt(socket, options));
    });
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
    guardHandler(() => receiver?.receive(typeof data === "string" ? data : new Uint8Array(data)));
  // The close event alone is not enough: after an error it may never come.
  socket.onerror = () => guardHandler(end);
  socket.onclose = () => guardHandler(end);
  return response;

  // The platform holds a closed socket until its next ping would be due, and with it whatever its
  // handlers hold: half of the idle time's sessions, several kilobytes each.
  function end(): void {
    receiver?.ended();
    receiver = undefined;
    socket.onopen =
      socket.onmessage =
      socket.onerror =
      socket.onclose =
        null;
  }

  function guardHandler(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      log.error("Cannot handle a socket's event", { error: asError(error) });
      closeQuietly(socket, undefined);
      abort?.();
    }
  }
}

function upgrade(request: Request, take: UpgradeWebSocket): Deno.WebSocketUpgrade {
  try {
    return take(request, { idleTimeout: IDLE_TIMEOUT_S });
  } catch {
    throw httpError(426, "Expected a WebSocket upgrade", { Upgrade: "websocket" });
  }
}

function adapt(socket: WebSocket, options: AcceptOptions): Socket {
  const { abort, closing } = options;
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    close: (code, reason) => {
      closeQuietly(socket, code, reason);
      closing?.();
    },
    abort: () => {
      closeQuietly(socket, undefined);
      abort?.();
    },
  };
}

function closeQuietly(socket: WebSocket, code: number | undefined, reason?: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // Not open yet or closed already: then there is nothing to close.
  }
}
