// A program that believes it runs in a page, as far as the SDK looks.

/** Runs a test as in a page of this address, whose requests go to `fetch`. */
export async function asPage<Result>(
  { href, fetch }: { href: string; fetch: typeof globalThis.fetch },
  test: () => Promise<Result>,
): Promise<Result> {
  const before = {
    location: Object.getOwnPropertyDescriptor(globalThis, "location"),
    fetch: globalThis.fetch,
  };
  Object.defineProperty(globalThis, "location", { value: new URL(href), configurable: true });
  globalThis.fetch = fetch;
  try {
    return await test();
  } finally {
    if (before.location === undefined) Reflect.deleteProperty(globalThis, "location");
    else Object.defineProperty(globalThis, "location", before.location);
    globalThis.fetch = before.fetch;
  }
}
