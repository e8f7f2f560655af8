// A promise with a time limit, for servers that may never answer.

/** When a client should try again that was refused for an absent server, in seconds. */
export const STORE_RETRY_AFTER_S = 5;

/** What `work` comes to; rejects with an Error where that takes longer than the limit. */
export async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${limitMs} ms`)), limitMs);
  });
  try {
    // What is too late for the race is not unhandled: the race listens to both.
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
