// `deno task image`: an overlay to unpack on the root filesystem of a 64-bit ARM handheld, as
// latchkey-<version>-aarch64.tar.gz with its checksum beside it, in dist/ or the folder that is named
// (docs/flashing.md).

import { createHash } from "node:crypto";
import { type ArchiveFile, packArchive } from "./archive.ts";
import { compile } from "./compile.ts";
import { BuildError, bundle, readVersion, ROOT, runScript } from "./deno.ts";
import { fetchArmDeno } from "./npm_deno.ts";

/** Where the program lies in the overlay. */
export const PROGRAM_FOLDER = "usr/lib/latchkey";

/** Options of {@linkcode buildImage}. */
export interface BuildImageOptions {
  /** The program's files below {@linkcode PROGRAM_FOLDER}: name, bytes, whether it is executable. */
  program: readonly ArchiveFile[];
  /** The time of every file, in seconds since 1970. */
  timeS: number;
}

/** The overlay's bytes: the program, and everything in packaging/rootfs. */
export async function buildImage(options: BuildImageOptions): Promise<Uint8Array> {
  const rootfs = await Array.fromAsync(readTree(`${ROOT}packaging/rootfs`));
  const documents = await Promise.all(
    [["LICENSE", "LICENSE"], ["docs/flashing.md", "flashing.md"], [
      "config.example.toml",
      "config.example.toml",
    ]].map(async ([from, to]): Promise<ArchiveFile> => ({
      path: `usr/share/doc/latchkey/${to}`,
      bytes: await Deno.readFile(`${ROOT}${from}`),
      isExecutable: false,
    })),
  );
  const program = options.program.map((file) => ({
    ...file,
    path: `${PROGRAM_FOLDER}/${file.path}`,
  }));
  return await packArchive([...rootfs, ...documents, ...program], options.timeS);
}

/** The compiled binary where it can be had, else Deno from npm and the program in one file. */
export async function buildProgram(): Promise<{ files: ArchiveFile[]; how: string }> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_build_" });
  try {
    const compiled = await tryCompile(`${folder}/latchkey`);
    if (compiled !== undefined) {
      const file = { path: "latchkey", bytes: compiled, isExecutable: true };
      return { files: [file], how: "one compiled binary" };
    }
    await bundle(`${folder}/latchkey.js`);
    return {
      files: [
        { path: "deno", bytes: await fetchArmDeno(), isExecutable: true },
        {
          path: "latchkey.js",
          bytes: await Deno.readFile(`${folder}/latchkey.js`),
          isExecutable: false,
        },
      ],
      how: "Deno from npm and the program in one file",
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Only where a runtime is at hand: a build that silently depends on what can be reached today would
// not be the same tomorrow.
async function tryCompile(file: string): Promise<Uint8Array | undefined> {
  if (Deno.env.get("DENORT_BIN") === undefined) return undefined;
  await compile("aarch64-unknown-linux-gnu", file);
  return await Deno.readFile(file);
}

async function* readTree(root: string, below = ""): AsyncGenerator<ArchiveFile> {
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${below}`)) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) yield* readTree(root, path);
    else {
      const bytes = await Deno.readFile(`${root}/${path}`);
      // By its first line, for a checkout does not always keep modes.
      const isExecutable = bytes[0] === HASH && bytes[1] === BANG;
      yield { path, bytes, isExecutable };
    }
  }
}

const [HASH, BANG] = [0x23, 0x21];

// The time of the last commit where git can tell, so that two builds of it are the same.
async function sourceTimeS(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new BuildError("SOURCE_DATE_EPOCH: expected seconds");
    return Number(given);
  }
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["log", "-1", "--format=%ct"],
      cwd: ROOT,
      stderr: "null",
    }).output();
    if (success) return Number(new TextDecoder().decode(stdout).trim());
  } catch {
    // There is no git here.
  }
  return 0;
}

if (import.meta.main) {
  await runScript(async () => {
    const name = `latchkey-${await readVersion()}-aarch64.tar.gz`;
    const { files, how } = await buildProgram();
    const image = await buildImage({ program: files, timeS: await sourceTimeS() });
    const sum = createHash("sha256").update(image).digest("hex");
    const [folder = `${ROOT}dist`] = Deno.args;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${folder}/${name}`, image);
    await Deno.writeTextFile(`${folder}/SHA256SUMS`, `${sum}  ${name}\n`);
    const mib = (image.length / 2 ** 20).toFixed(1);
    await Deno.stdout.write(
      new TextEncoder().encode(`${folder}/${name}\n  ${mib} MiB: ${how}\n  SHA-256 ${sum}\n`),
    );
  });
}
