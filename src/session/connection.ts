// One WebSocket from its first message to its end (docs/protocol.md §4–6): tells frames apart,
// opens the session, and keeps one queue per direction. After a fatal frame nothing more of the
// connection is processed.

import { utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import {
  type FirstFrame,
  MAX_FIRST_FRAME_BYTES,
  MAX_FRAME_BYTES,
  parseBinaryFirstFrame,
  parseJsonFirstFrame,
  type WireMessage,
} from "../protocol/frame.ts";
import { PING, PONG } from "../protocol/ping.ts";
import type { FirstFrameOutcome, RefusalReason } from "./gateway.ts";
import { MAX_QUEUED_BYTES, MAX_QUEUED_BYTES_UNKNOWN, Outbox } from "./outbox.ts";
import { MAX_WAITING_BYTES, MAX_WAITING_BYTES_UNKNOWN, RequestQueue } from "./request_queue.ts";
import type { Session } from "./session.ts";
import { CLOSE_CODES, type Socket } from "./socket.ts";

/** How long a remote peer has to open a session where it must, in milliseconds. */
export const SESSION_DEADLINE_MS = 10_000;

/** The most messages of a connection that wait to be decrypted. */
export const MAX_INBOUND_MESSAGES = 4096;

/** The most bytes of messages that wait to be decrypted. */
export const MAX_INBOUND_BYTES: number = 16 * 1024 * 1024;

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
  /** Whether this peer must open a session; asked per message. */
  mustEncrypt: () => boolean;
  /** The texts of the two plaintext errors. */
  plaintextErrors: { encryptionRequired: string; unsupportedVersion: string };
  /** Time. */
  clock: Clock;
  /** The log. */
  log: Logger;
  /** Who hears of it. */
  events?: ConnectionEvents;
}

type ConnectionState =
  /** No session; plaintext is handled where it is allowed. */
  | { readonly step: "awaiting_session"; readonly cancelDeadline: () => void }
  | { readonly step: "encrypted"; readonly session: Session }
  | { readonly step: "closed" };

/** A live connection. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #requests: RequestQueue;
  #state: ConnectionState;
  #inbound: Promise<void> = Promise.resolve();
  #inboundMessages = 0;
  #inboundBytes = 0;
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
      (text) => this.#answer(text),
      () => this.#hasSession ? MAX_WAITING_BYTES : MAX_WAITING_BYTES_UNKNOWN,
    );
    const cancelDeadline = clock.after(SESSION_DEADLINE_MS, () => {
      if (this.#state.step === "awaiting_session" && options.mustEncrypt()) {
        this.#abort("no_session_in_time");
      }
    });
    this.#state = { step: "awaiting_session", cancelDeadline };
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
    this.#inboundMessages += 1;
    this.#inboundBytes += bytes;
    if (this.#inboundMessages > MAX_INBOUND_MESSAGES || this.#inboundBytes > MAX_INBOUND_BYTES) {
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
        this.#inboundMessages -= 1;
        this.#inboundBytes -= bytes;
        this.#options.events?.onProgress?.();
      }
    });
  }

  /** Sends a notification where this peer may see it; a peer that does not read is cut. */
  notify(text: string): void {
    if (this.#state.step === "closed") return;
    if (this.#state.step === "awaiting_session" && this.#options.mustEncrypt()) return;
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
  cut(reason: "revoked" | "no_place"): void {
    this.#abort(reason);
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
    const isText = typeof message === "string";
    const frame = isText ? parseJsonFirstFrame(message) : parseBinaryFirstFrame(message);
    if (frame !== undefined) return await this.#openSession(frame);
    if (!isText) return this.#close(CLOSE_CODES.policy, "bad_first_frame");
    if (!this.#options.mustEncrypt()) return this.#accept(message);
    this.#refuse("encryption_required");
    await this.#sendAndClose(this.#options.plaintextErrors.encryptionRequired);
  }

  async #openSession(frame: FirstFrame): Promise<void> {
    const { openSession, isPaired, address, events, plaintextErrors } = this.#options;
    const outcome = await openSession(frame, address);
    // The connection may have ended while the frame was judged.
    if (this.#state.step !== "awaiting_session") return;
    switch (outcome.kind) {
      case "unsupported_version":
        this.#refuse("unsupported_version");
        return await this.#sendAndClose(plaintextErrors.unsupportedVersion);
      case "refused":
        this.#refuse(outcome.reason, outcome);
        return this.#close(CLOSE_CODES.policy, outcome.reason);
      case "opened": {
        const { session, text } = outcome;
        this.#state.cancelDeadline();
        this.#state = { step: "encrypted", session };
        // The client may have been removed since its frame was judged: only now is it findable.
        if (!isPaired(session.clientId)) return this.#abort("revoked");
        events?.onSession?.(session.clientId);
        events?.onFrame?.(session.clientId);
        return this.#accept(text);
      }
    }
  }

  #accept(text: string): void {
    if (this.#state.step === "closed") return;
    if (text === PING) {
      if (!this.#outbox.push(PONG)) this.#abort("queue_full");
      return;
    }
    if (this.#requests.push(text)) return;
    const busy = this.#options.requests(this.clientId).busy(text);
    if (busy !== undefined && !this.#outbox.push(busy)) this.#abort("queue_full");
  }

  async #answer(text: string): Promise<void> {
    const answer = await this.#options.requests(this.clientId).handle(text);
    if (answer === undefined) return;
    await this.#outbox.whenRoom();
    if (this.#state.step === "closed") return;
    if (!this.#outbox.push(answer)) this.#abort("queue_full");
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
    const fields = { ...this.#logFields(), reason, clientId };
    this.#options.log.info("Session refused", fields);
    this.#options.events?.onRefused?.({ reason, clientId, beganThrottle });
  }

  #close(code: number, reason: string): void {
    if (this.#state.step === "closed") return;
    this.#end(reason);
    this.#options.socket.close(code);
  }

  #abort(reason: string): void {
    if (this.#state.step === "closed") return;
    this.#end(reason);
    this.#options.socket.abort();
  }

  #end(reason: string): void {
    if (this.#state.step === "closed") return;
    if (this.#state.step === "awaiting_session") this.#state.cancelDeadline();
    this.#options.log.debug("Connection ended", { ...this.#logFields(), reason });
    this.#state = { step: "closed" };
    this.#outbox.close();
    this.#requests.close();
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
