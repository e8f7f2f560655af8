// Bytes between a peer and the inner server, no faster than the account allows and no faster than
// the other side takes them. A connection that becomes a WebSocket leaves the inner server behind.
// Thin on purpose: what a peer may do is decided in account.ts.

import { utf8 } from "../../../base/bytes.ts";
import type { ConnectionAccount } from "./account.ts";
import type { GuardLimits } from "./guard_limits.ts";
import { Http2Preface } from "./http2_preface.ts";
import type { PeerSocket } from "./peer_socket.ts";
import { PeerWriter } from "./peer_writer.ts";
import { closeQuietly, type TcpStream, writeAll } from "./tcp_stream.ts";

/** How many bytes are moved at once in each direction. */
export const RELAY_BUFFER_BYTES: number = 16 * 1024;

/** How many bytes are read at once from a WebSocket that says little, which keeps that buffer. */
export const SOCKET_BUFFER_BYTES: number = 4 * 1024;

/** How much a peer may say into an ended conversation before it is no longer listened to. */
export const LINGER_BYTES: number = 256 * 1024;

const HEAD_END = utf8("\r\n\r\n");

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
  /** The peer's bytes go to a socket, and the inner server is gone. */
  | { readonly step: "diverted" }
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
  /** The end of what was last handed to the inner server. */
  #lastBytes: Uint8Array = new Uint8Array(0);
  /** Set while it is open where the peer's next bytes go. */
  #undecided: PromiseWithResolvers<void> | undefined;
  #diverted: { readonly socket: PeerSocket; readonly writer: PeerWriter } | undefined;

  /** Moves nothing until {@linkcode Relay.run} is called. */
  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Moves bytes until both connections are closed. Never rejects; to be called once. */
  async run(): Promise<void> {
    await Promise.all([this.#fromPeer(), this.#toPeer()]);
    this.cut();
  }

  /**
   * Holds back what the peer says next, until {@linkcode Relay.divert} or {@linkcode Relay.hand}
   * decides; false where the inner server has more than a request's head, or the conversation is over.
   */
  holdBack(): boolean {
    const isWhole = HEAD_END.every((byte, at) => byte === this.#lastBytes[at]);
    if (this.#state.step !== "relaying" || !isWhole) return false;
    this.#undecided ??= Promise.withResolvers();
    return true;
  }

  /** What was held back goes to the inner server. */
  hand(): void {
    this.#undecided?.resolve();
    this.#undecided = undefined;
  }

  /**
   * Gives the connection to a socket after the answer `head`, and lets the inner server go; false
   * where the conversation has ended. Nothing of an earlier answer may be on its way.
   */
  divert(socket: PeerSocket, head: Uint8Array): boolean {
    this.hand();
    if (this.#state.step !== "relaying") return false;
    const { peer, inner, nowMs } = this.#options;
    const writer = new PeerWriter({
      peer,
      nowMs,
      onTaken: () => socket.taken(),
      onEnd: () => void this.#endPeer(),
      onFailure: () => this.cut(),
    });
    this.#diverted = { socket, writer };
    this.#state = { step: "diverted" };
    closeQuietly(inner);
    writer.write(head);
    socket.opened({ writer, cut: () => this.cut() }, nowMs());
    return true;
  }

  /** Takes nothing more from the peer; what the inner server has said still goes there. */
  finish(): void {
    if (this.#state.step === "relaying") void this.#endInput();
    else this.cut();
  }

  /** Whether the peer of a WebSocket says nothing, not even to a ping. */
  isSilent(nowMs: number): boolean {
    return this.#diverted?.socket.isSilent(nowMs) ?? false;
  }

  /** Whether the peer has for too long taken nothing of what the device sends. */
  isUnread(nowMs: number): boolean {
    const sinceMs = this.#diverted === undefined
      ? this.#writeSinceMs
      : this.#diverted.writer.sinceMs;
    return sinceMs !== undefined && nowMs >= sinceMs + this.#options.limits.writeMs;
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
    this.hand();
    closeQuietly(this.#options.peer);
    closeQuietly(this.#options.inner);
    this.#diverted?.socket.ended();
  }

  // Ends with the peer's half of the conversation; the device may still be answering then.
  async #fromPeer(): Promise<void> {
    const { peer, account, nowMs, onHttp2 } = this.#options;
    let buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      while (this.#mayForward() || await this.#untilItMay()) {
        const room = Math.min(buffer.length, account.leftBytes);
        const length = await peer.read(buffer.subarray(0, room));
        if (this.#undecided !== undefined) await this.#undecided.promise;
        if (length === null) break;
        const piece = buffer.subarray(0, length);
        const now = nowMs();
        if (this.#diverted !== undefined) {
          account.received(length, now);
          this.#diverted.socket.read(piece, now);
          buffer = bufferAfter(buffer, length);
          continue;
        }
        if (this.#preface.completedBy(piece)) return onHttp2();
        account.received(length, now);
        await this.#handIn(piece);
      }
      await this.#endFromPeer(buffer);
    } catch {
      this.cut();
    }
  }

  async #endFromPeer(buffer: Uint8Array): Promise<void> {
    if (this.#state.step === "diverted") this.cut();
    else if (this.#state.step === "relaying") await this.#endInput();
    else await this.#discardRest(buffer);
  }

  get #isTalking(): boolean {
    return this.#state.step === "relaying" || this.#state.step === "diverted";
  }

  #mayForward(): boolean {
    return this.#isTalking && this.#options.account.leftBytes > 0;
  }

  // Waits while the account is used up; false at the end of the conversation.
  async #untilItMay(): Promise<boolean> {
    while (this.#isTalking && this.#options.account.leftBytes === 0) {
      await this.#untilWoken();
    }
    return this.#isTalking;
  }

  async #toPeer(): Promise<void> {
    const { peer, inner, nowMs } = this.#options;
    const buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      for (;;) {
        const length = await readUntilEnd(inner, buffer);
        if (this.#diverted !== undefined) return;
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

  // The socket has said all: the peer has some time to read it.
  async #endPeer(): Promise<void> {
    if (this.#state.step !== "diverted") return;
    this.#state = { step: "all_sent", atMs: this.#options.nowMs() };
    this.resume();
    try {
      await this.#options.peer.closeWrite();
    } catch {
      this.cut();
    }
  }

  // An inner server that takes no more has ended; what it still says is moved by #toPeer.
  async #handIn(piece: Uint8Array): Promise<void> {
    this.#lastBytes = piece.slice(-HEAD_END.length);
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

// Many connections rest most of the time: a large buffer is for those that fill it.
function bufferAfter(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const wanted = length < SOCKET_BUFFER_BYTES ? SOCKET_BUFFER_BYTES : RELAY_BUFFER_BYTES;
  return buffer.length === wanted ? buffer : new Uint8Array(wanted);
}

// A reset by the inner server is its end like any other: what it said before has been read.
async function readUntilEnd(inner: TcpStream, buffer: Uint8Array): Promise<number | null> {
  try {
    return await inner.read(buffer);
  } catch {
    return null;
  }
}
