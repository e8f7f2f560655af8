// `deno task image`: an overlay to unpack on the root filesystem of a 64-bit ARM handheld, as
// latchkey-<version>-aarch64.tar.gz with its checksum beside it, in dist/ or the folder that is named
// (docs/flashing.md).

import { createHash } from "node:crypto";
import { COMMANDS } from "../../src/edges/cli/command_table.ts";
import { completionScript } from "../../src/edges/cli/completion.ts";
import { manualPage } from "../../src/edges/cli/manual.ts";
import { RELEASE_DATE, VERSION } from "../../src/version.ts";
import { type ArchiveFile, packArchive } from "./archive.ts";
import { ARM_TARGET, compile } from "./compile.ts";
import { BuildError, bundle, readVersion, ROOT, runScript } from "./deno.ts";
import { collectLicenses } from "./licenses.ts";
import { downloadFromNpm, fetchArmDeno, readCacheFolder } from "./npm_deno.ts";

/** Where the program lies in the overlay. */
export const PROGRAM_FOLDER = "usr/lib/latchkey";

/** The script that installs an image on the firmware that it finds; it lies beside the image. */
export const INSTALLER = "install.sh";

const DOCUMENTS = ["LICENSE", "docs/flashing.md", "docs/security.md", "config.example.toml"];

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
    DOCUMENTS.map(async (file): Promise<ArchiveFile> => ({
      path: `usr/share/doc/latchkey/${file.split("/").at(-1)}`,
      bytes: await Deno.readFile(`${ROOT}${file}`),
      isExecutable: false,
    })),
  );
  const firmware = (await Array.fromAsync(readTree(`${ROOT}packaging/firmware`)))
    .filter(({ path }) => path !== INSTALLER)
    .map((file) => ({ ...file, path: `usr/share/latchkey/firmware/${file.path}` }));
  const program = options.program.map((file) => ({
    ...file,
    path: `${PROGRAM_FOLDER}/${file.path}`,
  }));
  const licenses = {
    path: "usr/share/doc/latchkey/THIRD_PARTY_LICENSES",
    bytes: new TextEncoder().encode(await collectLicenses()),
    isExecutable: false,
  };
  const files = [...rootfs, ...firmware, ...documents, licenses, ...shellFiles(), ...program];
  return await packArchive(files, options.timeS);
}

// The manual and what shells read to complete words, at the places where they look.
function shellFiles(): ArchiveFile[] {
  const texts = {
    "usr/share/man/man1/latchkey.1": manualPage(COMMANDS, { version: VERSION, date: RELEASE_DATE }),
    "usr/share/bash-completion/completions/latchkey": completionScript("bash", COMMANDS),
    "usr/share/zsh/site-functions/_latchkey": completionScript("zsh", COMMANDS),
    "usr/share/fish/vendor_completions.d/latchkey.fish": completionScript("fish", COMMANDS),
  };
  return Object.entries(texts).map(([path, text]) => ({
    path,
    bytes: new TextEncoder().encode(text),
    isExecutable: false,
  }));
}

/** The compiled binary where it can be had, else Deno from npm and the program in one file. */
export async function buildProgram(): Promise<{ files: ArchiveFile[]; how: string }> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_build_" });
  try {
    const compiled = await tryCompile(`${folder}/latchkey`);
    if (compiled !== undefined) {
      requireArm(compiled);
      const file = { path: "latchkey", bytes: compiled, isExecutable: true };
      return { files: [file], how: "one compiled binary" };
    }
    await bundle(`${folder}/latchkey.js`);
    const npm = { folder: readCacheFolder(), download: downloadFromNpm };
    return {
      files: [
        { path: "deno", bytes: await fetchArmDeno(npm), isExecutable: true },
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
  await compile(ARM_TARGET, file);
  return await Deno.readFile(file);
}

/** BuildError unless a program is for 64-bit ARM: DENORT_BIN may name another machine's runtime. */
export function requireArm(program: Uint8Array): void {
  const isElf = ELF_64.every((byte, at) => program[at] === byte);
  if (!isElf || program[ELF_MACHINE_AT] !== ELF_AARCH64) {
    throw new BuildError(
      `The compiled program is not for 64-bit ARM: DENORT_BIN must be the runtime for ${ARM_TARGET}`,
    );
  }
}

const ELF_64 = [0x7f, 0x45, 0x4c, 0x46, 2];
const [ELF_MACHINE_AT, ELF_AARCH64] = [18, 183];

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
      // This tree's own history, not that of a repository which it lies in.
      args: ["--git-dir", `${ROOT}.git`, "log", "-1", "--format=%ct"],
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
    const timeS = await sourceTimeS();
    const image = await buildImage({ program: files, timeS });
    const sum = createHash("sha256").update(image).digest("hex");
    const [folder = `${ROOT}dist`] = Deno.args;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${folder}/${name}`, image);
    await Deno.copyFile(`${ROOT}packaging/firmware/${INSTALLER}`, `${folder}/${INSTALLER}`);
    await Deno.writeTextFile(`${folder}/SHA256SUMS`, `${sum}  ${name}\n`);
    const mib = (image.length / 2 ** 20).toFixed(1);
    await Deno.stdout.write(
      new TextEncoder().encode(
        `${folder}/${name}\n  ${mib} MiB: ${how}\n  SOURCE_DATE_EPOCH ${timeS}\n  SHA-256 ${sum}\n`,
      ),
    );
  });
}
