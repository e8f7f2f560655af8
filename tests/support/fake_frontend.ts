// A frontend of the device that only a test moves.

import { AppError } from "../../src/base/app_error.ts";
import type { Frontend, RunningGame } from "../../src/features/library/frontend.ts";

/** A frontend, and what was asked of it. */
export interface FakeFrontend extends Frontend {
  /** What runs. */
  running: RunningGame | undefined;
  /** Whether it answers. */
  isThere: boolean;
  /** The paths that it launches. */
  readonly known: Set<string>;
  /** What it was asked and told. */
  readonly asked: string[];
  /** How often it was asked what runs. */
  polls: number;
  /** Holds every launch back until it is resolved. */
  hold: Promise<void> | undefined;
  /** Holds every answer to what runs back, which was made before, until it is resolved. */
  holdPolls: Promise<void> | undefined;
}

/** A game as the frontend tells it. */
export function sampleGame(path: string): RunningGame {
  return { path, name: "A game", systemName: "snes" };
}

/** A frontend that runs nothing. */
export function fakeFrontend(known: readonly string[] = []): FakeFrontend {
  const frontend: FakeFrontend = {
    running: undefined,
    isThere: true,
    known: new Set(known),
    asked: [],
    polls: 0,
    hold: undefined,
    holdPolls: undefined,
    systems: () => Promise.reject(new Error("nobody asks")),
    games: () => {
      throw new Error("nobody asks");
    },
    runningGame: async () => {
      frontend.polls += 1;
      const { running } = frontend;
      await frontend.holdPolls;
      return await answer(() => running);
    },
    launch: async (path) => {
      frontend.asked.push(`launch ${path}`);
      await frontend.hold;
      if (!frontend.known.has(path)) throw new AppError("not_found", "No such game");
      return await answer(() => frontend.running = sampleGame(path));
    },
    stop: () => {
      frontend.asked.push("stop");
      return answer(() => {
        frontend.running = undefined;
      });
    },
    notify: () => Promise.resolve(),
  };
  function answer<Answer>(make: () => Answer): Promise<Answer> {
    if (frontend.isThere) return Promise.resolve(make());
    return Promise.reject(new AppError("unavailable", "The frontend does not answer"));
  }
  return frontend;
}
