// The client's end of a WebSocket without a network.

import type { Bytes } from "../../src/base/bytes.ts";
import type { WebSocketLike } from "../../src/protocol/web_socket_like.ts";
import type { WireMessage } from "../../src/protocol/v1/frame.ts";

type Handler = ((event: never) => unknown) | null;

/** A socket whose other end is the test. */
export class FakeWebSocket implements WebSocketLike {
  /** As the client set it. */
  binaryType = "blob";
  /** The client's handler. */
  onopen: Handler = null;
  /** The client's handler. */
  onmessage: Handler = null;
  /** The client's handler. */
  onclose: Handler = null;
  /** The client's handler. */
  onerror: Handler = null;
  /** Everything the client has sent. */
  readonly sent: WireMessage[] = [];
  /** How often the client has closed it. */
  closeCount = 0;
  /** Takes what the client sends. */
  peer: (message: WireMessage) => void = () => {};

  /** Keeps the message and hands it on. */
  send(message: WireMessage): void {
    this.sent.push(message);
    this.peer(message);
  }

  /** Notes the close. */
  close(): void {
    this.closeCount += 1;
  }

  /** The socket is open from now on. */
  open(): void {
    fire(this.onopen, {});
  }

  /** Delivers a message to the client as a browser would. */
  deliver(message: WireMessage): void {
    fire(this.onmessage, { data: typeof message === "string" ? message : this.#wrap(message) });
  }

  /** The other side has closed. */
  drop(code: number): void {
    fire(this.onclose, { code });
  }

  /** The network has failed; not every platform closes after that. */
  fail(): void {
    fire(this.onerror, {});
  }

  #wrap(bytes: Bytes): ArrayBuffer | Blob {
    return this.binaryType === "arraybuffer" ? bytes.slice().buffer : new Blob([bytes]);
  }
}

function fire(handler: Handler, event: unknown): void {
  (handler as ((event: unknown) => unknown) | null)?.(event);
}
