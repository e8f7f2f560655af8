// What a client needs of a WebSocket: the SDK's connections and the checks of `latchkey conform` hear
// and send through this alone.

import type { WireMessage } from "./v1/frame.ts";

/** A WebSocket as clients need it; the platform's own fits. */
export interface WebSocketLike {
  /** How binary messages arrive; set to "arraybuffer". */
  binaryType: string;
  /** Called when the socket is open. */
  onopen: ((event: never) => unknown) | null;
  /** Called with a message: `data` is a text or an ArrayBuffer. */
  onmessage: ((event: never) => unknown) | null;
  /** Called when the socket is closed: `code` tells why. */
  onclose: ((event: never) => unknown) | null;
  /** Called when the socket failed. */
  onerror: ((event: never) => unknown) | null;
  /** Sends a message. */
  send(message: WireMessage): void;
  /** Begins to close. */
  close(): void;
}
