// A runner whose programs only a test ends.

import assert from "node:assert/strict";
import { ActionRunner } from "../../../src/features/actions/action_runner.ts";
import { ExclusiveScreen } from "../../../src/features/actions/exclusive_screen.ts";
import type { ActionSettings } from "../../../src/features/actions/action_settings.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type FakeProgram, fakePrograms, sampleAction } from "../../support/fake_actions.ts";

/** A runner with what it started and told. */
export interface Fixture {
  /** The runner. */
  runner: ActionRunner;
  /** What it started. */
  programs: FakeProgram[];
  /** What exclusive actions take. */
  screen: ExclusiveScreen;
  /** Its time. */
  clock: FakeClock;
  /** What clients were told: "+" begun, "-" over. */
  told: string[];
  /** What the log was warned of. */
  warnings: string[];
  /** The other lines of the log. */
  lines: [message: string, fields: LogFields | undefined][];
  /** The state of each action, by name. */
  states(): Record<string, string>;
}

/** A runner of these actions. */
export function fixture(actions: readonly ActionSettings[]): Fixture {
  const { start, programs } = fakePrograms();
  const clock = new FakeClock();
  const told: string[] = [];
  const warnings: string[] = [];
  const lines: Fixture["lines"] = [];
  const record = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
  const screen = new ExclusiveScreen({
    events: {
      started: ({ mediaPath }) => told.push(`+${mediaPath}`),
      stopped: ({ mediaPath }) => told.push(`-${mediaPath}`),
    },
    clock,
  });
  const runner = new ActionRunner({
    actions,
    start,
    screen,
    clock,
    log: {
      ...silentLogger,
      info: record,
      warn: (message) => warnings.push(message),
      error: record,
    },
  });
  const states = (): Record<string, string> =>
    Object.fromEntries(runner.list().map(({ action, state }) => [action.name, state]));
  return { runner, programs, screen, clock, told, warnings, lines, states };
}

/** The code of the error, or undefined. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error.code;
  }
}

/** An action beside others. */
export const LIGHTS: ActionSettings = sampleAction("lights", { exclusive: false });
/** An exclusive one that takes a text. */
export const GAME: ActionSettings = sampleAction("game", {
  match: "game (.*)",
  command: ["emu", "--", "$1"],
});
/** Another exclusive one. */
export const MOVIE: ActionSettings = sampleAction("movie");
