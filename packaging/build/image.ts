// `deno task image`: an overlay to unpack on the root filesystem of a 64-bit ARM handheld, or with
// `--x64` of a PC, as latchkey-<version>-<machine>.tar.gz with its checksum beside it, in dist/ or the
// folder that is named (docs/flashing.md).

import { createHash } from "node:crypto";
import { COMMANDS } from "../../src/edges/cli/command_table.ts";
import { completionScript } from "../../src/edges/cli/completion.ts";
import { manualPage } from "../../src/edges/cli/manual.ts";
import { RELEASE_DATE, VERSION } from "../../src/version.ts";
import { type ArchiveFile, packArchive } from "./archive.ts";
import { readVersion, ROOT, runScript } from "./deno.ts";
import { collectLicenses } from "./licenses.ts";
import { buildProgram } from "./program.ts";
import { sourceTimeS } from "./source_time.ts";
import { readBuildArguments } from "./target.ts";

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

/** The overlay's bytes. */
export async function buildImage({ program, timeS }: BuildImageOptions): Promise<Uint8Array> {
  return await packArchive(await imageFiles(program), { timeS });
}

/**
 * The overlay's files: those of the program below {@linkcode PROGRAM_FOLDER}, and everything in
 * packaging/rootfs and packaging/firmware.
 */
export async function imageFiles(programFiles: readonly ArchiveFile[]): Promise<ArchiveFile[]> {
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
  const program = programFiles.map((file) => ({
    ...file,
    path: `${PROGRAM_FOLDER}/${file.path}`,
  }));
  const licenses = {
    path: "usr/share/doc/latchkey/THIRD_PARTY_LICENSES",
    bytes: new TextEncoder().encode(await collectLicenses()),
    isExecutable: false,
  };
  return [...rootfs, ...firmware, ...documents, licenses, ...shellFiles(), ...program];
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

if (import.meta.main) {
  await runScript(async () => {
    const { target, folder } = readBuildArguments(Deno.args, `${ROOT}dist`);
    const name = `latchkey-${await readVersion()}-${target.machine}.tar.gz`;
    const { files, how } = await buildProgram(target);
    const timeS = await sourceTimeS();
    const image = await buildImage({ program: files, timeS });
    const sum = createHash("sha256").update(image).digest("hex");
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
