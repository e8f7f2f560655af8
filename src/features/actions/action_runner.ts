// The actions that run: the exclusive one takes the screen and is what clients call media, the others
// run beside it. An action is over when the whole group of its processes is gone.

import type { Clock } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import { LimitedLog } from "../../base/limited_log.ts";
import type { LogFields, Logger, LogLevel } from "../../base/log.ts";
import type { ActionSettings } from "./action_settings.ts";
import {
  type ActionTable,
  compileActions,
  type Media,
  type PreparedAction,
} from "./action_table.ts";
import type { StartAction } from "./action_process.ts";
import { type ExclusiveScreen, type ScreenUse, STOP_GRACE_MS } from "./exclusive_screen.ts";
import { type ProgramRun, startRun } from "./program_run.ts";
import { checkRunRequest } from "./run_text.ts";

/** The grace between SIGTERM and SIGKILL where the service itself is ending, in milliseconds. */
export const CLOSE_GRACE_MS = 1500;

/** How many actions run at once. */
export const MAX_RUNNING = 16;

/** What an action is doing. */
export type ActionState = "idle" | "running" | "stopping" | "ended" | "failed";

/** An action as it is listed. */
export interface ActionReport {
  readonly action: ActionSettings;
  /** What it is doing. */
  readonly state: ActionState;
  /** When it was started last, in milliseconds since 1970. */
  readonly startedAtMs: number | undefined;
  /** When it was over. */
  readonly endedAtMs: number | undefined;
  /** Its exit code, where it ended by itself. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, where one did. */
  readonly signal: string | undefined;
}

/** Options of {@linkcode ActionRunner}. */
export interface ActionRunnerOptions {
  /** The actions, in the order in which they are tried. */
  actions: readonly ActionSettings[];
  /** Starts programs. */
  start: StartAction;
  /** What exclusive actions take. */
  screen: ExclusiveScreen;
  clock: Clock;
  log: Logger;
}

interface ActionRun {
  readonly action: ActionSettings;
  readonly media: Media;
  readonly program: ProgramRun;
}

