// What a session is to whoever uses it, whichever version has opened it.

import type { WireMessage } from "./v1/frame.ts";

/** Both directions of a session; each has its own order, which the caller keeps. */
export interface SealedChannel {
  /** The next message to the client. */
  seal(text: string): Promise<WireMessage>;
  /** The text in the client's next message; undefined where it is not authentic. */
  open(message: WireMessage): Promise<string | undefined>;
}
