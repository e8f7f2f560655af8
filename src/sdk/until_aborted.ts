// Work that is given up at once when a signal says so, whatever the work makes of that.

import { deferred } from "../base/deferred.ts";

/** What the work leads to; rejects with the signal's reason as soon as that is aborted. */
export async function untilAborted<Value>(
  work: () => Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  signal?.throwIfAborted();
  const aborted = deferred<never>();
  const giveUp = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}
