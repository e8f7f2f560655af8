// One WebSocket from its first message to its end (docs/protocol.md §4–6): tells frames apart,
// opens the session, and keeps one queue per direction. After a fatal frame nothing more of the
// connection is processed. A small frame of a session that nothing waits before is opened, answered
// and sent without a promise where its method answers at once.

import { asError } from "../../base/app_error.ts";
import { andThen, type Eventual } from "../../base/eventual.ts";
import {
  MAX_FIRST_FRAME_BYTES,
  MAX_FRAME_BYTES,
  parseFirstFrame,
  type WireMessage,
} from "../../protocol/v1/frame.ts";
import { PING, PONG } from "../../protocol/ping.ts";
import type { ConnectionOptions, RequestHandler } from "./connection_options.ts";
import { Inbox, MAX_INBOUND_BYTES, MAX_INBOUND_BYTES_UNKNOWN } from "./inbox.ts";
import type { FirstFrameOutcome, HandshakeStep, RefusalReason, Session } from "./opening.ts";
import { MAX_QUEUED_BYTES, MAX_QUEUED_BYTES_UNKNOWN, Outbox } from "./outbox.ts";
import { MAX_WAITING_BYTES, MAX_WAITING_BYTES_UNKNOWN, RequestQueue } from "./request_queue.ts";
import { SessionDeadline } from "./session_deadline.ts";
import { CLOSE_CODES } from "./socket.ts";
import { OWN_ANSWER_BYTES } from "./stranger_room.ts";

type ConnectionState =
  /** No session; plaintext is handled where it is allowed. */
  | {
    readonly step: "awaiting_session";
    /** Whether a plaintext message was taken. */
    readonly hasSpoken: boolean;
  }
  /** A first frame was answered, and the client must prove itself with more messages. */
  | {
    readonly step: "handshaking";
    readonly next: (message: WireMessage) => Promise<HandshakeStep>;
  }
  | { readonly step: "encrypted"; readonly session: Session }
  | { readonly step: "closed" };

