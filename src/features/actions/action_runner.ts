// The actions that run: one exclusive one, which owns the screen and is what clients call media, and
// others beside it. An action is over when the whole group of its processes is gone.

import type { Clock } from "../../base/clock.ts";
import { AppError, asError, type ErrorCode } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { ActionSettings } from "./action_settings.ts";
import {
  type ActionTable,
  compileActions,
  type Media,
  type PreparedAction,
} from "./action_table.ts";
import type { StartAction } from "./action_process.ts";
import { type ActionRun, startRun } from "./action_run.ts";
import { checkRunRequest } from "./run_text.ts";

/** How long an action may take to end after SIGTERM before SIGKILL, in milliseconds. */
export const STOP_GRACE_MS = 5000;

/** The same where the service itself is ending, in milliseconds. */
export const CLOSE_GRACE_MS = 1500;

/** How many actions run at once. */
export const MAX_RUNNING = 16;

const STOPPING = "The service is stopping";
const STOPPED = "The action was stopped before it was started";

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
  /** Hears of exclusive actions that begin and end. */
  events: { started: (media: Media) => void; stopped: (media: Media) => void };
  clock: Clock;
  log: Logger;
}

/** A text by the action that it is to start; aborted with an AppError that refuses it. */
type WaitingText = { readonly name: string; readonly refusal: AbortController };

/** Runs texts. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  #actions: readonly ActionSettings[];
  #find: ActionTable;
  /** The last run of each action, by name. */
  readonly #runs = new Map<string, ActionRun>();
  /** Actions whose program could not be started last time. */
  readonly #failed = new Set<string>();
  /** The text that waits for the screen, if one does. */
  #waiting: WaitingText | undefined;
  #isClosed = false;

  /** A runner that runs nothing yet. */
  constructor(options: ActionRunnerOptions) {
    this.#options = options;
    this.#actions = options.actions;
    this.#find = compileActions(options.actions);
  }

  /** The exclusive action that runs, and when it was started, in milliseconds since 1970. */
  active(): { media: Media; startedAtMs: number } | undefined {
    const run = this.#running().find(({ action }) => action.exclusive);
    return run && { media: run.media, startedAtMs: run.startedAtMs };
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
      const run = this.#runs.get(action.name);
      return {
        action,
        state: this.#failed.has(action.name) ? "failed" : run?.state ?? "idle",
        startedAtMs: run?.startedAtMs,
        endedAtMs: run?.endedAtMs,
        exitCode: run?.end?.exitCode ?? undefined,
        signal: run?.end?.signal ?? undefined,
      };
    });
  }

  /** The last 64 KiB that an action wrote in its last run; not_found where there is no such action. */
  output(name: string): string {
    const run = this.#runs.get(name);
    if (run !== undefined) return run.output();
    if (this.#actions.some((action) => action.name === name)) return "";
    throw new AppError("not_found", "No such action");
  }

  /** Puts other actions in force; those that run go on. Throws and keeps the old ones. */
  replaceTable(actions: readonly ActionSettings[]): void {
    this.#find = compileActions(actions);
    this.#actions = actions;
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
    if (this.#isClosed) throw new AppError("unavailable", STOPPING);
    const { action } = prepared;
    if (action.exclusive) {
      const signal = this.#waitAlone(action.name);
      await this.#freeScreen(action.name, signal);
      // From here to the start nothing else has a turn, or two could have the screen.
      signal.throwIfAborted();
      this.#waiting = undefined;
    }
    if (this.#runs.get(action.name)?.isOver === false) {
      throw new AppError("conflict", "This action is running already");
    }
    if (this.#running().length >= MAX_RUNNING) {
      throw new AppError("unavailable", "Too many actions are running");
    }
    this.#start(prepared, {
      LATCHKEY_TEXT: text,
      ...(uid === undefined ? {} : { LATCHKEY_UID: uid }),
    });
  }

  /**
   * Ends the action of this name, or without one the exclusive action, or where there is none all of
   * them; resolves when they are over. not_found for a name that nothing has, unavailable where a
   * program does not end.
   */
  async stop(name?: string): Promise<void> {
    const running = this.#running();
    if (name !== undefined) {
      if (!this.list().some(({ action }) => action.name === name)) {
        throw new AppError("not_found", "No such action");
      }
      if (this.#waiting?.name === name) this.#refuseWaiting("conflict", STOPPED);
      await this.#endAll(running.filter(({ action }) => action.name === name), STOP_GRACE_MS);
      return;
    }
    this.#refuseWaiting("conflict", STOPPED);
    const exclusive = running.filter(({ action }) => action.exclusive);
    await this.#endAll(exclusive.length > 0 ? exclusive : running, STOP_GRACE_MS);
  }

  /** Ends everything and starts nothing any more. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#refuseWaiting("unavailable", STOPPING);
    await Promise.allSettled(this.#running().map((run) => run.endWithin(CLOSE_GRACE_MS)));
  }

  // Of several texts that want the screen only the newest waits. The others would keep the requests
  // of their connection from being answered.
  #waitAlone(name: string): AbortSignal {
    this.#refuseWaiting("conflict", "Another action was started instead");
    const refusal = new AbortController();
    this.#waiting = { name, refusal };
    return refusal.signal;
  }

  #refuseWaiting(code: ErrorCode, message: string): void {
    this.#waiting?.refusal.abort(new AppError(code, message));
    this.#waiting = undefined;
  }

  // Ends what has the screen, and what has the name from before it was exclusive.
  async #freeScreen(name: string, signal: AbortSignal): Promise<void> {
    const inTheWay = this.#running().filter(({ action }) =>
      action.exclusive || action.name === name
    );
    const refused = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => refused.reject(signal.reason), { once: true });
    await Promise.race([this.#endAll(inTheWay, STOP_GRACE_MS), refused.promise]);
  }

  #start({ action, argv, media }: PreparedAction, env: Readonly<Record<string, string>>): void {
    const { start, events, clock, log } = this.#options;
    const { name, cwd, passEnv } = action;
    let run: ActionRun;
    try {
      run = startRun({
        action,
        media,
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
      log.error("Action cannot be started", { action: name, error: asError(error) });
      throw new AppError("unavailable", "The program of this action cannot be started", {
        cause: error,
      });
    }
    this.#failed.delete(name);
    this.#runs.set(name, run);
    log.info("Action started", { action: name });
    if (action.exclusive) events.started(media);
    void run.over.then(() => {
      const { exitCode = null, signal = null } = run.end ?? {};
      if (run.isLeftBehind) {
        log.warn("Action ended, but some of its processes are still running", { action: name });
      } else log.info("Action ended", { action: name, exitCode, signal });
      if (action.exclusive) events.stopped(media);
    });
  }

  #running(): ActionRun[] {
    return [...this.#runs.values()].filter(({ isOver }) => !isOver);
  }

  async #endAll(runs: readonly ActionRun[], graceMs: number): Promise<void> {
    await Promise.all(runs.map((run) => run.endWithin(graceMs)));
  }
}
