// Time as a part that is handed in: the wall clock, a clock that never jumps, and timers.
// Deadlines end by whichever clock gets there first, so that neither a suspended device nor a
// stepped wall clock keeps a secret alive (docs/protocol.md §3).

/** The time and the timers of one process. */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock, which may jump. */
  wallMs(): number;
  /** Milliseconds since some fixed moment by a clock that only goes forward. */
  monotonicMs(): number;
  /** Calls `run` once, `delayMs` from now; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** A moment by both clocks. */
export interface Deadline {
  /** The moment by the wall clock, in milliseconds. */
  readonly wallMs: number;
  /** The moment by the monotonic clock, in milliseconds. */
  readonly monotonicMs: number;
}

/** The moment that lies `lifetimeMs` ahead, by both clocks. */
export function deadlineIn(clock: Clock, lifetimeMs: number): Deadline {
  return {
    wallMs: clock.wallMs() + lifetimeMs,
    monotonicMs: clock.monotonicMs() + lifetimeMs,
  };
}

/** Whether either clock has reached the deadline. */
export function isPast(clock: Clock, deadline: Deadline): boolean {
  return clock.wallMs() >= deadline.wallMs || clock.monotonicMs() >= deadline.monotonicMs;
}

/** Calls `run` every `periodMs` until the result is called. */
export function every(clock: Clock, periodMs: number, run: () => void): () => void {
  let cancel = clock.after(periodMs, tick);
  function tick(): void {
    cancel = clock.after(periodMs, tick);
    run();
  }
  return () => cancel();
}

/** In how many parts {@linkcode afterTurning} waits. */
export const TURNS = 10;

/**
 * Calls `run` once the event loop turned for `delayMs`; the result cancels it. A process that was
 * held up (a long turn, a suspend) finds its timers due before it sees what came in meanwhile, so
 * a limit on somebody's answer is waited for in parts, each of which begins in a turn of its own.
 */
export function afterTurning(clock: Clock, delayMs: number, run: () => void): () => void {
  let left = TURNS;
  const part = (): () => void =>
    clock.after(delayMs / TURNS, () => {
      left -= 1;
      if (left === 0) run();
      else cancel = part();
    });
  let cancel = part();
  return () => cancel();
}

/** Resolves when the work is settled or the limit is over, whichever comes first. */
export function settledWithin(
  clock: Clock,
  options: { work: Promise<unknown>; limitMs: number },
): Promise<void> {
  const { work, limitMs } = options;
  return new Promise((resolve) => {
    const cancel = afterTurning(clock, limitMs, resolve);
    const done = (): void => {
      cancel();
      resolve();
    };
    work.then(done, done);
  });
}

/** The process's own clocks and timers. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const id = setTimeout(run, delayMs);
    return () => clearTimeout(id);
  },
};
