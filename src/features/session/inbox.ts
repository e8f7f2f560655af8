// What a peer has sent and the device has not yet dealt with: one message after the other, bounded in
// bytes. A small message that nothing waits before may be dealt with at once; everything else waits
// in a chain of promises, so that order is the order of arrival either way.

import { utf8 } from "../../base/bytes.ts";
import type { Eventual } from "../../base/eventual.ts";
import { MAX_SYNC_BYTES } from "../../protocol/v1/aead.ts";
import type { WireMessage } from "../../protocol/v1/frame.ts";
import { OWN_INBOUND_BYTES, type StrangerRoom } from "./stranger_room.ts";

/** The most bytes of messages that are not yet dealt with. */
export const MAX_INBOUND_BYTES: number = 16 * 1024 * 1024;

/**
 * The same of a peer without a session: who is unknown must not cost the device so much memory. All
 * of them together have less, see {@linkcode StrangerRoom}.
 */
export const MAX_INBOUND_BYTES_UNKNOWN: number = 4 * 1024 * 1024;

/** What keeping a message costs beside its own bytes, so that small ones are bounded too. */
export const MESSAGE_OVERHEAD_BYTES = 256;

/** The longest message that is dealt with at once: a frame of the synchronous cipher as base64. */
export const MAX_AT_ONCE_BYTES: number = 2 * MAX_SYNC_BYTES;

// deno-lint-ignore no-control-regex -- the range of ASCII begins with them
const NOT_ASCII = /[^\x00-\x7f]/;

/** Options of {@linkcode Inbox}. */
export interface InboxOptions {
  /** The most bytes that may wait now. */
  maxBytes: () => number;
  /** Where bytes beyond its own count while the peer is a stranger. */
  strangers: StrangerRoom;
  /** Whether it is one now: of another host, and without a session. */
  isStranger: () => boolean;
  /** Whether the next message may be dealt with at once where nothing waits before it. */
  mayGoAtOnce: () => boolean;
  /** Deals with a message of so many bytes. */
  process: (message: WireMessage, bytes: number) => Eventual<void>;
  /** A message could not be dealt with. */
  onError: (thrown: unknown) => void;
  /** A message was dealt with, one way or the other. */
  onDone: () => void;
}

/** Messages of one peer on their way in. */
export class Inbox {
  readonly #options: InboxOptions;
  #tail: Promise<void> = Promise.resolve();
  /** Messages that were taken and are not dealt with. */
  #messages = 0;
  #bytes = 0;
  /** What of them counts in the room of strangers. */
  #sharedBytes = 0;

  /** An empty inbox. */
  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Takes a message; false where too much waits. */
  take(message: WireMessage): boolean {
    const { maxBytes, mayGoAtOnce, strangers } = this.#options;
    const bytes = typeof message === "string" ? textBytes(message) : message.length;
    const cost = bytes + MESSAGE_OVERHEAD_BYTES;
    this.#count(cost);
    if (this.#bytes > maxBytes() || (this.#sharedBytes > 0 && strangers.isOver)) {
      this.#count(-cost);
      return false;
    }
    this.#messages += 1;
    if (this.#messages === 1 && bytes <= MAX_AT_ONCE_BYTES && mayGoAtOnce()) {
      const done = this.#process(message, bytes);
      if (!(done instanceof Promise)) this.#leave(cost);
      else this.#tail = done.then(() => this.#leave(cost));
      return true;
    }
    this.#tail = this.#tail.then(async () => {
      await this.#process(message, bytes);
      this.#leave(cost);
    });
    return true;
  }

  /** Counts a text that has yet to find room elsewhere as though it waited here; the result ends that. */
  hold(text: string): () => void {
    const cost = text.length + MESSAGE_OVERHEAD_BYTES;
    this.#count(cost);
    return () => this.#count(-cost);
  }

  /** Resolves when everything taken so far is dealt with. */
  idle(): Promise<void> {
    return this.#tail;
  }

  // Never throws or rejects.
  #process(message: WireMessage, bytes: number): Eventual<void> {
    const { process, onError } = this.#options;
    try {
      const done = process(message, bytes);
      return done instanceof Promise ? done.catch(onError) : done;
    } catch (thrown) {
      onError(thrown);
    }
  }

  #leave(cost: number): void {
    this.#messages -= 1;
    this.#count(-cost);
    this.#options.onDone();
  }

  #count(bytes: number): void {
    const { strangers, isStranger } = this.#options;
    this.#bytes += bytes;
    const sharedBytes = isStranger() ? Math.max(0, this.#bytes - OWN_INBOUND_BYTES) : 0;
    strangers.change(sharedBytes - this.#sharedBytes);
    this.#sharedBytes = sharedBytes;
  }
}

// Counted without a copy where the text is ASCII, as frames are.
function textBytes(text: string): number {
  return NOT_ASCII.test(text) ? utf8(text).length : text.length;
}
