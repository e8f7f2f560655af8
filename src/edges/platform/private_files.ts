// Files that only their owner may read, written whole or not at all.

import type { PrivateFiles } from "../../features/screen/picture_file_display.ts";

/** Files in the real file system. */
export const privateFiles: PrivateFiles = {
  write(path: string, bytes: Uint8Array): void {
    const part = `${path}.part`;
    const file = Deno.openSync(part, { create: true, truncate: true, write: true, mode: 0o600 });
    try {
      writeAll(file, { part, bytes });
      Deno.renameSync(part, path);
    } catch (error) {
      privateFiles.remove(part);
      throw error;
    }
  },
  remove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
};

function writeAll(file: Deno.FsFile, { part, bytes }: { part: string; bytes: Uint8Array }): void {
  try {
    Deno.chmodSync(part, 0o600);
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
    file.syncSync();
  } finally {
    file.close();
  }
}
