// The page's link to its device: pairs, connects, tries again for ever, and says in one word how
// things stand. A device that says it has removed this phone ends the tries; the credentials stay
// until the next pairing, because anybody in the network could say so (docs/protocol.md §4).

import { ClientError } from "../sdk/client_error.ts";
import type { Connection, Credentials } from "../sdk/connect.ts";
import type { CredentialVault } from "./credential_vault.ts";
import type { DeviceDoor } from "./device_door.ts";

/** How things stand between the page and its device. */
export type LinkState =
  /** Nothing is known yet. */
  | { readonly step: "loading" }
  /** There are no credentials. */
  | { readonly step: "unpaired" }
  /** The first try since the page was opened or the phone was paired. */
  | { readonly step: "connecting" }
  | { readonly step: "online"; readonly connection: Connection; readonly isLocal: boolean }
  /** There will be another try, unless it is replaced; `why` is what the last one met. */
  | { readonly step: "away"; readonly why: AwayReason }
  /** The device has removed this phone. */
  | { readonly step: "removed" }
  /** The device speaks no version that the page does. */
  | { readonly step: "unsupported" };

/** Why the device is away. */
export type AwayReason =
  /** Nobody answers. */
  | "silent"
  /** Somebody answers and lets this phone in no more, again and again. */
  | "refused"
  /** Somebody answers who has not the device's key. */
  | "stranger"
  /** Newer pages of this phone have taken its place: to take it back unasked would go on for ever. */
  | "replaced";

/** Options of {@linkcode DeviceLink}. */
export interface DeviceLinkOptions {
  door: DeviceDoor;
  vault: CredentialVault;
  /** Whether the page was opened on the device itself, which needs no pairing. */
  isLocal: boolean;
  /** Hears what the device tells. */
  heard: (method: string, params: unknown) => void;
  /** Hears that this page has paired or forgotten. */
  changed: () => void;
  /** Runs something later; the result calls it off. */
  after: (delayMs: number, run: () => void) => () => void;
  /** From 0 to 1. */
  random: () => number;
}

/** The wait before the second try, in milliseconds; each further one is longer. */
export const FIRST_WAIT_MS = 500;

/** The longest wait between two tries, in milliseconds. */
export const LONGEST_WAIT_MS = 10_000;

/** How often the device is asked whether it is still there, in milliseconds. */
export const HEARTBEAT_MS = 20_000;

/** After how many refusals in a row the page says that it is let in no more. */
export const TOLD_REFUSALS = 3;

/** The close code of a connection that a newer one of the same client has replaced. */
const REPLACED = 4000;

/** The link. */
export class DeviceLink {
  readonly #options: DeviceLinkOptions;
  readonly #listeners = new Set<() => void>();
  #state: LinkState = { step: "loading" };
  #credentials: Credentials | undefined;
  #isKept = true;
  #needsPairing: boolean;
  #tries = 0;
  #refusals = 0;
  #waits = 0;
  /** Grows with every start, so that what an older one still does is ignored. */
  #run = 0;
  #callOff: () => void = () => {};

  /** A link that does nothing yet. */
  constructor(options: DeviceLinkOptions) {
    this.#options = options;
    this.#needsPairing = !options.isLocal;
  }

  /** How things stand. */
  get state(): LinkState {
    return this.#state;
  }

  /** The id under which the device knows this phone. */
  get clientId(): string | undefined {
    return this.#credentials?.clientId;
  }

  /** For how many seconds pairing stays closed, as the device said with its last refusal. */
  get closedForS(): number | undefined {
    return this.#options.door.closedForS();
  }

  /** How many tries this phone has left, as the device said with its last refusal. */
  get triesLeft(): number | undefined {
    return this.#options.door.triesLeft();
  }

