// How the process is doing: memory, and how late the event loop runs.

import type { Clock } from "../../base/clock.ts";
import { every } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";

const PROBE_MS = 500;

/** Resident memory of this process, in bytes. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

/**
 * How many files and sockets the process may have open; undefined where the system does not say. To be
 * called while there are all permissions.
 */
export function openFileLimit(): number | undefined {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

/**
 * Formats the stack of one of the runtime's own errors, so that what it does for the first one is
 * done: it opens /proc/self/maps to learn the size of its stack and aborts the process where it
 * cannot. To be called at the start, while there are descriptors.
 */
export function formatFirstStack(): void {
  try {
    Deno.openSync("").close();
  } catch (error) {
    void asError(error).stack;
  }
}

/** Watches how late timers fire. */
export interface DelayWatch {
  /** The worst delay since the last call, in seconds. */
  takeWorstS(): number;
  /** Stops watching. */
  stop(): void;
}

/** Starts to watch the event loop. */
export function watchEventLoop(clock: Clock): DelayWatch {
  let worstMs = 0;
  let expectedAtMs = clock.monotonicMs() + PROBE_MS;
  const stop = every(clock, PROBE_MS, () => {
    const nowMs = clock.monotonicMs();
    worstMs = Math.max(worstMs, nowMs - expectedAtMs);
    expectedAtMs = nowMs + PROBE_MS;
  });
  return {
    takeWorstS: () => {
      const worst = worstMs;
      worstMs = 0;
      return worst / 1000;
    },
    stop,
  };
}
