// System tests need things that a developer's machine may lack. In CI a missing one is a failure;
// elsewhere the test is skipped with its reason.

/** Registers a test that is skipped outside CI while `whyNot` is a reason. */
export function systemTest(
  name: string,
  options: { whyNot: string | undefined; run: () => Promise<void> },
): void {
  const { whyNot, run } = options;
  if (whyNot === undefined) return Deno.test(name, run);
  if (Deno.env.get("CI") === undefined) {
    return Deno.test({ name: `${name} (skipped: ${whyNot})`, ignore: true, fn: () => {} });
  }
  Deno.test(name, () => {
    throw new Error(`Cannot run in CI: ${whyNot}`);
  });
}