  /** Calls `listener` after every change, until the result is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins with what the vault has; again, where that is something else now. */
  async start(): Promise<void> {
    const before = this.#credentials?.clientId;
    this.#credentials = await this.#options.vault.read();
    if (this.#state.step === "loading" || before !== this.#credentials?.clientId) this.#begin();
  }

  /** Whether the browser keeps the credentials beyond this page. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Pairs and connects. Throws ClientError. */
  async pair(options: { pin: string; name: string }): Promise<void> {
    const { door, vault } = this.#options;
    const credentials = await door.pair(options);
    this.#credentials = credentials;
    this.#needsPairing = true;
    this.#isKept = await vault.write(credentials);
    this.#options.changed();
    this.#begin();
  }

  /** Forgets the credentials. */
  async forget(): Promise<void> {
    await this.#options.vault.clear();
    this.#credentials = undefined;
    this.#options.changed();
    this.#begin();
  }

  /** Tries at once where there is a wait, or asks whether the device is still there. */
  wake(): void {
    if (this.#state.step === "away") this.#connect(this.#run);
    else if (this.#state.step === "online") void this.#beat(this.#state.connection, this.#run);
  }

  #begin(): void {
    this.#run++;
    this.#callOff();
    if (this.#state.step === "online") this.#state.connection.close();
    this.#tries = 0;
    this.#refusals = 0;
    if (this.#credentials === undefined && this.#needsPairing) {
      return this.#set({ step: "unpaired" });
    }
    this.#set({ step: "connecting" });
    this.#connect(this.#run);
  }

  #connect(run: number): void {
    this.#callOff();
    this.#callOff = () => {};
    void this.#tryOnce(run);
  }

  async #tryOnce(run: number): Promise<void> {
    const { door, heard } = this.#options;
    const isLocal = !this.#needsPairing;
    // Two tries at once would race for the state.
    const mine = ++this.#tries;
    const isCurrent = (): boolean => run === this.#run && mine === this.#tries;
    try {
      const connection = await door.connect(
        isLocal ? undefined : this.#credentials,
        (method, params) => {
          if (run === this.#run) heard(method, params);
        },
      );
      if (!isCurrent()) return connection.close();
      this.#refusals = 0;
      this.#waits = 0;
      this.#set({ step: "online", connection, isLocal });
      this.#planBeat(connection, run);
      const { error, code } = await connection.closed;
      if (!isCurrent()) return;
      if (code === REPLACED) this.#stay({ step: "away", why: "replaced" });
      else this.#ended(error, run);
    } catch (error) {
      if (isCurrent()) this.#ended(error, run);
    }
  }

  #stay(state: LinkState): void {
    this.#callOff();
    this.#set(state);
  }

  #ended(error: unknown, run: number): void {
    this.#callOff();
    const wasOnline = this.#state.step === "online";
    const code = error instanceof ClientError ? error.code : "unreachable";
    switch (code) {
      case "client_removed":
        return this.#stay({ step: "removed" });
      case "unsupported_version":
        return this.#stay({ step: "unsupported" });
      case "encryption_required":
        // The page came through a proxy: nobody is the device itself there.
        this.#needsPairing = true;
        return this.#begin();
      default: {
        if (code === "connection_closed" && !wasOnline) this.#refusals++;
        const why = code === "device_not_authentic"
          ? "stranger"
          : this.#refusals >= TOLD_REFUSALS
          ? "refused"
          : "silent";
        this.#set({ step: "away", why });
        this.#callOff = this.#options.after(this.#nextWaitMs(), () => this.#connect(run));
      }
    }
  }

  // The first try after a connection comes soon; each wait is up to half shorter or longer, so that
  // all phones of a household do not come at once.
  #nextWaitMs(): number {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#waits++);
    return longest * (0.5 + this.#options.random() / 2);
  }

  #planBeat(connection: Connection, run: number): void {
    this.#callOff = this.#options.after(HEARTBEAT_MS, () => void this.#beat(connection, run));
  }

  async #beat(connection: Connection, run: number): Promise<void> {
    this.#callOff();
    try {
      // Ends the connection where nobody answers; what follows then is of its end.
      await connection.ping();
      if (run === this.#run && this.#state.step === "online") this.#planBeat(connection, run);
    } catch {
      // `closed` tells.
    }
  }

  #set(state: LinkState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
