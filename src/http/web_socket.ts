// The thin adapter between the platform's WebSocket and a Connection (docs/protocol.md §4). No
// handler here may throw: an exception in a socket's event handler would end the process.

import type { WireMessage } from "../protocol/frame.ts";
import type { Socket } from "../session/socket.ts";
import { httpError } from "./error_response.ts";

/** Seconds without a sign of life after which the platform closes a socket; pings at half of it. */
export const IDLE_TIMEOUT_S = 30;

/** The receiving half: what the platform's events become. */
export interface SocketReceiver {
  /** A message came. */
  receive(message: WireMessage): void;
  /** The socket is gone; may be called twice. */
  ended(): void;
}

/** Options of {@linkcode acceptWebSocket}. */
export interface AcceptOptions {
  /** Builds the receiver once the socket is open. */
  onOpen: (socket: Socket) => SocketReceiver;
  /** Cuts the TCP connection below, where the listener can. */
  abort?: () => void;
}

/** Answers an upgrade request; 426 where it is none. */
export function acceptWebSocket(request: Request, options: AcceptOptions): Response {
  const upgraded = upgrade(request);
  const { socket, response } = upgraded;
  socket.binaryType = "arraybuffer";
  let receiver: SocketReceiver | undefined;
  socket.onopen = () => {
    receiver = options.onOpen(adapt(socket, options.abort));
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    receiver?.receive(typeof data === "string" ? data : new Uint8Array(data));
  };
  // The close event alone is not enough: after an error it may never come.
  socket.onerror = () => receiver?.ended();
  socket.onclose = () => receiver?.ended();
  return response;
}

function upgrade(request: Request): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: IDLE_TIMEOUT_S });
  } catch {
    throw httpError(426, "Expected a WebSocket upgrade");
  }
}

function adapt(socket: WebSocket, abort: (() => void) | undefined): Socket {
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    close: (code) => closeQuietly(socket, code),
    abort: () => {
      closeQuietly(socket, undefined);
      abort?.();
    },
  };
}

function closeQuietly(socket: WebSocket, code: number | undefined): void {
  try {
    socket.close(code);
  } catch {
    // Not open yet or closed already: then there is nothing to close.
  }
}
