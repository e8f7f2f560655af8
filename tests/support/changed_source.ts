// The program with a few places of its source changed: what a mistake there would do to all of it.

const ROOT = new URL("../../", import.meta.url);

/** One place of the source. */
export interface SourceChange {
  /** The file, from the root of the repository. */
  readonly file: string;
  /** What stands there, once. */
  readonly from: string;
  /** What is to stand there. */
  readonly to: string;
}

/** The changed files' texts. Throws where a change finds its place not exactly once. */
export async function changedTexts(
  changes: readonly SourceChange[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const { file, from, to } of changes) {
    const text = texts.get(file) ?? await Deno.readTextFile(new URL(file, ROOT));
    const [before, after, ...more] = text.split(from);
    if (after === undefined || more.length > 0) throw new Error(`${file} has not once: ${from}`);
    texts.set(file, `${before}${to}${after}`);
  }
  return texts;
}

/**
 * Runs `test` with the arguments by which the runtime takes the changed source, then removes it. Throws
 * where a change finds its place not exactly once.
 */
export async function withChangedSource(
  changes: readonly SourceChange[],
  test: (runtimeArgs: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const texts = await changedTexts(changes);
    const changed: Record<string, string> = {};
    for (const [at, [file, text]] of [...texts].entries()) {
      const path = `${folder}/${at}.ts`;
      await Deno.writeTextFile(path, withAbsoluteImports(text, new URL(file, ROOT)));
      changed[new URL(file, ROOT).href] = `file://${path}`;
    }
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const { imports, unstable, nodeModulesDir } = config;
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports: { ...imports, ...changed }, unstable, nodeModulesDir }),
    );
    await test(["--no-lock", "--config", `${folder}/deno.json`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// A changed file lies elsewhere than those that it imports.
function withAbsoluteImports(text: string, url: URL): string {
  return text.replace(
    /(\bfrom |\bimport\()"(\.[^"]+)"/g,
    (_, before, specifier) => `${before}"${new URL(specifier, url).href}"`,
  );
}
