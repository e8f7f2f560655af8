// One WebSocket from its first message to its end (docs/protocol.md §4–6): tells frames apart,
// opens the session, and keeps one queue per direction. After a fatal frame nothing more of the
// connection is processed.

import { utf8 } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import {
  type FirstFrame,
  MAX_FIRST_FRAME_BYTES,
  MAX_FRAME_BYTES,
  parseFirstFrame,
  type WireMessage,
} from "../../protocol/v1/frame.ts";
import { PING, PONG } from "../../protocol/ping.ts";
import type { FirstFrameOutcome, HandshakeStep, RefusalReason, Session } from "./opening.ts";
import { MAX_QUEUED_BYTES, MAX_QUEUED_BYTES_UNKNOWN, Outbox } from "./outbox.ts";
import { MAX_WAITING_BYTES, MAX_WAITING_BYTES_UNKNOWN, RequestQueue } from "./request_queue.ts";
import { CLOSE_CODES, type Socket } from "./socket.ts";

/** How long a remote peer has to open a session where it must, in milliseconds. */
export const SESSION_DEADLINE_MS = 10_000;

/**
 * How long a remote peer without a session may say nothing while no request of it runs, in
 * milliseconds. Pings and pongs do not count: the platform answers them by itself and tells nobody.
 */
export const PLAINTEXT_IDLE_MS = 120_000;

/** The most bytes of messages that are not yet dealt with. */
export const MAX_INBOUND_BYTES: number = 16 * 1024 * 1024;

/** The same of a peer without a session: who is unknown must not cost the device so much memory. */
export const MAX_INBOUND_BYTES_UNKNOWN: number = 4 * 1024 * 1024;

/** What keeping a message costs beside its own bytes, so that small ones are bounded too. */
export const MESSAGE_OVERHEAD_BYTES = 256;

// deno-lint-ignore no-control-regex -- the range of ASCII begins with them
const NOT_ASCII = /[^\x00-\x7f]/;

/** How requests are answered. */
export interface RequestHandler {
  /** The answer to a request text, or undefined where there is none; never rejects. */
  handle(text: string): Promise<string | undefined>;
  /** The answer to a request that there is no room for. */
  busy(text: string): string | undefined;
}

/** What happens on a connection, for counters, lists and logs. */
export interface ConnectionEvents {
  /** A session was opened. */
  onSession?: (clientId: string) => void;
  /** A first frame was refused. */
  onRefused?: (refusal: {
    reason: RefusalReason | "unsupported_version" | "encryption_required";
    clientId: string | undefined;
    beganThrottle: boolean;
  }) => void;
  /** An authentic frame of a session came. */
  onFrame?: (clientId: string) => void;
  /** A message was dealt with, so that the peer may send more. */
  onProgress?: () => void;
  /** The connection is over; called once. */
  onEnd?: () => void;
}

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions {
  /** The socket to the peer. */
  socket: Socket;
  /** The peer's address without a port. */
  address: string;
  /** Names the connection in the log. */
  connectionId: string;
  /** Judges first frames. */
  openSession: (frame: FirstFrame, address: string) => Promise<FirstFrameOutcome>;
  /** Whether this client still exists. */
  isPaired: (clientId: string) => boolean;
  /** Answers the requests of this connection; the session's client is told. */
  requests: (clientId: string | undefined) => RequestHandler;
  /** Whether this peer is the device itself. */
  isLocal: boolean;
  /** Whether this peer must open a session; asked per message. */
  mustEncrypt: () => boolean;
  /** The texts of the two plaintext errors. */
  plaintextErrors: { encryptionRequired: string; unsupportedVersion: string };
  clock: Clock;
  log: Logger;
  /** Event listeners. */
  events?: ConnectionEvents;
}

type ConnectionState =
  /** No session; plaintext is handled where it is allowed. */
  | {
    readonly step: "awaiting_session";
    readonly cancelDeadline: () => void;
    /** Whether a plaintext message was taken. */
    readonly hasSpoken: boolean;
  }
  /** A first frame was answered, and the client must prove itself with more messages. */
  | {
    readonly step: "handshaking";
    readonly next: (message: WireMessage) => Promise<HandshakeStep>;
    readonly cancelDeadline: () => void;
  }
  | { readonly step: "encrypted"; readonly session: Session }
  | { readonly step: "closed" };

