// `deno task compile` and `compile:arm64`: one binary by `deno compile`, for machines that can fetch
// its runtime or have it at hand.

import {
  BuildError,
  PERMISSIONS,
  readVersion,
  ROOT,
  runDeno,
  runScript,
  UNSTABLE,
  V8_FLAGS,
} from "./deno.ts";
import { ARM64 } from "./target.ts";

/** Compiles for a target to a file; BuildError where that fails, with what to do. */
export async function compile(target: string, file: string): Promise<void> {
  const { success, stderr } = await runDeno(
    "compile",
    ...["--quiet", "--frozen", "--no-check", "--bundle", "--minify"],
    ...PERMISSIONS,
    ...UNSTABLE,
    ...V8_FLAGS,
    ...["--target", target, "--output", file, "src/main.ts"],
  );
  if (!success) throw new BuildError(explainFailure(stderr, target));
}

/** What a failed compile means: a runtime that could not be had, or the tool's own words. */
export function explainFailure(stderr: string, target: string): string {
  const [url] = /https:\/\/\S*denort\S*?\.zip/.exec(stderr) ?? [];
  if (url === undefined) return `Cannot compile the program:\n${stderr.trim()}`;
  return [
    `Cannot compile: the runtime for ${target} cannot be downloaded from`,
    `  ${url}`,
    "Fetch that file where it can be reached, and then either",
    "  unpack it and run again with DENORT_BIN=/path/to/denort,",
    `  or put it, as it is, at $DENO_DIR/dl/release/v${Deno.version.deno}/${
      url.split("/").at(-1)
    }.`,
    "`deno task image` needs neither: it takes Deno itself from npm.",
  ].join("\n");
}

if (import.meta.main) {
  await runScript(async () => {
    const target = Deno.args.includes("--arm64") ? ARM64.triple : Deno.build.target;
    const file = `dist/latchkey-${await readVersion()}-${target.split("-")[0]}`;
    await Deno.mkdir(`${ROOT}dist`, { recursive: true });
    await compile(target, `${ROOT}${file}`);
    await Deno.stdout.write(new TextEncoder().encode(`${file}\n`));
  });
}
