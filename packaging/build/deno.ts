// The Deno that runs this script, as the tool that bundles and compiles.

import { fileURLToPath } from "node:url";

/** The repository's root, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** What the program may do from the start; it gives up what it does not need (docs/security.md). */
export const PERMISSIONS: readonly string[] = ["--allow-all", "--no-prompt"];

/** Features that deno.json turns on and that a program outside the tree has to be given. */
export const UNSTABLE: readonly string[] = ["--unstable-net", "--unstable-no-legacy-abort"];

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

/** Writes the program as one minified file. */
export async function bundle(file: string): Promise<void> {
  const { success, stderr } = await runDeno(
    ...["bundle", "--quiet", "--frozen", "--platform", "deno", "--minify"],
    ...["--output", file, "src/main.ts"],
  );
  if (!success) throw new BuildError(`Cannot bundle the program:\n${stderr}`);
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
