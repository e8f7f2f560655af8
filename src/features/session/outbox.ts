// The one queue of frames to a peer (docs/protocol.md §5): sealing, counting and sending happen in
// this order for every frame, at once where nothing waits before it and the cipher is a synchronous
// one. The queue is bounded in frames and bytes, the socket's own buffer
// included. Answers wait for room, each until its own bytes fit; a notification that finds none means
// a slow reader.

import type { Clock } from "../../base/clock.ts";
import type { Eventual } from "../../base/eventual.ts";
import type { WireMessage } from "../../protocol/v1/frame.ts";
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
  clock: Clock;
  /** Turns a text into the next message: sealed where a session exists. */
  seal: (text: string) => Eventual<WireMessage>;
  /** The most bytes that may wait now. */
  maxBytes: () => number;
  /** Called once where a peer takes nothing for too long or a frame cannot be sent. */
  onFailure: (reason: "stalled" | "send_failed") => void;
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
}

/** Frames on their way to one peer. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Waiting[] = [];
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
    if (this.#isClosed || !this.#fits(text, 1)) return false;
    this.#take(text);
    return true;
  }

  /** Whether {@linkcode Outbox.pushInTurn} would queue a text at once. */
  hasTurn(text: string): boolean {
    return this.#waiting.length === 0 && this.#fits(text, 0.5);
  }

  /**
   * Queues a text as soon as it fits into half of the queue, the other half being for
   * notifications; texts that wait go one by one, in their order. Done when it is queued or the
   * queue is closed, which may be at once.
   */
  pushInTurn(text: string): Eventual<void> {
    if (this.#isClosed) return;
    if (this.hasTurn(text)) return this.#take(text);
    return new Promise((resolve) => {
      this.#waiting.push({ text, resolve });
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
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #take(text: string): void {
    this.#sealingFrames += 1;
    this.#sealingBytes += text.length;
    if (this.#sealingFrames > 1) this.#tail = this.#tail.then(() => this.#sealAndSend(text));
    else {
      const sent = this.#sealAndSend(text);
      if (sent instanceof Promise) this.#tail = sent;
    }
  }

  // Never throws or rejects.
  #sealAndSend(text: string): Eventual<void> {
    try {
      const message = this.#isClosed ? undefined : this.#options.seal(text);
      if (!(message instanceof Promise)) return this.#send(text, message);
      return message.then(
        (sealed) => this.#send(text, sealed),
        () => this.#fail(text),
      );
    } catch {
      this.#fail(text);
    }
  }

  #send(text: string, message: WireMessage | undefined): void {
    // The connection may have ended while the frame was sealed.
    if (message === undefined || this.#isClosed) return this.#leave(text);
    try {
      this.#options.socket.send(message);
    } catch {
      return this.#fail(text);
    }
    this.#handedOver.push(message.length);
    this.#handedOverBytes += message.length;
    this.#leave(text);
  }

  #fail(text: string): void {
    this.#leave(text);
    if (!this.#isClosed) this.#options.onFailure("send_failed");
  }

  #leave(text: string): void {
    this.#sealingFrames -= 1;
    this.#sealingBytes -= text.length;
  }

  #fits(text: string, share: number): boolean {
    // What the socket has sent meanwhile counts too, until it matters: asking it costs.
    if (this.#hasRoom(text, share)) return true;
    this.#forgetTaken();
    return this.#hasRoom(text, share);
  }

  #hasRoom(text: string, share: number): boolean {
    const frames = this.#sealingFrames + this.#handedOver.length;
    const bytes = this.#sealingBytes + this.#handedOverBytes;
    if (frames === 0) return true;
    return frames < MAX_QUEUED_FRAMES * share &&
      bytes + text.length <= this.#options.maxBytes() * share;
  }

  // Each takes its room before the next is asked whether it fits.
  #letWaitingIn(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || !this.#fits(next.text, 0.5)) return;
      this.#waiting.shift();
      this.#take(next.text);
      next.resolve();
    }
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
      const before = this.#waiting.length;
      this.#letWaitingIn();
      const after = this.#waiting.length;
      if (after === 0) return;
      const nowMs = clock.monotonicMs();
      const leftBytes = socket.bufferedBytes;
      const moved = after < before || leftBytes < stall.leftBytes;
      if (!moved && leftBytes > 0 && nowMs - stall.sinceMs >= MAX_STALL_MS) {
        onFailure("stalled");
        return;
      }
      this.#cancelPoll = this.#poll(
        after < before ? POLL_MIN_MS : Math.min(POLL_MAX_MS, delayMs * 2),
        {
          leftBytes,
          sinceMs: moved || leftBytes === 0 ? nowMs : stall.sinceMs,
        },
      );
    });
  }
}