/** A live connection. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #inbox: Inbox;
  readonly #requests: RequestQueue;
  readonly #outbox: Outbox;
  readonly #deadline: SessionDeadline;
  #state: ConnectionState = { step: "awaiting_session", hasSpoken: false };
  /** Whether a first frame was authentic, whose session may still wait for the disk. */
  #isProven = false;
  #isShuttingDown = false;

  /** A connection over an open socket. */
  constructor(options: ConnectionOptions) {
    const { socket, isLocal, strangers, mustEncrypt, turn, clock, log } = options;
    this.#options = options;
    this.#inbox = new Inbox({
      maxBytes: () => this.#isProven ? MAX_INBOUND_BYTES : MAX_INBOUND_BYTES_UNKNOWN,
      strangers,
      isStranger: () => this.#isStranger,
      mayGoAtOnce: () => this.#hasSession,
      process: (message, bytes) => this.#process(message, bytes),
      onError: (thrown) => {
        log.error("Cannot process message", { ...this.#logFields(), error: asError(thrown) });
        this.#close(CLOSE_CODES.internal, "internal");
      },
      onDone: () => this.#options.events?.onProgress?.(),
    });
    this.#requests = new RequestQueue({
      maxWaitingBytes: () => this.#hasSession ? MAX_WAITING_BYTES : MAX_WAITING_BYTES_UNKNOWN,
      turn,
    });
    this.#outbox = new Outbox({
      socket,
      clock,
      seal: (text) => this.#state.step === "encrypted" ? this.#state.session.seal(text) : text,
      maxBytes: () => this.#hasSession ? MAX_QUEUED_BYTES : MAX_QUEUED_BYTES_UNKNOWN,
      onFailure: (reason) => this.#abort(reason),
    });
    this.#deadline = new SessionDeadline({
      isLocal,
      mustEncrypt,
      isIdle: () => this.#requests.isIdle,
      onOverdue: () => this.#abort("no_session_in_time"),
      onSilence: () => this.#close(CLOSE_CODES.policy, "idle"),
      clock,
    });
  }

  /** The client whose session this is. */
  get clientId(): string | undefined {
    return this.#state.step === "encrypted" ? this.#state.session.clientId : undefined;
  }

  get #hasSession(): boolean {
    return this.#state.step === "encrypted";
  }

  get #isStranger(): boolean {
    return !this.#options.isLocal && !this.#isProven;
  }

  /** Takes a message from the peer; messages are dealt with one after the other. */
  receive(message: WireMessage): void {
    if (this.#state.step === "closed" || this.#isShuttingDown) return;
    if (!this.#hasSession) this.#deadline.heard();
    if (!this.#inbox.take(message)) this.#abort("flood");
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
    await this.#inbox.idle();
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

  #process(message: WireMessage, bytes: number): Eventual<void> {
    const state = this.#state;
    switch (state.step) {
      case "closed":
        return;
      case "awaiting_session":
        if (bytes > MAX_FIRST_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        return this.#processFirst(message);
      case "handshaking":
        if (bytes > MAX_FIRST_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        return state.next(message).then((outcome) => this.#advance(outcome));
      case "encrypted": {
        if (bytes > MAX_FRAME_BYTES) return this.#close(CLOSE_CODES.tooBig, "too_big");
        const { session } = state;
        return andThen(session.open(message), (text) => this.#acceptFrame(session, text));
      }
    }
  }

  async #processFirst(message: WireMessage): Promise<void> {
    const frame = parseFirstFrame(message);
    if (frame !== undefined) {
      const { openSession, address } = this.#options;
      const onAuthentic = (): void => {
        this.#isProven = true;
      };
      return await this.#advance(await openSession(frame, address, { onAuthentic }));
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
        this.#deadline.handshake();
        this.#state = { step: "handshaking", next: outcome.next };
        // Past the queue, which would seal it once the session is there.
        return this.#options.socket.send(outcome.reply);
      case "opened": {
        const { session, text } = outcome;
        this.#deadline.cancel();
        this.#isProven = true;
        this.#state = { step: "encrypted", session };
        // The client may have been removed since its frame was judged: only now is it findable.
        if (!isPaired(session.clientId)) return this.#abort("revoked");
        // What was accepted in plaintext must not run beside the session as though it were part of it.
        this.#requests.dropWaiting();
        events?.onSession?.(session.clientId);
        // There may have been no place for it.
        if (this.#hasEnded()) return;
        return this.#acceptFrame(session, text);
      }
    }
  }

  #acceptFrame(session: Session, text: string | undefined): void {
    if (text === undefined) return this.#close(CLOSE_CODES.policy, "bad_frame");
    this.#options.events?.onFrame?.(session.clientId);
    this.#accept(text);
  }

  #accept(text: string): void {
    if (this.#state.step === "closed") return;
    if (text === PING) return this.#sayAtOnce(PONG);
    // Whose request it is, is settled now and not when its turn comes.
    const handler = this.#options.requests(this.clientId);
    const run = (): Eventual<void> =>
      andThen(
        handler.handle(text),
        (answer) => answer === undefined ? undefined : this.#answer(answer, { text, handler }),
      );
    if (this.#requests.push({ length: text.length, run })) return;
    const busy = handler.busy(text);
    if (busy !== undefined) this.#sayAtOnce(busy);
  }

  // A large answer that must wait takes room of the strangers', or the peer hears that there is none.
  #answer(
    answer: string,
    { text, handler }: { text: string; handler: RequestHandler },
  ): Eventual<void> {
    const { strangers } = this.#options;
    const isFree = answer.length <= OWN_ANSWER_BYTES || !this.#isStranger ||
      this.#outbox.hasTurn(answer);
    if (isFree) return this.#outbox.pushInTurn(answer);
    if (strangers.take(answer.length)) {
      return andThen(this.#outbox.pushInTurn(answer), () => strangers.change(-answer.length));
    }
    const busy = handler.busy(text);
    return busy === undefined ? undefined : this.#outbox.pushInTurn(busy);
  }

  // No request holds a place for it, so that it counts like the message until there is room.
  #sayAtOnce(text: string): void {
    const release = this.#inbox.hold(text);
    void andThen(this.#outbox.pushInTurn(text), release);
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
    this.#deadline.cancel();
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
