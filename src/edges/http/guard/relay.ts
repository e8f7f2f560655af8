// Bytes between a peer and the inner server, no faster than the account allows and no faster than
// the other side takes them. Thin on purpose: what a peer may do is decided in account.ts.

import type { ConnectionAccount } from "./account.ts";
import type { GuardLimits } from "./guard_limits.ts";
import { Http2Preface } from "./http2_preface.ts";
import { closeQuietly, type TcpStream, writeAll } from "./tcp_stream.ts";

/** How many bytes are moved at once in each direction. */
export const RELAY_BUFFER_BYTES: number = 16 * 1024;

/** How much a peer may say into an ended conversation before it is no longer listened to. */
export const LINGER_BYTES: number = 256 * 1024;

/** Options of {@linkcode Relay}. */
export interface RelayOptions {
  /** The connection from outside. */
  peer: TcpStream;
  /** The connection to the inner server. */
  inner: TcpStream;
  /** What the peer may send. */
  account: ConnectionAccount;
  limits: GuardLimits;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
  /** The peer speaks HTTP/2; nothing of it was handed on. */
  onHttp2: () => void;
}

type RelayState =
  /** Both sides may speak. */
  | { readonly step: "relaying" }
  /** The inner server takes no more; what it has said is still moved. */
  | { readonly step: "inner_ended" }
  /** The peer has all that the inner server said, and some time to read it. */
  | { readonly step: "all_sent"; readonly atMs: number }
  | { readonly step: "cut" };

/** A relay over two connections until one of them ends. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #preface = new Http2Preface();
  #wake: (() => void) | undefined;
  #writeSinceMs: number | undefined;
  #state: RelayState = { step: "relaying" };

  /** Moves nothing until {@linkcode Relay.run} is called. */
  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Moves bytes until both connections are closed. Never rejects; to be called once. */
  async run(): Promise<void> {
    await Promise.all([this.#fromPeer(), this.#toPeer()]);
    this.cut();
  }

  /** Whether the peer has for too long taken nothing of what the device sends. */
  isUnread(nowMs: number): boolean {
    return this.#writeSinceMs !== undefined &&
      nowMs >= this.#writeSinceMs + this.#options.limits.writeMs;
  }

  /** Whether the inner server has ended and the peer has had its time to read the last answer. */
  isOver(nowMs: number): boolean {
    return this.#state.step === "all_sent" &&
      nowMs >= this.#state.atMs + this.#options.limits.lingerMs;
  }

  /** The account may allow reading again. */
  resume(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Closes both connections at once, with whatever is on its way. */
  cut(): void {
    this.#state = { step: "cut" };
    this.resume();
    closeQuietly(this.#options.peer);
    closeQuietly(this.#options.inner);
  }

  // Ends with the peer's half of the conversation; the device may still be answering then.
  async #fromPeer(): Promise<void> {
    const { peer, account, nowMs, onHttp2 } = this.#options;
    const buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      while (await this.#mayForward()) {
        const room = Math.min(buffer.length, account.leftBytes);
        const length = await peer.read(buffer.subarray(0, room));
        if (length === null) break;
        const piece = buffer.subarray(0, length);
        if (this.#preface.completedBy(piece)) return onHttp2();
        account.received(length, nowMs());
        await this.#handIn(piece);
      }
      await (this.#state.step === "relaying" ? this.#endInput() : this.#discardRest(buffer));
    } catch {
      this.cut();
    }
  }

  // Waits while the account is used up; false at the end of the conversation.
  async #mayForward(): Promise<boolean> {
    while (this.#state.step === "relaying" && this.#options.account.leftBytes === 0) {
      await this.#untilWoken();
    }
    return this.#state.step === "relaying";
  }

  async #toPeer(): Promise<void> {
    const { peer, inner, nowMs } = this.#options;
    const buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      for (;;) {
        const length = await readUntilEnd(inner, buffer);
        if (length === null) break;
        this.#writeSinceMs = nowMs();
        await writeAll(peer, buffer.subarray(0, length), () => {
          this.#writeSinceMs = nowMs();
        });
        this.#writeSinceMs = undefined;
      }
      this.#endInner({ step: "all_sent", atMs: nowMs() });
      await peer.closeWrite();
    } catch {
      this.cut();
    }
  }

  // An inner server that takes no more has ended; what it still says is moved by #toPeer.
  async #handIn(piece: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#options.inner, piece);
    } catch {
      this.#endInner({ step: "inner_ended" });
    }
  }

  async #endInput(): Promise<void> {
    try {
      await this.#options.inner.closeWrite();
    } catch {
      // The inner server has ended already; what it said is still being moved.
    }
  }

  // Closing over unread bytes would reset the connection and take the last answer with it.
  async #discardRest(buffer: Uint8Array): Promise<void> {
    for (let discarded = 0; discarded < LINGER_BYTES;) {
      const length = await this.#options.peer.read(buffer);
      if (length === null) return;
      discarded += length;
    }
    while (this.#state.step !== "cut") {
      await this.#untilWoken();
    }
  }

  #endInner(state: RelayState): void {
    // What was cut stays cut, and what was sent whole stays so.
    if (this.#state.step === "relaying" || this.#state.step === "inner_ended") this.#state = state;
    this.resume();
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

// A reset by the inner server is its end like any other: what it said before has been read.
async function readUntilEnd(inner: TcpStream, buffer: Uint8Array): Promise<number | null> {
  try {
    return await inner.read(buffer);
  } catch {
    return null;
  }
}
