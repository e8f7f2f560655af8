// The one queue of frames to a peer (docs/protocol.md §5): sealing, counting and sending happen in
// this order for every frame. The queue is bounded in frames and bytes, the socket's own buffer
// included. Answers wait for room; a notification that finds none means a slow reader.

import type { Clock } from "../base/clock.ts";
import type { WireMessage } from "../protocol/frame.ts";
import type { Socket } from "./socket.ts";

/** The most frames that wait for a peer. */
export const MAX_QUEUED_FRAMES = 256;

/** The most bytes that wait for a peer with a session. */
export const MAX_QUEUED_BYTES: number = 8 * 1024 * 1024;

/** The most bytes that wait for a peer without one. */
export const MAX_QUEUED_BYTES_UNKNOWN: number = 1024 * 1024;

/** How long a peer may take nothing of what waits for it, in milliseconds. */
export const MAX_STALL_MS = 20_000;

const POLL_MIN_MS = 1;
const POLL_MAX_MS = 16;

/** Options of {@linkcode Outbox}. */
export interface OutboxOptions {
  /** Takes the finished messages. */
  socket: Socket;
  /** Time. */
  clock: Clock;
  /** Turns a text into the next message: sealed where a session exists. */
  seal: (text: string) => WireMessage | Promise<WireMessage>;
  /** The most bytes that may wait now. */
  maxBytes: () => number;
  /** Called once where a peer takes nothing for too long or a frame cannot be sent. */
  onFailure: (reason: "stalled" | "send_failed") => void;
}

/** Frames on their way to one peer. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiters: (() => void)[] = [];
  /** Sizes of the messages that the socket may still hold, oldest first. */
  readonly #handedOver: number[] = [];
  #handedOverBytes = 0;
  #sealingFrames = 0;
  #sealingBytes = 0;
  #tail: Promise<void> = Promise.resolve();
  #cancelPoll: (() => void) | undefined;
  #isClosed = false;

  /** An empty queue. */
  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues a text; false where the queue is full. A text alone in the queue always fits. */
  push(text: string): boolean {
    if (this.#isClosed) return false;
    this.#forgetTaken();
    const frames = this.#sealingFrames + this.#handedOver.length;
    const bytes = this.#sealingBytes + this.#handedOverBytes;
    if (frames >= MAX_QUEUED_FRAMES) return false;
    if (frames > 0 && bytes + text.length > this.#options.maxBytes()) return false;
    this.#sealingFrames += 1;
    this.#sealingBytes += text.length;
    this.#tail = this.#tail.then(() => this.#sealAndSend(text));
    return true;
  }

  /** Resolves when the queue is at most half full, or closed. */
  whenRoom(): Promise<void> {
    if (this.#isClosed || this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#cancelPoll ??= this.#poll(POLL_MIN_MS, {
        leftBytes: this.#options.socket.bufferedBytes,
        sinceMs: this.#options.clock.monotonicMs(),
      });
    });
  }

  /** Resolves when everything queued so far was handed to the socket. */
  flushed(): Promise<void> {
    return this.#tail;
  }

  /** Drops what is not yet sent and lets go of everyone who waits. */
  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #sealAndSend(text: string): Promise<void> {
    try {
      if (this.#isClosed) return;
      const message = await this.#options.seal(text);
      // The connection may have ended while the frame was sealed.
      if (this.#isClosed) return;
      this.#options.socket.send(message);
      this.#handedOver.push(message.length);
      this.#handedOverBytes += message.length;
    } catch {
      if (!this.#isClosed) this.#options.onFailure("send_failed");
    } finally {
      this.#sealingFrames -= 1;
      this.#sealingBytes -= text.length;
    }
  }

  #hasRoom(): boolean {
    this.#forgetTaken();
    const frames = this.#sealingFrames + this.#handedOver.length;
    const bytes = this.#sealingBytes + this.#handedOverBytes;
    return frames <= MAX_QUEUED_FRAMES / 2 && bytes <= this.#options.maxBytes() / 2;
  }

  // The socket tells bytes, not frames: what it has sent are the oldest of what it was given.
  #forgetTaken(): void {
    const buffered = this.#options.socket.bufferedBytes;
    let taken = 0;
    for (const size of this.#handedOver) {
      if (this.#handedOverBytes - size < buffered) break;
      this.#handedOverBytes -= size;
      taken += 1;
    }
    this.#handedOver.splice(0, taken);
  }

  // Sockets do not say when they drain, so while someone waits they are asked.
  #poll(delayMs: number, stall: { leftBytes: number; sinceMs: number }): () => void {
    const { clock, socket, onFailure } = this.#options;
    return clock.after(delayMs, () => {
      this.#cancelPoll = undefined;
      if (this.#hasRoom()) {
        for (const resolve of this.#waiters.splice(0)) resolve();
        return;
      }
      const nowMs = clock.monotonicMs();
      const leftBytes = socket.bufferedBytes;
      const moved = leftBytes < stall.leftBytes;
      if (!moved && leftBytes > 0 && nowMs - stall.sinceMs >= MAX_STALL_MS) {
        onFailure("stalled");
        return;
      }
      this.#cancelPoll = this.#poll(Math.min(POLL_MAX_MS, delayMs * 2), {
        leftBytes,
        sinceMs: moved || leftBytes === 0 ? nowMs : stall.sinceMs,
      });
    });
  }
}
