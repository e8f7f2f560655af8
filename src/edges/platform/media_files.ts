// The files of media and their covers, looked at so that neither a link nor a pipe leads anywhere.

import type { CoverFile, ReadCoverOptions } from "../../features/library/cover.ts";
import type { MediaFileState } from "../../features/library/media_launcher.ts";
import { isBelow } from "../../features/library/system_catalogue.ts";
import { builtinModule } from "./builtin_module.ts";

/** What the file at a path is, as seen from the folder that it must lie in. */
export function lookAtMedia(path: string, folder: string): MediaFileState {
  try {
    const real = Deno.realPathSync(path);
    if (!isBelow(real, Deno.realPathSync(folder))) return "outside";
    return Deno.lstatSync(real).isFile ? "there" : "no_file";
  } catch {
    return "missing";
  }
}

/** Reads a picture that lies in one of the folders. */
export async function readCover(path: string, options: ReadCoverOptions): Promise<CoverFile> {
  const { folders, maxBytes } = options;
  try {
    const real = await realPathWithin(path, folders);
    if (real === undefined) return { kind: "none" };
    const file = await openFile(real);
    try {
      // A link may have been put in the place of a folder since.
      if (await realPathWithin(path, folders) !== real) return { kind: "none" };
      const { isRegular, bytes } = await statOf(file);
      if (!isRegular) return { kind: "none" };
      if (bytes > maxBytes) return { kind: "too_large" };
      return { kind: "picture", bytes: await readUpTo(file, bytes) };
    } finally {
      builtinModule("fs").close(file, () => {});
    }
  } catch {
    return { kind: "none" };
  }
}

async function realPathWithin(
  path: string,
  folders: readonly string[],
): Promise<string | undefined> {
  const real = await Deno.realPath(path);
  const realFolders = await Promise.all(
    folders.map((folder) => Deno.realPath(folder).catch(() => undefined)),
  );
  const isWithin = realFolders.some((folder) => folder !== undefined && isBelow(real, folder));
  return isWithin ? real : undefined;
}

// Neither follows a link in the last part nor waits for the other end of a pipe.
function openFile(path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { constants, open } = builtinModule("fs");
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  open(path, flags, (error, file) => error === null ? resolve(file) : reject(error));
  return promise;
}

function statOf(file: number): Promise<{ isRegular: boolean; bytes: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    { isRegular: boolean; bytes: number }
  >();
  builtinModule("fs").fstat(file, (error, stats) => {
    if (error === null) resolve({ isRegular: stats.isFile(), bytes: stats.size });
    else reject(error);
  });
  return promise;
}

async function readUpTo(file: number, maxBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const count = await readInto(file, bytes.subarray(length));
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function readInto(file: number, bytes: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  builtinModule("fs").read(file, bytes, 0, bytes.length, null, (error, count) => {
    if (error === null) resolve(count);
    else reject(error);
  });
  return promise;
}
