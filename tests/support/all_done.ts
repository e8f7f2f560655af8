// Promise.all() for work that must be over before its place is cleaned up: that one resolves with the
// first failure, while the others still run.

/** The results once all have ended; rejects then with the first failure in their order. */
export async function allDone<Work extends readonly unknown[] | []>(
  work: Work,
): Promise<{ -readonly [At in keyof Work]: Awaited<Work[At]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
