// When a service may start anew in its own place (edges/platform/process_restart.ts): once, soon after
// its start, and only where nobody has come so far. Whoever came later would lose what is in memory,
// and the counters that slow guessers down.

import type { Clock } from "../base/clock.ts";
import type { RunHistory } from "../features/library/run_history.ts";

/**
 * How long after the start, in milliseconds: the runtime has written its cache by then, also on a slow
 * card, and hardly anybody has come.
 */
export const WARM_RESTART_MS = 3000;

/** Options of {@linkcode scheduleWarmRestart}. */
export interface WarmRestartOptions {
  /** The restart that is due. */
  restart: { run(): void; close(): void };
  /** Whether somebody came, or something runs. */
  isInUse: () => boolean;
  /** What was run by the device itself so far, which waits in memory. */
  history: Pick<RunHistory, "flush">;
  clock: Clock;
}

/** Starts the process anew when the time has come, unless somebody came; the result calls it off. */
export function scheduleWarmRestart(options: WarmRestartOptions): () => void {
  const { restart, isInUse, history, clock } = options;
  let isOver = false;
  const cancel = clock.after(WARM_RESTART_MS, () => {
    if (!isInUse()) {
      history.flush();
      restart.run();
    }
    end();
  });
  function end(): void {
    if (!isOver) restart.close();
    isOver = true;
  }
  return () => {
    cancel();
    end();
  };
}
