// What a session is to whoever uses it, whichever version has opened it.

import type { Eventual } from "../base/eventual.ts";
import type { WireMessage } from "./v1/frame.ts";

/**
 * Both directions of a session; each has its own order, which the caller keeps: what is there at once
 * may be used before what was asked for earlier has come.
 */
export interface SealedChannel {
  /** The next message to the client. */
  seal(text: string): Eventual<WireMessage>;
  /** The text in the client's next message; undefined where it is not authentic. */
  open(message: WireMessage): Eventual<string | undefined>;
}
