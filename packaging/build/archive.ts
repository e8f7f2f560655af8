// A tar.gz whose bytes depend on nothing but its files: sorted names, one time, root as the owner,
// two modes, and a gzip header without name and time. Without `hasFolders` it has files only: an entry
// for a folder would make tar give that folder another mode, or put it in the place of a symbolic link
// to one.

import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** A file of an archive. */
export interface ArchiveFile {
  /** Its path, without a leading slash. */
  readonly path: string;
  /** What it holds. */
  readonly bytes: Uint8Array;
  /** Whether it is a program. */
  readonly isExecutable: boolean;
}

/** Options of {@linkcode packArchive}. */
export interface PackArchiveOptions {
  /** The time of every file, in seconds since 1970. */
  timeS: number;
  /** Whether it tells the folders too, as a Debian package must. @default {false} */
  hasFolders?: boolean;
}

/** The archive of some files. */
export async function packArchive(
  files: readonly ArchiveFile[],
  { timeS, hasFolders = false }: PackArchiveOptions,
): Promise<Uint8Array> {
  const tar = pack();
  const common = { mtime: new Date(timeS * 1000), uid: 0, gid: 0, uname: "root", gname: "root" };
  // Read while it is written: a large entry is done only when somebody took it.
  const packed = readAll(tar);
  for (const name of hasFolders ? foldersOf(files) : []) {
    tar.entry({ ...common, name, mode: 0o755, type: "directory" });
  }
  for (const { path, bytes, isExecutable } of sorted(files)) {
    const header = {
      ...common,
      name: path,
      mode: isExecutable ? 0o755 : 0o644,
      size: bytes.length,
    };
    await new Promise<void>((resolve, reject) => {
      tar.entry(header, bytes, (error) => error ? reject(error) : resolve());
    });
  }
  tar.finalize();
  const zipped = gzipSync(await packed, { level: 9 });
  // Which system it was made on is nobody's business, and no part of what it holds.
  zipped[9] = UNKNOWN_SYSTEM;
  return new Uint8Array(zipped);
}

// Every folder before what lies in it.
function foldersOf(files: readonly ArchiveFile[]): string[] {
  const folders = files.flatMap(({ path }) => {
    const names = path.split("/").slice(0, -1);
    return names.map((_, at) => names.slice(0, at + 1).join("/"));
  });
  return [...new Set(folders)].filter((name) => name !== ".").sort();
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks = await Array.fromAsync(stream) as Uint8Array<ArrayBuffer>[];
  return await new Blob(chunks).bytes();
}

const UNKNOWN_SYSTEM = 255;

function sorted(files: readonly ArchiveFile[]): ArchiveFile[] {
  return [...files].sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}
