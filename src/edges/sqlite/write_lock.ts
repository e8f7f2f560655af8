// One process per data folder. The lock is the kernel's (flock), so it ends with the process
// however that ends; the file only carries it, and the number of the process that holds it.

import { LockedError } from "../../base/locked_error.ts";
import { LOCK_FILE } from "../../base/own_files.ts";
import { DatabaseUnusableError } from "./database.ts";

/** Takes the lock of a data folder until the result is called; throws LockedError. */
export function takeWriteLock(folder: string): () => void {
  const path = `${folder}/${LOCK_FILE}`;
  refuseLink(path);
  const file = Deno.openSync(path, {
    create: true,
    read: true,
    write: true,
    mode: 0o600,
  });
  if (!file.tryLockSync(true)) {
    const pid = readText(file);
    file.close();
    throw new LockedError(folder, pid);
  }
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(String(Deno.pid)));
  } catch (error) {
    file.close();
    throw error;
  }
  return () => file.close();
}

// Root may work on a folder of another user's, whose link would lead it anywhere.
function refuseLink(path: string): void {
  try {
    if (Deno.lstatSync(path).isFile) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new DatabaseUnusableError(path, "it is not a regular file");
}

function readText(file: Deno.FsFile): string {
  const buffer = new Uint8Array(32);
  const length = file.readSync(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length)).trim();
}
