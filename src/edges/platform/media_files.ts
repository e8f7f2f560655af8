// The file of a media, looked at right before it is launched.

import type { MediaFileState } from "../../features/library/media_launcher.ts";
import { isBelow } from "../../features/library/system_catalogue.ts";

/** What the file at a path is, as seen from the folder that it must lie in. */
export function lookAtMedia(path: string, folder: string): MediaFileState {
  try {
    const real = Deno.realPathSync(path);
    if (!isBelow(real, Deno.realPathSync(folder))) return "outside";
    const { isFile, isDirectory } = Deno.lstatSync(real);
    return isFile || isDirectory ? "there" : "no_file";
  } catch {
    return "missing";
  }
}
