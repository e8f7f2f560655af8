// How long a peer may take to open a session, and how long one without a session may say nothing
// (docs/protocol.md §4). Pings and pongs do not count: the platform answers them by itself and tells
// nobody.

import type { Clock } from "../../base/clock.ts";

/** How long a remote peer has to open a session where it must, in milliseconds. */
export const SESSION_DEADLINE_MS = 10_000;

/** How long a remote peer without a session may say nothing while no request of it runs, in milliseconds. */
export const PLAINTEXT_IDLE_MS = 120_000;

/** Options of {@linkcode SessionDeadline}. */
export interface SessionDeadlineOptions {
  /** Whether this peer is the device itself, which may be silent for ever. */
  isLocal: boolean;
  /** Whether this peer must open a session; asked when the time is over. */
  mustEncrypt: () => boolean;
  /** Whether nothing of the peer runs. */
  isIdle: () => boolean;
  /** There is no session in time. */
  onOverdue: () => void;
  /** The peer has said nothing for too long. */
  onSilence: () => void;
  clock: Clock;
}

/** The deadline of a connection that has no session yet. */
export class SessionDeadline {
  readonly #options: SessionDeadlineOptions;
  readonly #openedAtMs: number;
  #heardAtMs: number;
  #isHandshake = false;
  #cancel: () => void;

  /** Begins with the connection. */
  constructor(options: SessionDeadlineOptions) {
    const { isLocal, mustEncrypt, onOverdue, clock } = options;
    this.#options = options;
    this.#openedAtMs = clock.monotonicMs();
    this.#heardAtMs = this.#openedAtMs;
    this.#cancel = clock.after(SESSION_DEADLINE_MS, () => {
      if (mustEncrypt()) return onOverdue();
      if (!isLocal) this.#watchSilence(PLAINTEXT_IDLE_MS - SESSION_DEADLINE_MS);
    });
  }

  /** The peer has said something. */
  heard(): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
  }

  /** A handshake goes on: however many messages a version needs, they share one deadline. */
  handshake(): void {
    if (this.#isHandshake) return;
    this.#isHandshake = true;
    this.#cancel();
    const { clock, mustEncrypt, onOverdue } = this.#options;
    const leftMs = this.#openedAtMs + SESSION_DEADLINE_MS - clock.monotonicMs();
    const delayMs = mustEncrypt() && leftMs > 0 ? leftMs : SESSION_DEADLINE_MS;
    this.#cancel = clock.after(delayMs, onOverdue);
  }

  /** There is a session, or no connection any more. */
  cancel(): void {
    this.#cancel();
  }

  #watchSilence(delayMs: number): void {
    const { clock, isIdle, onSilence } = this.#options;
    this.#cancel = clock.after(delayMs, () => {
      const leftMs = this.#heardAtMs + PLAINTEXT_IDLE_MS - clock.monotonicMs();
      if (leftMs <= 0 && isIdle()) return onSilence();
      this.#watchSilence(leftMs > 0 ? leftMs : PLAINTEXT_IDLE_MS);
    });
  }
}