/** Runs texts. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  /** Whoever may run texts causes them. */
  readonly #lines: LimitedLog;
  #actions: readonly ActionSettings[];
  #find: ActionTable;
  /** The last run of each action, by name. */
  readonly #runs = new Map<string, ActionRun>();
  /** Actions whose program could not be started last time. */
  readonly #failed = new Set<string>();
  #isClosed = false;

  /** A runner that runs nothing yet. */
  constructor(options: ActionRunnerOptions) {
    this.#options = options;
    this.#lines = new LimitedLog(options);
    this.#actions = options.actions;
    this.#find = compileActions(options.actions);
  }

  /** How many actions run. */
  get running(): number {
    return this.#running().length;
  }

  /** All actions, in their order, then those that still run though they are no longer listed. */
  list(): ActionReport[] {
    const names = new Set(this.#actions.map(({ name }) => name));
    const removed = this.#running().filter(({ action }) => !names.has(action.name));
    return [...this.#actions, ...removed.map(({ action }) => action)].map((action) => {
      const program = this.#runs.get(action.name)?.program;
      return {
        action,
        state: this.#failed.has(action.name) ? "failed" : program?.state ?? "idle",
        startedAtMs: program?.startedAtMs,
        endedAtMs: program?.endedAtMs,
        exitCode: program?.end?.exitCode ?? undefined,
        signal: program?.end?.signal ?? undefined,
      };
    });
  }

  /** The last 64 KiB that an action wrote in its last run; not_found where there is no such action. */
  output(name: string): string {
    const run = this.#runs.get(name);
    if (run !== undefined) return run.program.output();
    if (this.#actions.some((action) => action.name === name)) return "";
    throw new AppError("not_found", "No such action");
  }

  /** Puts other actions in force; those that run go on. Throws and keeps the old ones. */
  replaceTable(actions: readonly ActionSettings[]): void {
    this.#find = compileActions(actions);
    this.#actions = actions;
  }

  /** Whether an action matches a text; bad_request where one does that the text may not fill. */
  handles(text: string): boolean {
    return this.#find(text) !== undefined;
  }

  /**
   * Starts what a text stands for; resolves when it was started. bad_request for a text that cannot
   * be run, not_found where no action matches, conflict where another text or a stop came after it
   * or the action runs already, unavailable where the program cannot be started or what has the
   * screen does not end.
   */
  async run(request: { text: string; uid?: string | undefined }): Promise<void> {
    const { text, uid } = checkRunRequest(request);
    const prepared = this.#find(text);
    if (prepared === undefined) throw new AppError("not_found", "No action matches this text");
    if (this.#isClosed) throw new AppError("unavailable", "The service is stopping");
    const { exclusive, name } = prepared.action;
    const start = (): ActionRun =>
      this.#start(prepared, {
        LATCHKEY_TEXT: text,
        ...(uid === undefined ? {} : { LATCHKEY_UID: uid }),
      });
    if (!exclusive) {
      start();
      return;
    }
    await this.#options.screen.take({
      name,
      // What has the name from before it was exclusive.
      inTheWay: this.#running().filter(({ action }) => action.name === name)
        .map(({ program }) => program),
      start: () => screenUseOf(start()),
    });
  }

  /**
   * Ends the action of this name, or without one what has the screen, or where nothing has it all of
   * them; resolves when they are over. not_found for a name that nothing has, unavailable where a
   * program does not end.
   */
  async stop(name?: string): Promise<void> {
    const { screen } = this.#options;
    if (name === undefined) {
      const running = this.#running();
      if (!await screen.free()) await endAll(running, STOP_GRACE_MS);
      return;
    }
    if (!this.list().some(({ action }) => action.name === name)) {
      throw new AppError("not_found", "No such action");
    }
    screen.refuseWaiting(name);
    await endAll(this.#running().filter(({ action }) => action.name === name), STOP_GRACE_MS);
  }

  /** Ends everything and starts nothing any more. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.screen.close();
    await Promise.allSettled(
      this.#running().map(({ program }) => program.endWithin(CLOSE_GRACE_MS)),
    );
  }

  #start(prepared: PreparedAction, env: Readonly<Record<string, string>>): ActionRun {
    const { action, argv, media } = prepared;
    const { start, clock } = this.#options;
    const { name, cwd, passEnv } = action;
    if (this.#runs.get(name)?.program.isOver === false) {
      throw new AppError("conflict", "This action is running already");
    }
    if (this.#running().length >= MAX_RUNNING) {
      throw new AppError("unavailable", "Too many actions are running");
    }
    const tell = (
      message: string,
      { level = "info", ...fields }: LogFields & { level?: LogLevel } = {},
    ): void =>
      void this.#lines.write({ level, message, of: name, fields: { action: name, ...fields } });
    let program: ProgramRun;
    try {
      program = startRun({
        start: (onOutput) =>
          start(argv, {
            cwd,
            passEnv,
            env: { ...action.env, LATCHKEY_ACTION: name, ...env },
            onOutput,
          }),
        clock,
      });
    } catch (error) {
      this.#failed.add(name);
      tell("Action cannot be started", { level: "error", error: asError(error) });
      throw new AppError("unavailable", "The program of this action cannot be started", {
        cause: error,
      });
    }
    this.#failed.delete(name);
    const run = { action, media, program };
    this.#runs.set(name, run);
    tell("Action started");
    void program.over.then(() => {
      const { exitCode = null, signal = null } = program.end ?? {};
      if (program.isLeftBehind) {
        tell("Action ended, but some of its processes are still running", { level: "warn" });
      } else tell("Action ended", { exitCode, signal });
    });
    return run;
  }

  #running(): ActionRun[] {
    return [...this.#runs.values()].filter(({ program }) => !program.isOver);
  }
}

function screenUseOf({ media, program }: ActionRun): ScreenUse {
  const { startedAtMs, over } = program;
  return {
    media,
    startedAtMs,
    begun: Promise.resolve(),
    over,
    get isOver() {
      return program.isOver;
    },
    endWithin: (graceMs) => program.endWithin(graceMs),
  };
}

async function endAll(runs: readonly ActionRun[], graceMs: number): Promise<void> {
  await Promise.all(runs.map(({ program }) => program.endWithin(graceMs)));
}
