// What the checks need of the outside: requests and sockets to one device. Whoever runs them hands it
// in, so that the same checks judge a device of the network and one in this process.

import type { WebSocketLike } from "../../protocol/web_socket_like.ts";

/** A request to the device. */
export interface WireRequest {
  /** @default {"GET"} */
  readonly method?: "GET" | "POST" | "OPTIONS";
  /** Headers; Host and Origin among them where a check is about those. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, sent as it is. */
  readonly body?: string;
  /** Whether the answer's body is left alone, because it may have no end. */
  readonly isHeadOnly?: boolean;
}

/** The device's answer. */
export interface WireAnswer {
  /** The status. */
  readonly status: number;
  /** A header of that name. */
  header(name: string): string | null;
  /** The body; empty where it was left alone. */
  readonly text: string;
}

/** The way to a device. */
export interface DeviceWire {
  /** Sends a request and does not follow where it leads. Rejects where nobody answers. */
  request(path: string, request?: WireRequest): Promise<WireAnswer>;
  /** A socket that is not yet open. */
  openSocket(path: string, options: { origin: string | undefined }): WebSocketLike;
}
