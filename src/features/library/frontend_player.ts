// What the frontend of the device plays: what was launched over it, and what the person at the device
// chose there. It is asked while something plays or somebody is connected, and before something is said
// or done about what has the screen.

import { AppError, asError, toAppError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { Media } from "../actions/action_table.ts";
import type { ExclusiveScreen, ScreenUse } from "../actions/exclusive_screen.ts";
import type { Frontend, RunningGame } from "./frontend.ts";

/** How often the frontend is asked, in milliseconds. */
export const FRONTEND_POLL_MS = 500;

/** How often it is asked while it does not answer, in milliseconds. */
export const FRONTEND_RETRY_MS = 5000;

/** How many questions in a row may stay unanswered before what it ran counts as over. */
export const MAX_UNANSWERED = 6;

/** Options of {@linkcode FrontendPlayer}. */
export interface FrontendPlayerOptions {
  /** The frontend; undefined where no system is launched over one. */
  frontend: () => Frontend | undefined;
  screen: ExclusiveScreen;
  /** Whether anybody is connected, at this moment. */
  isWatched: () => boolean;
  /** Hears that the frontend answers again, or for the first time. */
  onAnswering: () => void;
  /** What clients are told of a game that was started at the device. */
  describe: (game: RunningGame) => Media;
  clock: Clock;
  log: Logger;
}

/** Plays over the frontend, and sees what it plays. */
export class FrontendPlayer {
  readonly #options: FrontendPlayerOptions;
  #game: PlayedGame | undefined;
  #cancelPoll: (() => void) | undefined;
  #isAsking = false;
  #isUnreachable = false;
  #isAnswering = false;
  #isClosed = false;

  /** A player that asks nothing yet. */
  constructor(options: FrontendPlayerOptions) {
    this.#options = options;
  }

  /** Asks whether the frontend answers, and sees what it plays; AppError unavailable where not. */
  async check(): Promise<void> {
    await this.#question(this.#client());
    this.look();
  }

  /** Sees what the frontend plays, where one answers; never rejects. */
  async refresh(): Promise<void> {
    const client = this.#options.frontend();
    if (client === undefined || this.#isClosed) return;
    await this.#question(client).catch(() => {});
    this.look();
  }

  /** Launches a file over the frontend; what it returns has begun when the frontend confirms it. */
  launch(media: Media): ScreenUse {
    const { clock } = this.#options;
    const client = this.#client();
    const begun = client.launch(media.mediaPath).then((running) => {
      game.path = running.path;
      this.look();
    }, (error: unknown) => {
      game.end();
      throw toAppError(error);
    });
    const game = new PlayedGame({ client, media, begun, startedAtMs: clock.wallMs() });
    this.#game = game;
    return game;
  }

  /** Looks at the frontend from now on, as long as there is a reason to. */
  look(): void {
    if (this.#cancelPoll !== undefined || this.#isAsking || !this.#hasReason()) return;
    this.#plan();
  }

  /** Asks nothing any more; what runs goes on. */
  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
  }

  #client(): Frontend {
    const client = this.#options.frontend();
    if (client === undefined) throw new AppError("unavailable", "No frontend answers");
    return client;
  }

  #hasReason(): boolean {
    const { frontend, isWatched } = this.#options;
    if (this.#isClosed || frontend() === undefined) return false;
    return isWatched() || this.#game?.isOver === false;
  }

  #plan(): void {
    const delayMs = this.#isUnreachable ? FRONTEND_RETRY_MS : FRONTEND_POLL_MS;
    this.#cancelPoll = this.#options.clock.after(delayMs, () => {
      this.#cancelPoll = undefined;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const client = this.#options.frontend();
    if (client === undefined) return;
    this.#isAsking = true;
    try {
      await this.#question(client);
    } catch (error) {
      this.#missed(error);
    } finally {
      this.#isAsking = false;
      if (this.#hasReason()) this.#plan();
    }
  }

  async #question(client: Frontend): Promise<void> {
    const asked = this.#game;
    const wasOver = asked?.isOver;
    const running = await client.runningGame();
    this.#isUnreachable = false;
    if (!this.#isAnswering) this.#options.onAnswering();
    this.#isAnswering = true;
    // An answer to what was asked before a launch or a stop says nothing of that.
    const isOld = asked !== this.#game || wasOver !== asked?.isOver;
    if (!this.#isClosed && !isOld) this.#see(client, running);
  }

  #see(client: Frontend, running: RunningGame | undefined): void {
    const { screen, describe, clock } = this.#options;
    const game = this.#game;
    if (game !== undefined && !game.isOver) {
      game.unanswered = 0;
      if (!game.isConfirmed || game.path === running?.path) return;
      game.end();
    }
    if (running === undefined) return;
    const found = new PlayedGame({
      client,
      media: describe(running),
      begun: Promise.resolve(),
      startedAtMs: clock.wallMs(),
    });
    found.path = running.path;
    // What an action or a command shows lies over the frontend, which then says nothing of the screen.
    if (screen.adopt(found)) this.#game = found;
  }

  #missed(error: unknown): void {
    this.#isAnswering = false;
    const game = this.#game;
    if (game !== undefined && !game.isOver && game.isConfirmed) {
      game.unanswered += 1;
      if (game.unanswered < MAX_UNANSWERED) return;
      this.#options.log.warn("The frontend does not answer any more", {
        reason: asError(error).message,
      });
      game.end();
    }
    this.#isUnreachable = true;
  }
}

/** A game that the frontend runs. */
class PlayedGame implements ScreenUse {
  readonly media: Media;
  readonly begun: Promise<void>;
  readonly startedAtMs: number;
  readonly over: Promise<void>;
  /** The path as the frontend writes it, once it runs. */
  path: string | undefined;
  /** How many questions in a row stayed unanswered. */
  unanswered = 0;
  readonly #client: Frontend;
  readonly #over = Promise.withResolvers<void>();
  #ending: Promise<void> | undefined;
  #isOver = false;

  constructor(
    { client, media, begun, startedAtMs }:
      & { client: Frontend }
      & Pick<ScreenUse, "media" | "begun" | "startedAtMs">,
  ) {
    this.#client = client;
    this.media = media;
    this.begun = begun;
    this.startedAtMs = startedAtMs;
    this.over = this.#over.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isConfirmed(): boolean {
    return this.path !== undefined;
  }

  end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  /** The frontend has a grace of its own; asked twice, it could be told to end what came next. */
  endWithin(): Promise<void> {
    return this.#ending ??= this.#stop().finally(() => this.#ending = undefined);
  }

  async #stop(): Promise<void> {
    if (this.#isOver) return;
    await this.begun.catch(() => {});
    if (this.#isOver) return;
    await this.#client.stop();
    this.end();
  }
}
