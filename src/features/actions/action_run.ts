// One run of one action, from its start until nothing of its group of processes is left.

import { type Clock, every } from "../../base/clock.ts";
import { AppError } from "../../base/app_error.ts";
import type { ActionProcess, ProcessEnd } from "./action_process.ts";
import type { ActionSettings } from "./action_settings.ts";
import type { Media } from "./action_table.ts";
import { OutputTail } from "./output_tail.ts";

/** How often a group is looked at whose program has ended, in milliseconds. */
export const GROUP_POLL_MS = 100;

/** How long the system may take to remove what SIGKILL has ended, in milliseconds. */
export const KILL_LIMIT_MS = 1000;

/** Options of {@linkcode startRun}. */
export interface StartRunOptions {
  /** The action. */
  action: ActionSettings;
  /** What clients are told about it. */
  media: Media;
  /** Starts its program; throws where that fails. */
  start: (onOutput: (chunk: Uint8Array) => void) => ActionProcess;
  /** Time. */
  clock: Clock;
}

/** A run. */
export interface ActionRun {
  /** The action. */
  readonly action: ActionSettings;
  /** What clients are told about it. */
  readonly media: Media;
  /** When it was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When it was over. */
  readonly endedAtMs: number | undefined;
  /** What it is doing. */
  readonly state: "running" | "stopping" | "ended";
  /** Whether all its processes are gone. */
  readonly isOver: boolean;
  /** Resolves when they are. */
  readonly over: Promise<void>;
  /** How its program ended, where it did. */
  readonly end: ProcessEnd | undefined;
  /** Whether the system still had some of its processes after SIGKILL when the run was over. */
  readonly isLeftBehind: boolean;
  /** The end of what it wrote. */
  output(): string;
  /**
   * Asks it to end, once however often this is called, makes it end after the grace, and resolves
   * when it is over. unavailable where its program outlives SIGKILL, as one of another user may; the
   * run then goes on and may be asked again.
   */
  endWithin(graceMs: number): Promise<void>;
}

/** Starts a run; throws what the start throws. */
export function startRun(options: StartRunOptions): ActionRun {
  const { action, media, clock } = options;
  const tail = new OutputTail();
  const process = options.start((chunk) => tail.add(chunk));
  const startedAtMs = clock.wallMs();
  let end: ProcessEnd | undefined;
  let endedAtMs: number | undefined;
  let isStopping = false;
  // From then on the number of the group may be another's.
  let isGone = false;
  let isLeftBehind = false;
  let cancelPoll = (): void => {};
  const over = Promise.withResolvers<void>();
  void process.ended.then((how) => {
    end = how;
    // Where the program has left others behind, they still belong to the action.
    cancelPoll = every(clock, GROUP_POLL_MS, look);
    look();
  });

  function look(): void {
    if (!process.isAlive()) settle();
  }

  function settle(): void {
    if (isGone) return;
    isGone = true;
    cancelPoll();
    void process.finish().then(() => {
      endedAtMs = clock.wallMs();
      over.resolve();
    });
  }

  function signal(name: "SIGTERM" | "SIGKILL"): void {
    if (!isGone) process.signal(name);
  }

  return {
    action,
    media,
    startedAtMs,
    over: over.promise,
    get endedAtMs() {
      return endedAtMs;
    },
    get state() {
      if (endedAtMs !== undefined) return "ended";
      return isStopping ? "stopping" : "running";
    },
    get isOver() {
      return endedAtMs !== undefined;
    },
    get end() {
      return end;
    },
    get isLeftBehind() {
      return isLeftBehind;
    },
    output: () => tail.text(),
    endWithin(graceMs): Promise<void> {
      // A second SIGTERM means "at once" to many programs.
      if (!isStopping) signal("SIGTERM");
      isStopping = true;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let cancel = clock.after(graceMs, () => {
        signal("SIGKILL");
        cancel = clock.after(KILL_LIMIT_MS, () => {
          if (end === undefined) reject(new AppError("unavailable", "An action does not end"));
          else if (!isGone) {
            // What is left runs nothing any more: nobody has collected it, or a device holds it.
            isLeftBehind = true;
            settle();
          }
        });
      });
      void over.promise.then(() => {
        cancel();
        resolve();
      });
      return promise;
    },
  };
}
