// Waiting for what only looking can tell, with a limit.

/** Options of {@linkcode until}. */
export interface UntilOptions {
  /**
   * How long, in milliseconds.
   * @default {20000}
   */
  limitMs?: number;
  /**
   * The time between two looks, in milliseconds.
   * @default {50}
   */
  pollMs?: number;
}

/** Looks until it is so; throws, with what was waited for, where that takes longer than the limit. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  options: UntilOptions = {},
): Promise<void> {
  const { limitMs = 20_000, pollMs = 50 } = options;
  const endMs = performance.now() + limitMs;
  while (!await isTrue()) {
    if (performance.now() > endMs) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Looks until `check` throws no more; throws what it threw last where that takes too long. */
export async function eventually(check: () => void, options: UntilOptions = {}): Promise<void> {
  const { limitMs = 20_000, pollMs = 5 } = options;
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