/** A live connection. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #requests: RequestQueue;
  #state: ConnectionState;
  #inbound: Promise<void> = Promise.resolve();
  #inboundBytes = 0;
  readonly #openedAtMs: number;
  #lastMessageMs: number;
  #isShuttingDown = false;

  /** A connection over an open socket. */
  constructor(options: ConnectionOptions) {
    const { socket, clock } = options;
    this.#options = options;
    this.#outbox = new Outbox({
      socket,
      clock,
      seal: (text) => this.#state.step === "encrypted" ? this.#state.session.seal(text) : text,
      maxBytes: () => this.#hasSession ? MAX_QUEUED_BYTES : MAX_QUEUED_BYTES_UNKNOWN,
      onFailure: (reason) => this.#abort(reason),
    });
    this.#requests = new RequestQueue(
      () => this.#hasSession ? MAX_WAITING_BYTES : MAX_WAITING_BYTES_UNKNOWN,
    );
    const cancelDeadline = clock.after(SESSION_DEADLINE_MS, () => {
      if (this.#state.step === "awaiting_session" && options.mustEncrypt()) {
        return this.#abort("no_session_in_time");
      }
      if (!options.isLocal) this.#watchIdle(PLAINTEXT_IDLE_MS - SESSION_DEADLINE_MS);
    });
    this.#openedAtMs = clock.monotonicMs();
    this.#lastMessageMs = this.#openedAtMs;
    this.#state = { step: "awaiting_session", cancelDeadline, hasSpoken: false };
  }

  /** The client whose session this is. */
  get clientId(): string | undefined {
    return this.#state.step === "encrypted" ? this.#state.session.clientId : undefined;
  }

  get #hasSession(): boolean {
    return this.#state.step === "encrypted";
  }

  /** Takes a message from the peer; messages are dealt with one after the other. */
  receive(message: WireMessage): void {
    if (this.#state.step === "closed" || this.#isShuttingDown) return;
    const bytes = typeof message === "string" ? textBytes(message) : message.length;
    const cost = bytes + MESSAGE_OVERHEAD_BYTES;
    this.#lastMessageMs = this.#options.clock.monotonicMs();
    this.#inboundBytes += cost;
    if (this.#inboundBytes > (this.#hasSession ? MAX_INBOUND_BYTES : MAX_INBOUND_BYTES_UNKNOWN)) {
      this.#abort("flood");
      return;
    }
    this.#inbound = this.#inbound.then(async () => {
      try {
        await this.#process(message, bytes);
      } catch (error) {
        const fields = { ...this.#logFields(), error: asError(error) };
        this.#options.log.error("Cannot process message", fields);
        this.#close(CLOSE_CODES.internal, "internal");
      } finally {
        this.#inboundBytes -= cost;
        this.#options.events?.onProgress?.();
      }
    });
  }

  /**
   * Sends a notification to a peer with a session, or to the device itself once it has said
   * something; a peer that does not read is cut.
   */
  notify(text: string): void {
    const state = this.#state;
    if (state.step === "closed") return;
    const mayHear = state.step === "encrypted" ||
      (state.step === "awaiting_session" && this.#options.isLocal && state.hasSpoken);
    if (!mayHear) return;
    if (!this.#outbox.push(text)) this.#abort("queue_full");
  }

  /** Ends in good order: what runs is answered, what is queued is sent, then the close frame. */
  async shutDown(): Promise<void> {
    this.#isShuttingDown = true;
    await this.#inbound;
    await this.#requests.idle();
    await this.#outbox.flushed();
    this.#close(CLOSE_CODES.goingAway, "shut_down");
  }

  /** Cuts the connection at once. */
  cut(reason: "revoked" | "no_slot"): void {
    this.#abort(reason);
  }

  /** Closes in good order, because its client or key opened newer ones. */
  replace(): void {
    this.#close(CLOSE_CODES.replaced, "replaced", "replaced by a newer connection");
  }

  /** The socket is gone. Safe to call twice. */
  ended(): void {
    this.#end("peer_gone");
  }

  async #process(message: WireMessage, bytes: number): Promise<void> {
    const state = this.#state;
    switch (state.step) {
      case "closed":
        return;
      case "awaiting_session":
        if (bytes > MAX_FIRST_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        return await this.#processFirst(message);
      case "handshaking":
        if (bytes > MAX_FIRST_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        return await this.#advance(await state.next(message));
      case "encrypted": {
        if (bytes > MAX_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        const text = await state.session.open(message);
        if (text === undefined) return this.#close(CLOSE_CODES.policy, "bad_frame");
        this.#options.events?.onFrame?.(state.session.clientId);
        return this.#accept(text);
      }
    }
  }

  async #processFirst(message: WireMessage): Promise<void> {
    const frame = parseFirstFrame(message);
    if (frame !== undefined) {
      return await this.#advance(await this.#options.openSession(frame, this.#options.address));
    }
    if (typeof message !== "string") return this.#close(CLOSE_CODES.policy, "bad_first_frame");
    if (this.#state.step === "awaiting_session" && !this.#options.mustEncrypt()) {
      this.#state = { ...this.#state, hasSpoken: true };
      return this.#accept(message);
    }
    this.#refuse("encryption_required");
    await this.#sendAndClose(this.#options.plaintextErrors.encryptionRequired);
  }

  async #advance(outcome: FirstFrameOutcome): Promise<void> {
    const { isPaired, events, plaintextErrors } = this.#options;
    // The connection may have ended while the message was judged.
    if (this.#state.step === "closed" || this.#state.step === "encrypted") return;
    switch (outcome.kind) {
      case "unsupported_version":
        this.#refuse("unsupported_version");
        return await this.#sendAndClose(plaintextErrors.unsupportedVersion);
      case "refused":
        this.#refuse(outcome.reason, outcome);
        // Its app offers to pair again only where it is told so (docs/protocol.md §4).
        if (outcome.reason === "removed_token") {
          return await this.#sendAndClose(plaintextErrors.encryptionRequired);
        }
        return this.#close(CLOSE_CODES.policy, outcome.reason);
      case "answered":
        this.#awaitNext(outcome.next);
        // Past the queue, which would seal it once the session is there.
        return this.#options.socket.send(outcome.reply);
      case "opened": {
        const { session, text } = outcome;
        this.#state.cancelDeadline();
        this.#state = { step: "encrypted", session };
        // The client may have been removed since its frame was judged: only now is it findable.
        if (!isPaired(session.clientId)) return this.#abort("revoked");
        // What was accepted in plaintext must not run beside the session as though it were part of it.
        this.#requests.dropWaiting();
        events?.onSession?.(session.clientId);
        // There may have been no place for it.
        if (this.#hasEnded()) return;
        events?.onFrame?.(session.clientId);
        return this.#accept(text);
      }
    }
  }

  // However many messages a version needs, they share one deadline.
  #awaitNext(next: (message: WireMessage) => Promise<HandshakeStep>): void {
    const { clock, mustEncrypt } = this.#options;
    if (this.#state.step === "handshaking") {
      this.#state = { ...this.#state, next };
      return;
    }
    if (this.#state.step === "awaiting_session") this.#state.cancelDeadline();
    const leftMs = this.#openedAtMs + SESSION_DEADLINE_MS - clock.monotonicMs();
    const delayMs = mustEncrypt() && leftMs > 0 ? leftMs : SESSION_DEADLINE_MS;
    const cancelDeadline = clock.after(delayMs, () => this.#abort("no_session_in_time"));
    this.#state = { step: "handshaking", next, cancelDeadline };
  }

  #accept(text: string): void {
    if (this.#state.step === "closed") return;
    if (text === PING) return this.#sayAtOnce(PONG);
    // Whose request it is, is settled now and not when its turn comes.
    const handler = this.#options.requests(this.clientId);
    const run = async (): Promise<void> => {
      const answer = await handler.handle(text);
      if (answer !== undefined) await this.#outbox.pushInTurn(answer);
    };
    if (this.#requests.push({ length: text.length, run })) return;
    const busy = handler.busy(text);
    if (busy !== undefined) this.#sayAtOnce(busy);
  }

  // No request holds a place for it, so that it counts like the message until there is room.
  #sayAtOnce(text: string): void {
    const cost = text.length + MESSAGE_OVERHEAD_BYTES;
    this.#inboundBytes += cost;
    void this.#outbox.pushInTurn(text).then(() => {
      this.#inboundBytes -= cost;
    });
  }

  #watchIdle(delayMs: number): void {
    if (this.#state.step !== "awaiting_session") return;
    const cancelDeadline = this.#options.clock.after(delayMs, () => {
      const quietMs = this.#options.clock.monotonicMs() - this.#lastMessageMs;
      const leftMs = PLAINTEXT_IDLE_MS - quietMs;
      if (leftMs <= 0 && this.#requests.isIdle) return this.#close(CLOSE_CODES.policy, "idle");
      this.#watchIdle(leftMs > 0 ? leftMs : PLAINTEXT_IDLE_MS);
    });
    this.#state = { ...this.#state, cancelDeadline };
  }

  #hasEnded(): boolean {
    return this.#state.step === "closed";
  }

  async #sendAndClose(text: string): Promise<void> {
    this.#outbox.push(text);
    await this.#outbox.flushed();
    this.#close(CLOSE_CODES.policy, "refused");
  }

  #refuse(
    reason: RefusalReason | "unsupported_version" | "encryption_required",
    details: { clientId?: string | undefined; beganThrottle?: boolean } = {},
  ): void {
    const { clientId, beganThrottle = false } = details;
    this.#options.events?.onRefused?.({ reason, clientId, beganThrottle });
  }

  #close(code: number, reason: string, told?: string): void {
    if (this.#state.step === "closed") return;
    this.#end(reason);
    this.#options.socket.close(code, told);
  }

  #abort(reason: string): void {
    if (this.#state.step === "closed") return;
    this.#end(reason);
    this.#options.socket.abort();
  }

  #end(reason: string): void {
    if (this.#state.step === "closed") return;
    if (this.#state.step !== "encrypted") this.#state.cancelDeadline();
    this.#options.log.debug("Connection ended", { ...this.#logFields(), reason });
    this.#state = { step: "closed" };
    this.#outbox.close();
    this.#requests.dropWaiting();
    this.#options.events?.onEnd?.();
  }

  #logFields(): Record<string, string | undefined> {
    const { connectionId, address } = this.#options;
    return { connection: connectionId, address, clientId: this.clientId };
  }
}

// Counted without a copy where the text is ASCII, as frames are.
function textBytes(text: string): number {
  return NOT_ASCII.test(text) ? utf8(text).length : text.length;
}
