// What a package of any kind carries as the program: built once, for one kind of processor.

import type { ArchiveFile } from "./archive.ts";
import { compile } from "./compile.ts";
import { bundle } from "./deno.ts";
import { downloadFromNpm, fetchDeno, readCacheFolder } from "./npm_deno.ts";
import { requireTarget, type Target } from "./target.ts";

/** The compiled binary where it can be had, else Deno from npm and the bundled program. */
export async function buildProgram(target: Target): Promise<{ files: ArchiveFile[]; how: string }> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_build_" });
  try {
    const compiled = await tryCompile(target, `${folder}/latchkey`);
    if (compiled !== undefined) {
      requireTarget(compiled, target);
      const file = { path: "latchkey", bytes: compiled, isExecutable: true };
      return { files: [file], how: "one compiled binary" };
    }
    const program = [...await bundle()].map(([path, bytes]) => ({
      path,
      bytes,
      isExecutable: false,
    }));
    const npm = {
      folder: readCacheFolder(),
      download: downloadFromNpm,
      npmPackage: target.denoPackage,
    };
    return {
      files: [{ path: "deno", bytes: await fetchDeno(npm), isExecutable: true }, ...program],
      how: "Deno from npm and the bundled program",
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Only where a runtime is at hand: a build that silently depends on what can be reached today would
// not be the same tomorrow.
async function tryCompile(target: Target, file: string): Promise<Uint8Array | undefined> {
  if (Deno.env.get("DENORT_BIN") === undefined) return undefined;
  await compile(target.triple, file);
  return await Deno.readFile(file);
}
