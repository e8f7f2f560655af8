// The log of a database after a failed sync. The kernel counts its pages as written and may have
// forgotten them, so that another sync would succeed for nothing: each byte is written once more, which
// makes the pages count as unwritten, and then a sync tells the truth. What the kernel has forgotten
// reads as it was on the disk, and SQLite's checksums find it when the database is opened.

const PIECE_BYTES = 64 * 1024;

/** Writes each byte of a log again in its place, and waits until it is on the disk. */
export async function rewriteLog(path: string): Promise<void> {
  using file = openIfThere(path);
  if (file === undefined) return;
  const piece = new Uint8Array(PIECE_BYTES);
  for (let at = 0;;) {
    file.seekSync(at, Deno.SeekMode.Start);
    const length = file.readSync(piece);
    if (length === null) break;
    file.seekSync(at, Deno.SeekMode.Start);
    for (let rest = piece.subarray(0, length); rest.length > 0;) {
      rest = rest.subarray(file.writeSync(rest));
    }
    at += length;
  }
  await file.syncData();
}

// A database that could be opened and closed again has none left.
function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
