// A socket for tests: keeps what was sent; its peer reads or does not.

import type { WireMessage } from "../../src/protocol/v1/frame.ts";
import type { Socket } from "../../src/features/session/socket.ts";

/** A socket without a network. */
export class FakeSocket implements Socket {
  /** All messages sent so far. */
  readonly sent: WireMessage[] = [];
  /** The code it was closed with. */
  closedWith: number | undefined;
  /** The reason it was closed with. */
  closeReason: string | undefined;
  /** Whether it was cut. */
  isAborted = false;
  /** Bytes the peer has not taken. */
  bufferedBytes = 0;
  /** Whether the peer takes what is sent. */
  isRead = true;

  /** Keeps the message. */
  send(message: WireMessage): void {
    this.sent.push(message);
    if (!this.isRead) this.bufferedBytes += message.length;
  }

  /** Keeps the code and the reason. */
  close(code: number, reason?: string): void {
    this.closeReason ??= reason;
    this.closedWith ??= code;
  }

  /** Notes the cut. */
  abort(): void {
    this.isAborted = true;
  }

  /** The peer takes everything from now on. */
  drain(): void {
    this.isRead = true;
    this.bufferedBytes = 0;
  }
}

/**
 * Lets everything that is ready run. Crypto finishes on other threads, so each round waits for some
 * crypto of its own, and then for the event loop to come round.
 */
export async function settle(rounds = 20): Promise<void> {
  const probe = new Uint8Array(64);
  for (let i = 0; i < rounds; i++) {
    await crypto.subtle.digest("SHA-256", probe);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
