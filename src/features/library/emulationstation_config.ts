// Where an EmulationStation keeps its configuration, and the systems and gamelists in it.

import { type AppError, toAppError } from "../../base/app_error.ts";
import {
  ES_SYSTEMS_FILE,
  MAX_ES_SYSTEMS_BYTES,
  mergeEsSystems,
  readEsSystems,
} from "./es_systems.ts";
import type { EsSystem } from "./es_systems.ts";
import type { FileAccess } from "./file_access.ts";
import { GAMELIST_FILE, type GamelistGame, MAX_GAMELIST_BYTES, readGamelist } from "./gamelist.ts";
import type { SourceReadOptions } from "./library_source.ts";

/** The usual places, the user's own first; `~` is the home folder. */
export const ES_CONFIG_FOLDERS: readonly string[] = [
  "~/.emulationstation",
  "/userdata/system/configs/emulationstation",
  "/storage/.config/emulationstation",
  "/etc/emulationstation",
  "/usr/share/emulationstation",
];

/** How many files es_systems_*.cfg are read. */
export const MAX_ES_ADDITIONS = 100;

const GAMELISTS_FOLDER = "gamelists";

/** The folders that are looked into, absolute. */
export function configFoldersOf(written: readonly string[], home: string | undefined): string[] {
  return (written.length > 0 ? written : ES_CONFIG_FOLDERS).flatMap((folder) => {
    if (!folder.startsWith("~/")) return [folder];
    return home === undefined ? [] : [home + folder.slice(1)];
  });
}

/**
 * The systems as EmulationStation sees them: of the first es_systems.cfg, with those of every
 * es_systems_*.cfg in all the folders. None, with a problem, where there is no such file.
 */
export async function readEsConfig(
  folders: readonly string[],
  options: SourceReadOptions & { files: FileAccess },
): Promise<EsSystem[]> {
  const { files, onProblem, signal } = options;
  const read = async (path: string): Promise<EsSystem[] | undefined> => {
    const problemOf = (message: string): void => onProblem({ path, message });
    const chunks = files.read(path, {
      maxBytes: MAX_ES_SYSTEMS_BYTES,
      onCut: () => problemOf(`it is longer than ${MAX_ES_SYSTEMS_BYTES} bytes`),
      signal,
    });
    try {
      return await readEsSystems(chunks, problemOf);
    } catch (error) {
      const { code } = refusalOf(error);
      if (code !== "not_found") problemOf("it cannot be read");
      return undefined;
    }
  };
  let systems: EsSystem[] | undefined;
  for (const folder of folders) {
    systems ??= await read(`${folder}/${ES_SYSTEMS_FILE}`);
  }
  let additions = 0;
  for (const folder of folders) {
    for (const name of (await files.namesIn(folder)).filter(isAddition).sort()) {
      if (++additions > MAX_ES_ADDITIONS) {
        onProblem({
          path: folder,
          message: `it has more than ${MAX_ES_ADDITIONS} files like ${name}`,
        });
        return systems ?? [];
      }
      systems = mergeEsSystems(systems ?? [], await read(`${folder}/${name}`) ?? []);
    }
  }
  if (systems === undefined) {
    const message = `no ${ES_SYSTEMS_FILE} is in ${folders.join(", ")}`;
    onProblem({ path: folders[0] ?? "/", message });
  }
  return systems ?? [];
}

/** The folders that have one for each system's gamelist. Of many places most have none. */
export async function gamelistFoldersIn(
  configFolders: readonly string[],
  files: FileAccess,
): Promise<string[]> {
  const found: string[] = [];
  for (const config of configFolders) {
    const folder = `${config}/${GAMELISTS_FOLDER}`;
    if ((await files.look(folder))?.kind === "folder") found.push(folder);
  }
  return found;
}

/** The games of a system's gamelist: the first that is there counts, in the folder of the system. */
export async function findGamelist(
  system: { name: string; folder: string },
  options: SourceReadOptions & { files: FileAccess; configFolders: readonly string[] },
): Promise<ReadonlyMap<string, GamelistGame>> {
  const { files, configFolders, onProblem, signal } = options;
  const { name, folder } = system;
  const places = [
    { path: `${folder}/${GAMELIST_FILE}`, within: [folder] },
    ...configFolders.map((config) => ({
      path: `${config}/${GAMELISTS_FOLDER}/${name}/${GAMELIST_FILE}`,
    })),
  ];
  for (const { path, ...limits } of places) {
    const problemOf = (message: string): void => onProblem({ path, message });
    const chunks = files.read(path, {
      ...limits,
      maxBytes: MAX_GAMELIST_BYTES,
      onCut: () => problemOf(`it is longer than ${MAX_GAMELIST_BYTES} bytes`),
      signal,
    });
    try {
      return await readGamelist(chunks, { folder, home: files.home, onProblem: problemOf });
    } catch (error) {
      refusalOf(error);
    }
  }
  return new Map();
}

function isAddition(name: string): boolean {
  return name.startsWith("es_systems_") && name.endsWith(".cfg");
}

// What is no refusal of the file is thrown again: an end that somebody asked for, a mistake of ours.
function refusalOf(error: unknown): AppError {
  const refusal = toAppError(error);
  if (refusal.code === "internal") throw error;
  return refusal;
}
