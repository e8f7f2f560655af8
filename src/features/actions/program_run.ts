// One run of a program, from its start until nothing of its group of processes is left.

import { type Clock, every } from "../../base/clock.ts";
import { AppError } from "../../base/app_error.ts";
import type { ActionProcess, ProcessEnd } from "./action_process.ts";
import { OutputTail } from "./output_tail.ts";

/** How often a group is looked at whose program has ended, in milliseconds. */
export const GROUP_POLL_MS = 100;

/** How long the system may take to remove what SIGKILL has ended, in milliseconds. */
export const KILL_LIMIT_MS = 1000;

/** Options of {@linkcode startRun}. */
export interface StartRunOptions {
  /** Starts the program; throws where that fails. */
  start: (onOutput: (chunk: Uint8Array) => void) => ActionProcess;
  clock: Clock;
}

/** A run. */
export interface ProgramRun {
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

type RunState =
  /** Its program runs. */
  | { readonly step: "running"; readonly isStopping: boolean }
  /** Its program has ended, and what it has started may not have. */
  | {
    readonly step: "leaving";
    readonly isStopping: boolean;
    readonly end: ProcessEnd;
    readonly cancelPoll: () => void;
  }
  /** From now on the number of the group may be another's: no more signals. */
  | {
    readonly step: "gone";
    readonly isStopping: boolean;
    readonly end: ProcessEnd;
    readonly isLeftBehind: boolean;
  }
  | {
    readonly step: "over";
    readonly end: ProcessEnd;
    readonly isLeftBehind: boolean;
    readonly endedAtMs: number;
  };

/** Starts a run; throws what the start throws. */
export function startRun(options: StartRunOptions): ProgramRun {
  const { clock } = options;
  const tail = new OutputTail();
  const process = options.start((chunk) => tail.add(chunk));
  const startedAtMs = clock.wallMs();
  let state: RunState = { step: "running", isStopping: false };
  const over = Promise.withResolvers<void>();
  void process.ended.then((end) => {
    // Where the program has left others behind, they still belong to the run.
    const cancelPoll = every(clock, GROUP_POLL_MS, look);
    state = { step: "leaving", isStopping: isStopping(), end, cancelPoll };
    look();
  });

  function look(): void {
    if (!process.isAlive()) settle({ isLeftBehind: false });
  }

  function settle({ isLeftBehind }: { isLeftBehind: boolean }): void {
    if (state.step !== "leaving") return;
    const { end, cancelPoll } = state;
    cancelPoll();
    state = { step: "gone", isStopping: state.isStopping, end, isLeftBehind };
    void process.finish().then(() => {
      state = { step: "over", end, isLeftBehind, endedAtMs: clock.wallMs() };
      over.resolve();
    });
  }

  function isStopping(): boolean {
    return state.step !== "over" && state.isStopping;
  }

  function signal(name: "SIGTERM" | "SIGKILL"): void {
    if (state.step === "running" || state.step === "leaving") process.signal(name);
  }

  return {
    startedAtMs,
    over: over.promise,
    get endedAtMs() {
      return state.step === "over" ? state.endedAtMs : undefined;
    },
    get state() {
      if (state.step === "over") return "ended";
      return state.isStopping ? "stopping" : "running";
    },
    get isOver() {
      return state.step === "over";
    },
    get end() {
      return state.step === "running" ? undefined : state.end;
    },
    get isLeftBehind() {
      return (state.step === "gone" || state.step === "over") && state.isLeftBehind;
    },
    output: () => tail.text(),
    endWithin(graceMs): Promise<void> {
      // A second SIGTERM means "at once" to many programs.
      if (!isStopping()) signal("SIGTERM");
      if (state.step !== "over") state = { ...state, isStopping: true };
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let cancel = clock.after(graceMs, () => {
        signal("SIGKILL");
        cancel = clock.after(KILL_LIMIT_MS, () => {
          if (state.step === "running") {
            reject(new AppError("unavailable", "A program does not end"));
          }
          // What is left runs nothing any more: nobody has collected it, or a device holds it.
          settle({ isLeftBehind: true });
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
