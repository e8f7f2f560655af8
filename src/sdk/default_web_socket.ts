// Which WebSocket a connection has where the app names none: the platform's, or for Node 20, which
// has none, that of a package.

import type { WebSocketLike } from "../protocol/web_socket_like.ts";
import { ClientError } from "./client_error.ts";

/** Makes a socket that is not yet open. */
export type MakeWebSocket = (url: string) => WebSocketLike;

let provided: MakeWebSocket | undefined;

/** Says what makes sockets where the platform has no WebSocket, as in Node 20. */
export function provideWebSocket(make: MakeWebSocket): void {
  provided = make;
}

/** A socket to an address; ClientError `no_web_socket` where nobody makes one. */
export function makeDefaultWebSocket(url: string): WebSocketLike {
  if (globalThis.WebSocket !== undefined) return new WebSocket(url);
  if (provided !== undefined) return provided(url);
  throw new ClientError("no_web_socket", "This platform has no WebSocket: npm install ws");
}
