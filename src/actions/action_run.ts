// One run of one action, from its start until nothing of its group of processes is left.

import { type Clock, every } from "../base/clock.ts";
import type { ActionProcess, ProcessEnd } from "./action_process.ts";
import type { ActionSettings } from "./action_settings.ts";
import type { Media } from "./action_table.ts";
import { OutputTail } from "./output_tail.ts";

/** How often a group is looked at whose program has ended, in milliseconds. */
export const GROUP_POLL_MS = 100;

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
  /** The end of what it wrote. */
  output(): string;
  /** Asks it to end, makes it end after the grace, and resolves when it is over. */
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
  const over = Promise.withResolvers<void>();
  void process.ended.then((how) => {
    end = how;
    if (!isGone()) {
      // The program has left others behind; they still belong to the action.
      const cancel = every(clock, GROUP_POLL_MS, () => {
        if (isGone()) cancel();
      });
    }
  });

  function isGone(): boolean {
    if (process.isAlive()) return false;
    void process.finish().then(() => {
      endedAtMs = clock.wallMs();
      over.resolve();
    });
    return true;
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
    output: () => tail.text(),
    async endWithin(graceMs): Promise<void> {
      if (endedAtMs !== undefined) return;
      isStopping = true;
      process.signal("SIGTERM");
      const cancel = clock.after(graceMs, () => process.signal("SIGKILL"));
      await over.promise;
      cancel();
    },
  };
}
