// Files that a command writes and that hold secrets.

import { writePrivateFile } from "../../base/private_file.ts";
import { CommandError } from "./command.ts";
import { whyNot } from "./owner_files.ts";

/**
 * Writes a file that its owner alone may read, in the place of one that is there. Throws CommandError
 * and leaves nothing behind where that fails.
 */
export function writeWholeFile(file: string, bytes: Uint8Array): void {
  try {
    writePrivateFile(file, { bytes, files: Deno });
  } catch (error) {
    throw new CommandError(`Cannot write ${file}: ${whyNot(error)}`, { cause: error });
  }
}
