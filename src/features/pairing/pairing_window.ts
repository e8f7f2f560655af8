// The device's side of pairing: one window with one PIN, its sessions and its attempts
// (docs/protocol.md §3, "Transitions of the pairing window"). Everything up to the verdict on a
// confirm is synchronous: no other request runs between reading the attempt counter and raising it.
// Then the window waits for the disk, and takes nothing meanwhile.

import { type Bytes, utf8 } from "../../base/bytes.ts";
import { type Clock, type Deadline, deadlineIn, every, isPast } from "../../base/clock.ts";
import { AppError } from "../../base/app_error.ts";
import { type RandomSource, randomUuid } from "../../base/random.ts";
import type { Client, Role } from "../access/client.ts";
import { createPinMasks, drawScalar, type PinMasks } from "../../protocol/v1/pake.ts";
import { decodeClientMessage, MAX_PAKE_MESSAGE_BYTES } from "../../protocol/v1/pake_message.ts";
import { BurnedPins } from "./burned_pins.ts";
import { triesLeftOf } from "./guess_count.ts";
import { pairingRefusal } from "./pairing_refusals.ts";
import { answerClient, type PairingExchange } from "./pairing_exchange.ts";
import {
  MAX_FAILURES_PER_PIN,
  MAX_PAIRING_SESSIONS,
  PAIRING_SESSION_LIFETIME_MS,
  PIN_LIFETIME_MS,
} from "./pairing_limits.ts";
import { PairingWarmUp } from "./pairing_warm_up.ts";
import { drawPin } from "./pin.ts";
import { StartShares } from "./start_shares.ts";

const EXPIRY_CHECK_MS = 1000;

/** How a window ended. */
export type PairingOutcome =
  | { readonly kind: "paired"; readonly clientId: string; readonly clientName: string }
  | { readonly kind: "expired" }
  | { readonly kind: "cancelled" }
  /** `from` are the addresses that guessed, each once. */
  | { readonly kind: "too_many_failures"; readonly from: readonly string[] }
  | { readonly kind: "stopped" };

/** A PIN that is valid. */
export interface OpenedPin {
  /** Its digits: a secret of the person in front of the device. */
  readonly pin: string;
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** The role of the client that pairs with it. */
  readonly role: Role;
}

/** What the window tells the rest of the device; a listener must not throw. */
export interface PairingEvents {
  /** A PIN is valid from now on. */
  opened(pin: OpenedPin): void;
  /** A wrong confirm came from an address and the PIN is still valid. */
  failed(attempt: { failures: number; limit: number; from: string }): void;
  /** An address that had failed too often asked again and was refused unheard. */
  refused(attempt: { from: string }): void;
  /** The PIN is no longer valid. */
  ended(outcome: PairingOutcome): void;
}

/** Where a window keeps the clients it pairs. */
export interface PairedClients {
  /** How many clients there are. */
  count(): number;
  /** How many there may be. */
  readonly limit: number;
  /** The longest name, in bytes of UTF-8. */
  readonly maxNameBytes: number;
  /** Throws AppError where no client could be kept now: then no PIN is shown. */
  checkWritable?(): void;
  /** Keeps a client or throws; where it is not on the disk yet, resolves when it is, or rejects. */
  add(client: Client): void | Promise<void>;
}

/** Options of {@linkcode PairingWindow}. */
export interface PairingWindowOptions {
  clock: Clock;
  /** Randomness for PINs, scalars and ids. */
  random: RandomSource;
  clients: PairedClients;
  /** Event listeners. */
  events: PairingEvents;
}

/** What the right confirm leads to. */
export interface FinishedPairing {
  readonly client: Client;
  /** The device's own confirm. */
  readonly deviceConfirm: Bytes;
  /** Resolves once the client is on the disk. */
  readonly kept: Promise<void>;
}

interface PairingSession {
  readonly exchange: PairingExchange;
  readonly deadline: Deadline;
}

interface OpenState {
  readonly step: "open";
  readonly pin: string;
  readonly masks: PinMasks;
  readonly role: Role;
  readonly deadline: Deadline;
  readonly sessions: Map<string, PairingSession>;
  readonly stopTimer: () => void;
  failures: number;
  /** The address of every wrong confirm. */
  readonly failedFrom: string[];
}

type WindowState =
  | { readonly step: "closed" }
  | OpenState
  /** A client was kept that is not on the disk yet; until then it is not said to be paired. */
  | { readonly step: "keeping"; readonly open: OpenState }
  /** The PIN's time is over and nobody has been told; only the names of its sessions are left. */
  | { readonly step: "expired"; readonly sessionIds: Set<string> };

/** The one window in which clients pair. */
export class PairingWindow {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #clients: PairedClients;
  readonly #events: PairingEvents;
  readonly #startShares: StartShares;
  readonly #burnedPins = new BurnedPins();
  readonly #warmUp: PairingWarmUp;
  #state: WindowState = { step: "closed" };
  #failedConfirms = 0;

