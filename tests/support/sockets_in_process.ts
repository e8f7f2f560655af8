// WebSockets without a network: what stands in for the platform's upgrade, and the peer's end of it.

import type { WireMessage } from "../../src/protocol/v1/frame.ts";
import { settle } from "./fake_socket.ts";

/** The device's end of a socket, as the platform would make it, and what came out of it. */
export class SocketInProcess {
  /** What the device sent. */
  readonly sent: WireMessage[] = [];
  /** Whether the device has closed it. */
  isClosed = false;
  /** The code and the reason that the device closed with, where it gave any. */
  closedWith: { code: number | undefined; reason: string | undefined } | undefined;
  /** As WebSocket has it. */
  binaryType = "arraybuffer";
  /** Nothing waits here. */
  readonly bufferedAmount = 0;
  /** Set by whoever accepts the socket. */
  onopen: (() => void) | null | undefined;
  /** Set by whoever accepts the socket. */
  onmessage: ((event: { data: unknown }) => void) | null | undefined;
  /** Set by whoever accepts the socket. */
  onclose: (() => void) | null | undefined;
  /** Set by whoever accepts the socket. */
  onerror: (() => void) | null | undefined;

  /** As WebSocket has it. */
  get readyState(): number {
    return this.isClosed ? WebSocket.CLOSED : WebSocket.OPEN;
  }

  /** The device sends. */
  send(message: WireMessage): void {
    this.sent.push(message);
  }

  /** The device closes. */
  close(code?: number, reason?: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closedWith = { code, reason };
    this.onclose?.();
  }

  /** The peer says something; resolves with all that the device sent since. */
  async say(message: WireMessage): Promise<WireMessage[]> {
    const before = this.sent.length;
    const data = typeof message === "string" ? message : new Uint8Array(message).buffer;
    this.onmessage?.({ data });
    await settle();
    return this.sent.slice(before);
  }
}

/** Sockets for a service in this process; `sockets` has every one that was upgraded. */
export function socketsInProcess(): {
  sockets: SocketInProcess[];
  upgrade: typeof Deno.upgradeWebSocket;
} {
  const sockets: SocketInProcess[] = [];
  return {
    sockets,
    upgrade: (request) => {
      if (request.headers.get("Upgrade") !== "websocket") throw new TypeError("No upgrade");
      const socket = new SocketInProcess();
      sockets.push(socket);
      queueMicrotask(() => socket.onopen?.());
      return {
        socket: socket as unknown as WebSocket,
        response: new Response(null, { status: 101 }),
      };
    },
  };
}
