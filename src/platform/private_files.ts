// Files that only their owner may read, written whole or not at all.

import type { PrivateFiles } from "../display/picture_file.ts";

/** Files in the real file system. */
export const privateFiles: PrivateFiles = {
  write(path: string, bytes: Uint8Array): void {
    const part = `${path}.part`;
    Deno.writeFileSync(part, bytes, { mode: 0o600 });
    Deno.chmodSync(part, 0o600);
    Deno.renameSync(part, path);
  },
  remove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
};
