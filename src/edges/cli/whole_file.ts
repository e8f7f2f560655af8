// Files that hold secrets: written whole or not at all, and closed to others from their first byte
// on.

import { basename, dirname } from "node:path";
import { CommandError } from "./command.ts";
import { whyNot } from "./owner_files.ts";

/**
 * Writes a file that its owner alone may read, in the place of one that is there. Throws CommandError
 * and leaves nothing behind where that fails.
 */
export function writeWholeFile(file: string, bytes: Uint8Array): void {
  let part: string | undefined;
  try {
    // A name that nobody can guess: the folder may be one where others wait with a link.
    part = Deno.makeTempFileSync({ dir: dirname(file), prefix: `${basename(file)}.` });
    writeDurably(part, bytes);
    Deno.renameSync(part, file);
  } catch (error) {
    if (part !== undefined) Deno.removeSync(part);
    throw new CommandError(`Cannot write ${file}: ${whyNot(error)}`, { cause: error });
  }
  syncFolder(dirname(file));
}

function writeDurably(file: string, bytes: Uint8Array): void {
  using handle = Deno.openSync(file, { write: true });
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(handle.writeSync(rest));
  handle.syncSync();
}

// What comes next may be that the device is wiped or switched off.
function syncFolder(folder: string): void {
  try {
    using handle = Deno.openSync(folder);
    handle.syncSync();
  } catch {
    // Not every file system can; the file itself is whole all the same.
  }
}
