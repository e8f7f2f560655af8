// A source of the kind "emulationstation": the systems of es_systems.cfg, the files in their folders,
// and what gamelist.xml says of them.

import { parseCommandTemplate } from "./command_template.ts";
import {
  configFoldersOf,
  findGamelist,
  gamelistFoldersIn,
  readEsConfig,
} from "./emulationstation_config.ts";
import { defaultsOf, type EsSystem, extensionsOf } from "./es_systems.ts";
import type { FileAccess } from "./file_access.ts";
import { fileName, oneLine, titleOfFile } from "./file_title.ts";
import { wantedByExtension } from "./folder_source.ts";
import { resolveGamePath } from "./gamelist.ts";
import { type LibrarySettings, MAX_SYSTEM_NAME_CHARS } from "./library_settings.ts";
import type { LibrarySource, SourceReadOptions } from "./library_source.ts";
import type { FoundMedia, LibrarySystem, SystemLaunch } from "./media.ts";
import { type KnownSystem, systemOfFolder } from "./system_ids.ts";

/** The source of the EmulationStation whose configuration lies on this device. */
export function createEmulationStationSource(
  { configFolders: written, exclude }: LibrarySettings,
  files: FileAccess,
): LibrarySource {
  const key = "emulationstation";
  const configFolders = configFoldersOf(written, files.home);
  /** What the last reading of the systems found of each, for the walk. */
  let extensions: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  return {
    key,
    async systems(options): Promise<LibrarySystem[]> {
      const found = (await readEsConfig(configFolders, { ...options, files }))
        .filter(({ name }) => !exclude.includes(name));
      extensions = new Map(found.map((system) => [system.name, extensionsOf(system)]));
      const gamelistFolders = await gamelistFoldersIn(configFolders, files);
      return found.flatMap((system) => {
        const made = systemOf(system, { key, home: files.home, ...options });
        if (made === undefined) return [];
        return {
          ...made,
          listFolders: gamelistFolders.map((folder) => `${folder}/${system.name}`),
        };
      });
    },
    async *media(system, options): AsyncIterable<FoundMedia> {
      const { sourceName: name, folder } = system;
      const isWanted = wantedByExtension(extensions.get(name) ?? new Set());
      // Begun first: a folder that is away is no reason to tell of its gamelist.
      const walk = files.walk(folder, { ...options, isWanted })[Symbol.asyncIterator]();
      try {
        let next = await walk.next();
        const games = await findGamelist({ name, folder }, { ...options, files, configFolders });
        for (; next.done !== true; next = await walk.next()) {
          const game = games.get(next.value.path);
          if (game?.isHidden === true) continue;
          const title = game?.name ?? titleOfFile(next.value.path);
          yield { ...next.value, name: title, details: game?.details ?? {} };
        }
      } finally {
        await walk.return?.();
      }
    },
  };
}

/** A system of es_systems.cfg; undefined, with a problem, where it has no folder. */
function systemOf(
  system: EsSystem,
  options: SourceReadOptions & { key: string; home: string | undefined },
): LibrarySystem | undefined {
  const { key, home, onProblem } = options;
  const { name, fields } = system;
  const path = fields["path"] ?? "";
  const folder = /^~?\//.test(path) ? resolveGamePath(path, { folder: "/", home }) : undefined;
  if (folder === undefined) {
    const message = `the system ${oneLine(name, MAX_SYSTEM_NAME_CHARS)} has no absolute <path>`;
    onProblem({ path: path || "/", message });
    return undefined;
  }
  return {
    ...namesOf(system, folder),
    sourceKey: key,
    sourceName: name,
    folder,
    launch: launchOf(system),
  };
}

/** How the media of a system are launched, as its configuration has it. */
export function launchOf(system: EsSystem): SystemLaunch {
  const { command, emulator, core, governor } = defaultsOf(system);
  const systemName = system.fields["fullname"] ?? system.name;
  const values = { system: system.name, systemName, emulator, core, governor };
  return parseCommandTemplate(command, values);
}

/** The id, name and category of a system: by its name, its folder's name or its platform. */
export function namesOf(
  { name, fields }: Pick<EsSystem, "name" | "fields">,
  folder: string,
): Pick<LibrarySystem, "id" | "name" | "category"> {
  const [platform = ""] = (fields["platform"] ?? "").split(/[\s,]+/);
  const known: KnownSystem | undefined = systemOfFolder(name) ??
    systemOfFolder(fileName(folder)) ?? systemOfFolder(platform);
  const line = oneLine(name, MAX_SYSTEM_NAME_CHARS);
  return {
    id: known?.id ?? line,
    name: oneLine(fields["fullname"] ?? "", MAX_SYSTEM_NAME_CHARS) || (known?.name ?? line),
    category: known?.category,
  };
}
