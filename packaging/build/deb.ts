// `deno task deb`: a package for Debian and what follows it, for 64-bit ARM or with `--x64` for PCs, as
// latchkey_<version>_<architecture>.deb in dist/ or the folder that is named (docs/firmware/debian.md).
// It is written here and not by dpkg-deb, so that it can be built anywhere and is the same each time.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { RELEASE_DATE } from "../../src/version.ts";
import { type ArchiveFile, packArchive } from "./archive.ts";
import { readVersion, ROOT, runScript } from "./deno.ts";
import { imageFiles, PROGRAM_FOLDER } from "./image.ts";
import { buildProgram } from "./program.ts";
import { sourceTimeS } from "./source_time.ts";
import { readBuildArguments, type Target } from "./target.ts";

/** Options of {@linkcode buildDeb}. */
export interface BuildDebOptions {
  /** The program's files below `usr/lib/latchkey`. */
  program: readonly ArchiveFile[];
  target: Target;
  /** The version, such as "0.1.0". */
  version: string;
  /** The time of every file, in seconds since 1970. */
  timeS: number;
}

const SCRIPTS = ["postinst", "prerm", "postrm"];
// What a Debian has no use for, or has under another name.
const LEFT_OUT = [
  "usr/share/latchkey/firmware/",
  "usr/share/latchkey/init/",
  `${PROGRAM_FOLDER}/enable-service`,
  "usr/share/doc/latchkey/LICENSE",
];
const SWAY_EXAMPLE = "usr/share/latchkey/firmware/sway-pin.sh";
const PACKED = ["usr/share/doc/latchkey/THIRD_PARTY_LICENSES", "usr/share/man/"];

/** The package's bytes. */
export async function buildDeb(options: BuildDebOptions): Promise<Uint8Array> {
  const { program, target, version, timeS } = options;
  const image = await imageFiles(program);
  const files = [
    ...image.filter(({ path }) =>
      path === SWAY_EXAMPLE || ![...LEFT_OUT, ...PACKED].some((left) => path.startsWith(left))
    ),
    await ownFile("packaging/debian/lintian-overrides", "usr/share/lintian/overrides/latchkey"),
    text("usr/share/doc/latchkey/copyright", await copyright()),
    packed("usr/share/doc/latchkey/changelog.gz", changelog(version, timeS)),
    ...image.filter(({ path }) => PACKED.some((folder) => path.startsWith(folder)))
      .map(({ path, bytes }) => packed(`${path}.gz`, bytes)),
  ];
  const scripts = await Promise.all(
    SCRIPTS.map((name) => ownFile(`packaging/debian/${name}`, name)),
  );
  const control = [
    ...scripts,
    text("md5sums", sums(files)),
    text("control", controlFields({ target, version, files })),
  ];
  const tarOptions = { timeS, hasFolders: true };
  const members = {
    "debian-binary": new TextEncoder().encode("2.0\n"),
    "control.tar.gz": await packArchive(dotted(control), tarOptions),
    "data.tar.gz": await packArchive(dotted(files), tarOptions),
  };
  return arArchive(members, timeS);
}

function controlFields(
  { target, version, files }: {
    target: Target;
    version: string;
    files: readonly ArchiveFile[];
  },
): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  return [
    "Package: latchkey",
    `Version: ${version}`,
    `Architecture: ${target.debian}`,
    "Maintainer: The Latchkey developers <latchkey@localhost>",
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    "Depends: libc6 (>= 2.27), libgcc-s1, init-system-helpers (>= 1.54~)",
    "Recommends: systemd",
    "Section: net",
    "Priority: optional",
    "Description: pairs phones with this device and lets them talk to it safely",
    " The device shows a 6-digit PIN, the phone proves that it knows it, and from",
    " then on every frame between the two is encrypted under keys of that one",
    " session. It speaks the protocol that Zaparoo Core publishes.",
    "",
  ].join("\n");
}

async function copyright(): Promise<string> {
  return `${await Deno.readTextFile(`${ROOT}LICENSE`)}
What the program carries of others has licenses of its own: THIRD_PARTY_LICENSES.gz beside this file.
`;
}

function changelog(version: string, timeS: number): Uint8Array {
  const date = new Date(timeS * 1000).toUTCString().replace("GMT", "+0000");
  return new TextEncoder().encode(
    `latchkey (${version}) unstable; urgency=medium\n\n  * Released on ${RELEASE_DATE}. See CHANGELOG.md of the source.\n\n -- The Latchkey developers <latchkey@localhost>  ${date}\n`,
  );
}

function sums(files: readonly ArchiveFile[]): string {
  return files.map(({ path, bytes }) =>
    `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`
  ).join("");
}

async function ownFile(from: string, path: string): Promise<ArchiveFile> {
  const bytes = await Deno.readFile(`${ROOT}${from}`);
  return { path, bytes, isExecutable: SCRIPTS.includes(path) };
}

function text(path: string, content: string): ArchiveFile {
  return { path, bytes: new TextEncoder().encode(content), isExecutable: false };
}

function packed(path: string, bytes: Uint8Array): ArchiveFile {
  return { path, bytes: new Uint8Array(gzipSync(bytes, { level: 9 })), isExecutable: false };
}

function dotted(files: readonly ArchiveFile[]): ArchiveFile[] {
  return files.map((file) => ({ ...file, path: `./${file.path}` }));
}

// The common form of an archive by `ar`: a line of 60 characters before each member.
function arArchive(members: Readonly<Record<string, Uint8Array>>, timeS: number): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [encoder.encode("!<arch>\n")];
  for (const [name, bytes] of Object.entries(members)) {
    const fields = [
      name.padEnd(16),
      String(timeS).padEnd(12),
      "0".padEnd(6),
      "0".padEnd(6),
      "100644".padEnd(8),
      String(bytes.length).padEnd(10),
      "`\n",
    ];
    parts.push(encoder.encode(fields.join("")), bytes);
    if (bytes.length % 2 === 1) parts.push(encoder.encode("\n"));
  }
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

if (import.meta.main) {
  await runScript(async () => {
    const { target, folder } = readBuildArguments(Deno.args, `${ROOT}dist`);
    const version = await readVersion();
    const { files, how } = await buildProgram(target);
    const deb = await buildDeb({ program: files, target, version, timeS: await sourceTimeS() });
    const path = `${folder}/latchkey_${version}_${target.debian}.deb`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(path, deb);
    const mib = (deb.length / 2 ** 20).toFixed(1);
    await Deno.stdout.write(new TextEncoder().encode(`${path}\n  ${mib} MiB: ${how}\n`));
  });
}
