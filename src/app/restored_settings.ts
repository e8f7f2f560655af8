// The changed settings of a backup on their way back. They win over the owner's file and may open
// doors, so they take the place of none that the device has.

import { utf8 } from "../base/bytes.ts";
import { privateFiles } from "../edges/platform/private_files.ts";
import { SETTINGS_FILE } from "../features/settings/settings_file.ts";

/** What becomes of the changed settings of a backup. */
export interface RestoredSettings {
  /** `taken`: the device has none; `kept`: it has others, and keeps them. */
  readonly kind: "same" | "taken" | "kept";
  /** The device's file. */
  readonly file: string;
  /** Where the backup's are, if the device keeps its own. */
  readonly besideIt: string;
  /** What the backup's say. */
  readonly text: string;
}

/** Compares the settings of a backup, if it has any, with those in a data folder. */
export function compareSettings(
  dataDir: string,
  text: string | undefined,
): RestoredSettings | undefined {
  if (text === undefined) return undefined;
  const file = `${dataDir}/${SETTINGS_FILE}`;
  const own = readIfThere(file);
  const kind = own === undefined ? "taken" : own === text ? "same" : "kept";
  return { kind, file, besideIt: `${file}.restored`, text };
}

/**
 * Does the work with the settings on the disk already, so that a full disk spoils neither, and puts
 * them in their place after it. Where that throws, the settings are as they were.
 */
export function withSettings<Result>(
  settings: RestoredSettings | undefined,
  work: () => Result,
): Result {
  if (settings === undefined || settings.kind === "same") return work();
  const { kind, file, besideIt, text } = settings;
  privateFiles.write(besideIt, utf8(text));
  try {
    const result = work();
    if (kind === "taken") Deno.renameSync(besideIt, file);
    return result;
  } catch (error) {
    privateFiles.remove(besideIt);
    throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
