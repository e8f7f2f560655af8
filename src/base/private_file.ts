// Files that their owner alone may read, written whole or not at all: every file of this program that
// is not SQLite's own is made here. The platform's calls are handed in, `Deno` being one that fits.

/** An open file. */
export interface OpenFile extends Disposable {
  /** Writes some of the bytes; how many. */
  writeSync(bytes: Uint8Array): number;
  /** Waits until all of it is on the disk. */
  syncSync(): void;
}

/** The calls of a file system. */
export interface FileCalls {
  /** Makes an empty file of a name that nobody can guess, for its owner alone; its path. */
  makeTempFileSync(options: { dir: string; prefix: string; suffix: string }): string;
  /** Opens what is there. */
  openSync(path: string, options: { read?: boolean; write?: boolean }): OpenFile;
  /** Moves a file into the place of another. */
  renameSync(from: string, to: string): void;
  /** Removes a file. */
  removeSync(path: string): void;
}

/**
 * Writes a file in the place of one that is there, readable by its owner alone (0600). Where that
 * throws, the old file is as it was and nothing is left beside it.
 */
export function writePrivateFile(
  path: string,
  { bytes, files }: { bytes: Uint8Array; files: FileCalls },
): void {
  const { folder, name } = splitPath(path);
  // A name that nobody can guess: the folder may be one where others wait with a link.
  const part = files.makeTempFileSync({ dir: folder, prefix: `${name}.`, suffix: ".part" });
  try {
    writeDurably(part, { bytes, files });
    files.renameSync(part, path);
  } catch (error) {
    files.removeSync(part);
    throw error;
  }
  syncFolder(folder, files);
}

function writeDurably(
  path: string,
  { bytes, files }: { bytes: Uint8Array; files: FileCalls },
): void {
  using file = files.openSync(path, { write: true });
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  file.syncSync();
}

// What comes next may be that the device is wiped or switched off.
function syncFolder(folder: string, files: FileCalls): void {
  try {
    using file = files.openSync(folder, { read: true });
    file.syncSync();
  } catch {
    // Not every file system can; the file itself is whole all the same.
  }
}

function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf("/");
  const folder = at === -1 ? "." : at === 0 ? "/" : path.slice(0, at);
  return { folder, name: path.slice(at + 1) };
}
