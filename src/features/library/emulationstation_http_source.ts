// A source of the kind "emulationstation_http": the systems and games that a running EmulationStation
// tells, which also launches and ends them, so that the frontend knows what plays.

import {
  configFoldersOf,
  findGamelist,
  gamelistFoldersIn,
  readEsConfig,
} from "./emulationstation_config.ts";
import type { FileAccess } from "./file_access.ts";
import { MAX_TITLE_CHARS, oneLine, titleOfFile } from "./file_title.ts";
import { namesOf } from "./emulationstation_source.ts";
import type { Frontend } from "./frontend.ts";
import { detailsOf, isTrue, resolveGamePath } from "./gamelist.ts";
import type { LibrarySettings } from "./library_settings.ts";
import { type LibrarySource, SourceAway } from "./library_source.ts";
import type { SourceReadOptions } from "./library_source.ts";
import type { FoundMedia, LibrarySystem } from "./media.ts";
import { isRunnablePath } from "./zap_script.ts";

/** The source of the EmulationStation that answers on this device. */
export function createEmulationStationHttpSource(
  { configFolders: written, exclude }: LibrarySettings,
  { files, frontend }: { files: FileAccess; frontend: Frontend },
): LibrarySource {
  const key = "emulationstation_http";
  const configFolders = configFoldersOf(written, files.home);
  /** Where the games of each system lay when the frontend last told them. */
  const knownFolders = new Map<string, string>();
  return {
    key,
    async systems(options): Promise<LibrarySystem[]> {
      const { onProblem, signal } = options;
      const told = await askSystems(frontend, options);
      if (told === undefined) return [];
      // The API does not tell folders; its configuration is not there to be complained of.
      const configured = new Map(
        (await readEsConfig(configFolders, { signal, onProblem: () => {}, files }))
          .map((system) => [system.name, system]),
      );
      const gamelistFolders = await gamelistFoldersIn(configFolders, files);
      const systems: LibrarySystem[] = [];
      for (const { name, fullName } of told.filter((system) => !exclude.includes(system.name))) {
        const fields = { ...configured.get(name)?.fields, fullname: fullName };
        // Where it does not tell them this time, their system is away and not gone.
        const folder = resolveFolder(configured.get(name)?.fields["path"], files.home) ??
          await folderOfGames(frontend, { name, signal }) ?? knownFolders.get(name);
        if (folder === undefined) {
          onProblem({ path: name, message: "its games lie in no folder" });
          continue;
        }
        knownFolders.set(name, folder);
        systems.push({
          ...namesOf({ name, fields }, folder),
          sourceKey: key,
          sourceName: name,
          folder,
          listFolders: gamelistFolders.map((one) => `${one}/${name}`),
          launch: { kind: "emulationstation_http" },
        });
      }
      return systems;
    },
    async *media(system, options): AsyncIterable<FoundMedia> {
      const { sourceName: name, folder } = system;
      if ((await files.look(folder))?.kind !== "folder") throw new SourceAway(folder);
      const written = await findGamelist({ name, folder }, { ...options, files, configFolders });
      try {
        for await (const game of frontend.games(name, options.signal)) {
          if (isTrue(game.metadata["hidden"])) continue;
          const path = resolveGamePath(game.path, { folder, home: files.home });
          if (path === undefined || !path.startsWith(`${folder}/`)) continue;
          if (!isRunnablePath(path)) {
            options.onProblem({ path, message: "its path is too long to be launched" });
            continue;
          }
          const facts = await files.look(path);
          if (facts === undefined) continue;
          const title = oneLine(game.name, MAX_TITLE_CHARS) || titleOfFile(path);
          // Pictures are told as addresses of the API, and the gamelist has their paths.
          const details = detailsOf(game.metadata, () => undefined);
          const { images } = written.get(path)?.details ?? {};
          yield {
            path,
            name: title,
            bytes: facts.bytes,
            modifiedMs: facts.modifiedMs,
            details: images === undefined ? details : { ...details, images },
          };
        }
      } catch (error) {
        options.signal.throwIfAborted();
        // Nobody may take what is not told for deleted.
        throw new SourceAway(folder, { cause: error });
      }
    },
  };
}

async function askSystems(
  frontend: Frontend,
  { signal, onProblem }: SourceReadOptions,
): Promise<Awaited<ReturnType<Frontend["systems"]>> | undefined> {
  try {
    return await frontend.systems(signal);
  } catch {
    signal.throwIfAborted();
    onProblem({ path: "127.0.0.1:1234", message: "no EmulationStation answers" });
    return undefined;
  }
}

function resolveFolder(path: string | undefined, home: string | undefined): string | undefined {
  if (path === undefined || !/^~?\//.test(path)) return undefined;
  return resolveGamePath(path, { folder: "/", home });
}

// The folder that all games of a system lie in.
async function folderOfGames(
  frontend: Frontend,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<string | undefined> {
  let common: string[] | undefined;
  try {
    for await (const { path } of frontend.games(name, signal)) {
      const parts = path.split("/").slice(0, -1);
      const shared = common ?? parts;
      const end = shared.findIndex((part, at) => part !== parts[at]);
      common = end === -1 ? shared : shared.slice(0, end);
    }
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  const folder = common?.join("/") ?? "";
  return folder === "" ? undefined : folder;
}
