// The programs of one media, one after the other. The last one that is given the file is the player;
// what stands behind it cleans up, and runs after a stop too.

import { asError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { type ProgramRun, startRun } from "../actions/program_run.ts";
import type { ActionProcess } from "../actions/action_process.ts";

/** How long a program that cleans up after a stop may take, in milliseconds. */
export const CLEAN_UP_LIMIT_MS = 3000;

/** One program. */
export interface FilledStep {
  readonly argv: readonly string[];
  /** Whether it is left out where the last step that ran before it did not end with 0. */
  readonly needsSuccess: boolean;
  /** Whether the file is among its arguments. */
  readonly hasFile: boolean;
}

/** Options of {@linkcode startSteps}. */
export interface StartStepsOptions {
  /** At least one. */
  steps: readonly FilledStep[];
  /** Starts a program; throws where that fails. */
  start: (argv: readonly string[], onOutput: (chunk: Uint8Array) => void) => ActionProcess;
  /** Hears of a program that could not be started; the steps go on, as in a shell. */
  onFailed: (error: Error) => void;
  clock: Clock;
}

/** Programs that run one after the other. */
export interface StepRun {
  /** When the first was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Whether the last one is gone. */
  readonly isOver: boolean;
  /** Resolves when it is. */
  readonly over: Promise<void>;
  /** Ends the program that runs, leaves out all but what cleans up, and resolves after that. */
  endWithin(graceMs: number): Promise<void>;
}

/** Starts the first program; throws what its start throws. */
export function startSteps(options: StartStepsOptions): StepRun {
  const { steps, start, onFailed, clock } = options;
  const [first] = steps;
  if (first === undefined) throw new TypeError("Cannot start steps: there are none");
  const lastWithFile = steps.findLastIndex(({ hasFile }) => hasFile);
  const player = lastWithFile === -1 ? steps.length - 1 : lastWithFile;
  const over = Promise.withResolvers<void>();
  const startedAtMs = clock.wallMs();
  let isStopping = false;
  let isOver = false;
  let at = 0;
  let program = startProgram(first);
  void follow();

  function startProgram({ argv }: FilledStep): ProgramRun {
    return startRun({ start: (onOutput) => start(argv, onOutput), clock });
  }

  async function follow(): Promise<void> {
    let hasSucceeded = await hasEndedWell();
    for (const [index, step] of steps.entries()) {
      if (index === 0 || (isStopping && index <= player)) continue;
      // What was stopped has not failed: a clean-up of a game that ran is meant to follow.
      if (step.needsSuccess && !hasSucceeded && !isStopping) continue;
      at = index;
      try {
        program = startProgram(step);
      } catch (error) {
        onFailed(asError(error));
        hasSucceeded = false;
        continue;
      }
      const cancel = isStopping ? clock.after(CLEAN_UP_LIMIT_MS, endProgram) : () => {};
      hasSucceeded = await hasEndedWell();
      cancel();
    }
    isOver = true;
    over.resolve();
  }

  async function hasEndedWell(): Promise<boolean> {
    await program.over;
    return program.end?.exitCode === 0;
  }

  function endProgram(): void {
    program.endWithin(0).catch(onFailed);
  }

  return {
    startedAtMs,
    over: over.promise,
    get isOver() {
      return isOver;
    },
    async endWithin(graceMs): Promise<void> {
      if (isOver) return;
      const isFirstCall = !isStopping;
      isStopping = true;
      if (at <= player) await program.endWithin(graceMs);
      else if (isFirstCall) {
        const cancel = clock.after(CLEAN_UP_LIMIT_MS, endProgram);
        void program.over.then(cancel);
      }
      await over.promise;
    },
  };
}
