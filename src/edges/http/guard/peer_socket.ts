// A WebSocket of a guarded connection that the guard serves itself (RFC 6455): the platform's would
// need a connection of its own behind the relay, and every frame would cross the loopback twice. What
// the peer may send and how long it may take is decided by the account, as for every connection.

import { asError } from "../../../base/app_error.ts";
import type { Bytes } from "../../../base/bytes.ts";
import type { Logger } from "../../../base/log.ts";
import type { WireMessage } from "../../../protocol/v1/frame.ts";
import type { Socket } from "../../../features/session/socket.ts";
import type { PeerWriter } from "./peer_writer.ts";
import {
  encodeClose,
  encodeMessage,
  encodePing,
  encodePong,
  type FailureCode,
  FrameReader,
} from "./socket_frames.ts";

/** The receiving half of a WebSocket: what its events become. */
export interface SocketReceiver {
  /** A message came. */
  receive(message: WireMessage): void;
  /** The socket is gone; may be called twice. */
  ended(): void;
}

/** What a peer's socket needs of the connection under it. */
export interface PeerLink {
  /** Takes what is sent. */
  readonly writer: Pick<PeerWriter, "write" | "hasTaken" | "end" | "bufferedBytes">;
  /** Cuts the connection at once. */
  cut(): void;
}

/** Options of {@linkcode PeerSocket}. */
export interface PeerSocketOptions {
  /** Builds the receiver once the socket is open. */
  onOpen: (socket: Socket) => SocketReceiver;
  /** Tells that the device has begun to close. */
  onClosing: () => void;
  /** How long the peer may be silent; it is pinged after half of that. */
  idleMs: number;
  /** Hears of mistakes. */
  log: Logger;
}

type SocketState =
  | { readonly step: "connecting" }
  | { readonly step: "open"; readonly link: PeerLink; readonly receiver: SocketReceiver }
  /** The device has said goodbye and waits for the peer's. */
  | { readonly step: "closing"; readonly link: PeerLink; readonly receiver: SocketReceiver }
  | { readonly step: "ended" };

/** The device's end of one WebSocket. */
export class PeerSocket implements Socket {
  readonly #options: PeerSocketOptions;
  readonly #reader: FrameReader;
  #state: SocketState = { step: "connecting" };
  #heardAtMs = 0;
  #isPinged = false;
  /** Where the last pong ends, and the ping that came before it was taken. */
  #pongPlace = 0;
  #owedPong: Bytes | undefined;

  /** Nothing is said or heard before {@linkcode PeerSocket.opened}. */
  constructor(options: PeerSocketOptions) {
    this.#options = options;
    this.#reader = new FrameReader({
      message: (message) => this.#guard(() => this.#receive(message)),
      ping: (payload) => this.#answerPing(payload),
      close: (code) => this.#finish(code),
      failure: (code: FailureCode) => this.#finish(code),
    });
  }

  /** The peer was told that it has a WebSocket. */
  opened(link: PeerLink, nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#guard(() => {
      // Whoever is built may already send and close.
      this.#state = { step: "open", link, receiver: { receive: () => {}, ended: () => {} } };
      const receiver = this.#options.onOpen(this);
      if (!this.#handTo(receiver)) receiver.ended();
    });
  }

  /** Bytes came from the peer. */
  read(piece: Uint8Array, nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#isPinged = false;
    this.#reader.read(piece);
  }

  /** Whether the peer has been silent for too long; pings one that begins to be. */
  isSilent(nowMs: number): boolean {
    if (this.#state.step !== "open") return false;
    const silentMs = nowMs - this.#heardAtMs;
    if (!this.#isPinged && silentMs >= this.#options.idleMs / 2) {
      this.#isPinged = true;
      this.#state.link.writer.write(encodePing());
    }
    return silentMs >= this.#options.idleMs;
  }

  /** The system has taken something of what was sent. */
  taken(): void {
    if (this.#owedPong !== undefined) this.#answerPing(this.#owedPong);
  }

  /** The connection is gone. Safe to call twice. */
  ended(): void {
    const state = this.#state;
    this.#state = { step: "ended" };
    if (state.step === "open" || state.step === "closing") state.receiver.ended();
  }

  get bufferedBytes(): number {
    return this.#state.step === "open" || this.#state.step === "closing"
      ? this.#state.link.writer.bufferedBytes
      : 0;
  }

  send(message: WireMessage): void {
    if (this.#state.step === "open") this.#state.link.writer.write(encodeMessage(message));
  }

  close(code: number, reason?: string): void {
    if (this.#state.step !== "open") return;
    this.#state.link.writer.write(encodeClose(code, reason));
    this.#state = { ...this.#state, step: "closing" };
    this.#options.onClosing();
  }

  abort(): void {
    if (this.#state.step === "open" || this.#state.step === "closing") this.#state.link.cut();
  }

  #handTo(receiver: SocketReceiver): boolean {
    if (this.#state.step !== "open" && this.#state.step !== "closing") return false;
    this.#state = { ...this.#state, receiver };
    return true;
  }

  #receive(message: WireMessage): void {
    if (this.#state.step === "open") this.#state.receiver.receive(message);
  }

  // One pong waits at a time, and then the newest ping is answered (RFC 6455 §5.5.3): a peer that
  // takes nothing must not fill the memory with its pings.
  #answerPing(payload: Bytes): void {
    if (this.#state.step !== "open") return;
    const { writer } = this.#state.link;
    const isFree = writer.hasTaken(this.#pongPlace);
    this.#owedPong = isFree ? undefined : payload;
    if (isFree) this.#pongPlace = writer.write(encodePong(payload));
  }

  // The peer closes or breaks the rules: it is told so, and has time to read it.
  #finish(code: number | undefined): void {
    const state = this.#state;
    if (state.step !== "open" && state.step !== "closing") return;
    if (state.step === "open") state.link.writer.write(encodeClose(code));
    state.link.writer.end();
    this.#guard(() => this.ended());
  }

  // An exception here would end the reading of the peer, and nobody would hear why.
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.log.error("Cannot handle a socket's event", { error: asError(error) });
      this.abort();
    }
  }
}