  /** A closed window. */
  constructor(options: PairingWindowOptions) {
    const { clock, random, clients, events } = options;
    this.#clock = clock;
    this.#random = random;
    this.#clients = clients;
    this.#events = events;
    this.#startShares = new StartShares(clock.monotonicMs());
    this.#warmUp = new PairingWarmUp(clock);
  }

  /** How many confirms were wrong since the start, over all PINs. */
  get failedConfirms(): number {
    return this.#failedConfirms;
  }

  /** The PIN that is valid now, for the device's own screen only. */
  current(): OpenedPin | undefined {
    this.#expireIfDue();
    if (this.#state.step !== "open") return undefined;
    const { pin, role, deadline } = this.#state;
    return { pin, expiresAtMs: deadline.wallMs, role };
  }

  /**
   * Draws a PIN for a client of the given role; the first client is always an admin. `liftLock`
   * says that a person at the device asks, which too many burned PINs do not stop. Errors:
   * conflict while a PIN is valid or when all places are taken, rate_limited after too many
   * burned PINs.
   */
  open(options: { role?: Role; liftLock?: boolean } = {}): OpenedPin {
    this.#expireIfDue();
    if (this.#state.step === "open") throw new AppError("conflict", "A PIN is already valid");
    if (this.#state.step === "keeping") throw new AppError("conflict", "A client is being paired");
    if (options.liftLock !== true) this.#refuseWhileLocked();
    const count = this.#clients.count();
    if (count >= this.#clients.limit) {
      throw new AppError("conflict", `All ${this.#clients.limit} clients are paired already`);
    }
    this.#clients.checkWritable?.();
    this.#burnedPins.lift(this.#clock.monotonicMs());
    const role = count === 0 ? "admin" : options.role ?? "member";
    const pin = drawPin(this.#random);
    const deadline = deadlineIn(this.#clock, PIN_LIFETIME_MS);
    // Looked at every second and not once at the end: timers stand still in a suspended device.
    const stopLooking = every(this.#clock, EXPIRY_CHECK_MS, () => this.#expireIfDue());
    this.#warmUp.start();
    this.#state = {
      step: "open",
      pin,
      masks: createPinMasks(pin),
      role,
      deadline,
      sessions: new Map(),
      stopTimer: () => {
        stopLooking();
        this.#warmUp.stop();
      },
      failures: 0,
      failedFrom: [],
    };
    const opened = { pin, expiresAtMs: deadline.wallMs, role };
    this.#events.opened(opened);
    return opened;
  }

  /** How many wrong confirms are still heard of an address; 0 where no PIN is valid. */
  triesLeft(address: string): number {
    return this.#state.step === "open" ? triesLeftOf(address, this.#state.failedFrom) : 0;
  }

  /** Ends a valid PIN; does nothing where there is none. */
  cancel(): void {
    this.#expireIfDue();
    if (this.#state.step === "open") this.#end({ kind: "cancelled" });
  }

  /** Ends everything because the service stops. */
  close(): void {
    if (this.#state.step === "open") this.#end({ kind: "stopped" });
    if (this.#state.step === "keeping") this.#state.open.stopTimer();
    this.#state = { step: "closed" };
  }

  /** Counts a start request of another host; rate_limited where there are too many in all. */
  admitRemoteStart(address: string): void {
    if (!this.#startShares.admit(address, this.#clock.monotonicMs())) {
      throw new AppError("rate_limited", "Too many pairing requests", { retryAfterS: 1 });
    }
  }

  /**
   * Answers the first message of a client at an address. Errors, with the texts of
   * {@linkcode PAIRING_REFUSALS}: bad_request for a bad name or message or where no PIN is pending,
   * gone where the PIN has expired, forbidden for an address that failed too often.
   */
  start(
    request: { clientName: string; messageA: Bytes; address: string },
  ): { sessionId: string; messageB: Bytes } {
    const { clientName, messageA, address } = request;
    const nameBytes = utf8(clientName).length;
    if (nameBytes === 0) throw pairingRefusal("client name required");
    if (nameBytes > this.#clients.maxNameBytes) throw pairingRefusal("client name too long");
    if (messageA.length > MAX_PAKE_MESSAGE_BYTES) throw pairingRefusal("PAKE message too long");
    this.#expireIfDue();
    const state = this.#state;
    switch (state.step) {
      case "closed":
      case "keeping":
        throw pairingRefusal("no pairing in progress", this.#lockedForS());
      case "expired":
        this.#state = { step: "closed" };
        throw pairingRefusal("pairing expired");
      case "open":
        this.#refuseGuesser(state, address);
        return this.#startSession(state, { clientName, messageA });
    }
  }

  /**
   * Verifies the confirm of a client at an address and keeps the client. Nobody is told of it before
   * `kept` resolves; where that rejects, the PIN is valid as before. Errors, with the texts of
   * {@linkcode PAIRING_REFUSALS}: not_found for an unknown session, gone for an old one,
   * unauthorized for a wrong confirm, forbidden for the third of a PIN, for an address that failed
   * too often and where all places are taken.
   */
  finish(
    request: { sessionId: string; confirm: Bytes; address: string },
  ): FinishedPairing {
    const { sessionId, address } = request;
    this.#expireIfDue();
    const state = this.#state;
    switch (state.step) {
      case "closed":
      case "keeping":
        throw pairingRefusal("unknown pairing session");
      case "expired":
        if (!state.sessionIds.delete(sessionId)) throw pairingRefusal("unknown pairing session");
        throw pairingRefusal("pairing expired");
      case "open":
        this.#refuseGuesser(state, address);
        return this.#finishSession(state, request);
    }
  }

  #startSession(
    state: OpenState,
    request: { clientName: string; messageA: Bytes },
  ): { sessionId: string; messageB: Bytes } {
    const x = decodeClientMessage(request.messageA);
    if (x === undefined) throw pairingRefusal("invalid PAKE message");
    const exchange = answerClient(state.masks, {
      ...request,
      x,
      scalar: drawScalar(this.#random),
      blinding: drawScalar(this.#random),
    });
    const oldest = state.sessions.keys().next().value;
    if (state.sessions.size >= MAX_PAIRING_SESSIONS && oldest !== undefined) {
      state.sessions.delete(oldest);
    }
    const sessionId = randomUuid(this.#random);
    const deadline = deadlineIn(this.#clock, PAIRING_SESSION_LIFETIME_MS);
    state.sessions.set(sessionId, { exchange, deadline });
    return { sessionId, messageB: exchange.messageB };
  }

  #finishSession(
    state: OpenState,
    request: { sessionId: string; confirm: Bytes; address: string },
  ): FinishedPairing {
    const session = state.sessions.get(request.sessionId);
    if (session === undefined) throw pairingRefusal("unknown pairing session");
    state.sessions.delete(request.sessionId);
    if (isPast(this.#clock, session.deadline)) throw pairingRefusal("pairing expired");
    const { exchange } = session;
    state.failures += 1;
    if (!exchange.accepts(request.confirm)) throw this.#recordFailure(state, request.address);
    state.failures -= 1;
    if (this.#clients.count() >= this.#clients.limit) {
      throw pairingRefusal("maximum paired clients reached");
    }
    const nowMs = this.#clock.wallMs();
    const client: Client = {
      clientId: randomUuid(this.#random),
      clientName: exchange.clientName,
      authToken: randomUuid(this.#random),
      role: state.role,
      pairingKey: exchange.pairingKey,
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
    };
    const { deviceConfirm } = exchange;
    const onDisk = this.#clients.add(client);
    if (onDisk !== undefined) return { client, deviceConfirm, kept: this.#keep(client, onDisk) };
    this.#endPaired(state, client);
    return { client, deviceConfirm, kept: Promise.resolve() };
  }

  async #keep(client: Client, onDisk: Promise<void>): Promise<void> {
    if (this.#state.step !== "open") return;
    const keeping = { step: "keeping", open: this.#state } as const;
    this.#state = keeping;
    try {
      await onDisk;
    } catch (error) {
      if (this.#state === keeping) this.#state = keeping.open;
      throw error;
    }
    this.#endPaired(keeping.open, client);
  }

  #endPaired({ stopTimer }: OpenState, { clientId, clientName }: Client): void {
    stopTimer();
    this.#state = { step: "closed" };
    this.#events.ended({ kind: "paired", clientId, clientName });
  }

  #recordFailure(state: OpenState, address: string): AppError {
    this.#failedConfirms += 1;
    state.failedFrom.push(address);
    const { failures } = state;
    if (failures < MAX_FAILURES_PER_PIN) {
      this.#events.failed({ failures, limit: MAX_FAILURES_PER_PIN, from: address });
      return pairingRefusal("wrong PIN");
    }
    this.#burnedPins.add(this.#clock.monotonicMs());
    this.#end({ kind: "too_many_failures", from: [...new Set(state.failedFrom)] });
    return pairingRefusal("too many failed attempts");
  }

  // Before its session is looked up: nothing that a guesser sends may cost anybody anything.
  #refuseGuesser(state: OpenState, address: string): void {
    if (triesLeftOf(address, state.failedFrom) > 0) return;
    this.#events.refused({ from: address });
    throw pairingRefusal("too many failed attempts");
  }

  #lockedForS(): number {
    return Math.ceil(this.#burnedPins.lockedForMs(this.#clock.monotonicMs()) / 1000);
  }

  #refuseWhileLocked(): void {
    const retryAfterS = this.#lockedForS();
    if (retryAfterS === 0) return;
    const minutes = Math.ceil(retryAfterS / 60);
    throw new AppError(
      "rate_limited",
      `Pairing is closed after too many wrong PINs: try again in ${minutes} min`,
      { retryAfterS },
    );
  }

  #expireIfDue(): void {
    const state = this.#state;
    if (state.step !== "open" || !isPast(this.#clock, state.deadline)) return;
    const sessionIds = new Set(state.sessions.keys());
    this.#end({ kind: "expired" });
    this.#state = { step: "expired", sessionIds };
  }

  #end(outcome: PairingOutcome): void {
    if (this.#state.step === "open") this.#state.stopTimer();
    this.#state = { step: "closed" };
    this.#events.ended(outcome);
  }
}
