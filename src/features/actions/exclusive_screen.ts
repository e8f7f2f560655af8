// Who has the screen: one exclusive action or one media at a time. Whoever comes ends what has it; of
// several that wait for that, only the newest goes on.

import { AppError, type ErrorCode } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Media } from "./action_table.ts";

/** How long what is ended may take after SIGTERM before SIGKILL, in milliseconds. */
export const STOP_GRACE_MS = 5000;

const STOPPING = "The service is stopping";
const STOPPED = "It was stopped before it was started";
const REPLACED = "Something else was started instead";

/** What ends when it is asked to. */
export interface Ending {
  /** Makes it end after the grace and resolves when it is over; unavailable where it does not end. */
  endWithin(graceMs: number): Promise<void>;
}

/** What has the screen. */
export interface ScreenUse extends Ending {
  /** What clients are told about it. */
  readonly media: Media;
  /** When it was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Resolves when it runs for certain, at once for a program; rejects where nothing came of it. */
  readonly begun: Promise<void>;
  /** Whether nothing of it is left. */
  readonly isOver: boolean;
  /** Resolves when nothing of it is left. */
  readonly over: Promise<void>;
}

/** Options of {@linkcode ExclusiveScreen}. */
export interface ExclusiveScreenOptions {
  /** Hears of what begins and ends, with the time that it took in milliseconds. */
  events: { started: (media: Media) => void; stopped: (media: Media, elapsedMs: number) => void };
  clock: Clock;
}

/** Options of {@linkcode ExclusiveScreen.take}. */
export interface TakeOptions {
  /** The name by which the wait can be given up. */
  name: string;
  /** What must end beside what has the screen. */
  inTheWay: readonly Ending[];
  /**
   * Finds out whether it can be started, and what has begun elsewhere, before anything is ended for
   * its sake; rejects where it cannot.
   * @default it can, and {@linkcode ExclusiveScreen.look} finds the rest out
   */
  check?: () => Promise<void>;
  /** Starts it, in the very turn in which the screen is free; a throw leaves the screen free. */
  start: () => ScreenUse;
}

/** Who waits for the screen. */
interface Waiting {
  readonly name: string;
  /** Aborted with an AppError that refuses it. */
  readonly refusal: AbortController;
  /** Whether it has begun to end what is in its way. */
  isEnding: boolean;
}

/** The screen. */
export class ExclusiveScreen {
  readonly #options: ExclusiveScreenOptions;
  #use: ScreenUse | undefined;
  #hasBegun = false;
  #waiting: Waiting | undefined;
  #lookElsewhere: (() => Promise<void>) | undefined;
  /** What began elsewhere last. */
  #adopted: ScreenUse | undefined;
  #isClosed = false;

  /** A screen that nobody has. */
  constructor(options: ExclusiveScreenOptions) {
    this.#options = options;
  }

  /** Has what begins elsewhere found out by `look`, which lets it be adopted and never rejects. */
  lookBy(look: () => Promise<void>): void {
    this.#lookElsewhere = look;
  }

  /** Finds out what has begun elsewhere, where nothing is known to have the screen; never rejects. */
  async look(): Promise<void> {
    await this.#looking();
  }

  /** What has the screen and runs for certain. */
  current(): ScreenUse | undefined {
    return this.#hasBegun ? this.#using()[0] : undefined;
  }

  /**
   * Ends what has the screen and starts what comes; resolves when that has begun. conflict where
   * another one or a stop came after it, unavailable where what has the screen does not end, and what
   * the check rejects with.
   */
  async take({ name, inTheWay, check, start }: TakeOptions): Promise<void> {
    // The others would keep the requests of their connection from being answered.
    this.#refuse("conflict", REPLACED);
    if (this.#isClosed) throw new AppError("unavailable", STOPPING);
    const waiting: Waiting = { name, refusal: new AbortController(), isEnding: false };
    this.#waiting = waiting;
    const { signal } = waiting.refusal;
    const refused = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => refused.reject(signal.reason), { once: true });
    try {
      const finding = check?.() ?? this.#looking();
      if (finding !== undefined) await Promise.race([finding, refused.promise]);
      signal.throwIfAborted();
      waiting.isEnding = true;
      const endings = new Set([...inTheWay, ...this.#using()]);
      const ended = Promise.all([...endings].map((ending) => ending.endWithin(STOP_GRACE_MS)));
      await Promise.race([ended, refused.promise]);
      // From here to the start nothing else has a turn, or two could have the screen.
      signal.throwIfAborted();
    } finally {
      if (this.#waiting === waiting) this.#waiting = undefined;
    }
    await this.#hold(start());
  }

  /** Lets what has begun elsewhere have the screen; false where it is taken or being freed for another. */
  adopt(use: ScreenUse): boolean {
    if (this.#isClosed || this.#waiting?.isEnding === true || this.#using().length > 0) {
      return false;
    }
    this.#adopted = use;
    void this.#hold(use);
    return true;
  }

  /** Ends what has the screen, and refuses who waits for it; false where nothing has it. */
  async free(): Promise<boolean> {
    this.#refuse("conflict", STOPPED);
    let [use] = this.#using();
    if (use === undefined) {
      await this.#looking();
      [use] = this.#using();
      // What was started meanwhile came after.
      if (use !== undefined && use !== this.#adopted) return true;
    }
    await use?.endWithin(STOP_GRACE_MS);
    return use !== undefined;
  }

  /** Refuses who waits for it under this name. */
  refuseWaiting(name: string): void {
    if (this.#waiting?.name === name) this.#refuse("conflict", STOPPED);
  }

  /** Gives the screen to nobody any more; what has it goes on. */
  close(): void {
    this.#isClosed = true;
    this.#refuse("unavailable", STOPPING);
  }

  #looking(): Promise<void> | undefined {
    return this.#using().length === 0 ? this.#lookElsewhere?.() : undefined;
  }

  #using(): ScreenUse[] {
    return this.#use?.isOver === false ? [this.#use] : [];
  }

  #refuse(code: ErrorCode, message: string): void {
    this.#waiting?.refusal.abort(new AppError(code, message));
    this.#waiting = undefined;
  }

  async #hold(use: ScreenUse): Promise<void> {
    const { events, clock } = this.#options;
    this.#use = use;
    this.#hasBegun = false;
    await use.begun;
    if (this.#use !== use) return;
    this.#hasBegun = true;
    const sinceMs = clock.monotonicMs();
    events.started(use.media);
    void use.over.then(() => events.stopped(use.media, clock.monotonicMs() - sinceMs));
  }
}
