// Files that only their owner may read, in the real file system.

import { writePrivateFile } from "../../base/private_file.ts";
import type { PrivateFiles } from "../../features/screen/picture_file_display.ts";

/** Files in the real file system. */
export const privateFiles: PrivateFiles = {
  write: (path: string, bytes: Uint8Array) => writePrivateFile(path, { bytes, files: Deno }),
  remove(path: string): void {
    try {
      if (Deno.lstatSync(path).isFile) Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
};
