// A promise with its ends in hand, as Promise.withResolvers() makes it; the SDK runs where that is
// missing.

/** A promise that somebody else settles. */
export type Deferred<Value> = PromiseWithResolvers<Value>;

/** A promise and the functions that settle it. */
export function deferred<Value>(): Deferred<Value> {
  let resolve!: Deferred<Value>["resolve"];
  let reject!: Deferred<Value>["reject"];
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
