// The Deno that runs this script, as the tool that bundles and compiles.

import { fileURLToPath } from "node:url";

/** The repository's root, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** What the program may do from the start; it gives up what it does not need (docs/security.md). */
export const PERMISSIONS: readonly string[] = ["--allow-all", "--no-prompt"];

/** Features that deno.json turns on and that a program outside the tree has to be given. */
export const UNSTABLE: readonly string[] = ["--unstable-net", "--unstable-no-legacy-abort"];

/**
 * What the engine is told: a small young generation, which grows under load and never shrinks, and an
 * old one that is collected sooner than where memory is plenty (docs/performance.md, "Memory").
 */
export const V8_FLAGS: readonly string[] = [
  "--v8-flags=--max-semi-space-size=1,--memory-saver-mode",
];

/** A tool that failed; the message is for people. */
export class BuildError extends Error {
  /** An error with a message for people. */
  constructor(message: string) {
    super(message);
    this.name = "BuildError";
  }
}

/** Runs a subcommand in the repository; what it wrote to standard error, and whether it worked. */
export async function runDeno(
  ...args: readonly string[]
): Promise<{ success: boolean; stderr: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", RUST_LIB_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
  }).output();
  return { success, stderr: new TextDecoder().decode(stderr) };
}

/** The file of a bundled program that is run; those beside it are loaded where they are needed. */
export const MAIN_FILE = "latchkey.js";

/** The program, minified, by the names of its files: {@linkcode MAIN_FILE} and what it loads. */
export async function bundle(): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_bundle_" });
  try {
    const { success, stderr } = await runDeno(
      ...["bundle", "--quiet", "--frozen", "--platform", "deno", "--minify", "--code-splitting"],
      ...["--outdir", folder, "src/main.ts"],
    );
    if (!success) throw new BuildError(`Cannot bundle the program:\n${stderr}`);
    const texts = new Map<string, string>();
    for await (const { name } of Deno.readDir(folder)) {
      texts.set(name, loadLate(await Deno.readTextFile(`${folder}/${name}`)));
    }
    const named = [...nameParts(texts)];
    return new Map(named.map(([name, text]) => [name, new TextEncoder().encode(text)]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * The files of a bundle under other names: the first is {@linkcode MAIN_FILE}, the others are numbered
 * in the order in which they are named. The bundler's names depend on the folder of the sources.
 */
export function nameParts(texts: ReadonlyMap<string, string>): Map<string, string> {
  const named = new Map([["main.js", MAIN_FILE]]);
  // Grows while it is walked through.
  for (const old of named.keys()) {
    for (const [, name = ""] of texts.get(old)?.matchAll(PART) ?? []) {
      if (texts.has(name) && !named.has(name)) named.set(name, `part_${named.size}.js`);
    }
  }
  return new Map([...named].map(([old, name]) => [
    name,
    (texts.get(old) ?? "").replace(
      PART,
      (whole, part: string) => named.has(part) ? `"./${named.get(part)}"` : whole,
    ),
  ]));
}

const PART = /"\.\/([\w.-]+\.js)"/g;

/**
 * A file of a bundle that loads others only when it comes to their import. The runtime reads and
 * parses at the start whatever an import names by a literal: 100 ms and 14 MiB for what few need.
 * For the same reason what gives packages their `require` is made when it is called.
 */
export function loadLate(text: string): string {
  return text
    .replace(/\bimport\(("\.\/[^"\\]+\.js")\)/g, "import(import.meta.resolve($1))")
    .replace(
      /\bimport ?\{createRequire as (\w+)\} ?from ?"node:module";var (\w+)=\1\(import\.meta\.url\);/,
      "var $1,$2=name=>($1??=" +
        'process.getBuiltinModule("node:module").createRequire(import.meta.url))(name);',
    );
}

/** The version in deno.json. */
export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  return String(version);
}

/** Runs a script's main function: an expected failure is a message and exit code 1. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    await Deno.stderr.write(new TextEncoder().encode(`${error.message}\n`));
    Deno.exit(1);
  }
}
