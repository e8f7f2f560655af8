// A library that the owner has configured: its index, its sources, the scans between them, and the
// watches that begin new ones.

import type { SystemLibraryEdges } from "./library_edges.ts";
import type { OpenLibrary, OpenLibraryOptions } from "./open_library.ts";
import { openLibraryFrontend } from "./library_frontend.ts";
import { FrontendPlayer } from "../features/library/frontend_player.ts";
import { LibraryWatch } from "../features/library/library_watch.ts";
import { hasFrontend } from "../features/library/library_settings.ts";
import type { LibrarySource } from "../features/library/library_source.ts";
import { librarySources } from "../features/library/library_sources.ts";
import { MediaLauncher } from "../features/library/media_launcher.ts";
import { LibraryScanner } from "../features/library/scanner.ts";
import { SilentSources } from "../features/library/silent_sources.ts";
import { SystemCatalogue } from "../features/library/system_catalogue.ts";
import { MediaView } from "../features/rpc/media_view.ts";
import { showDatabase } from "../features/rpc/methods/media_methods.ts";

/** Opens the library and begins to scan it. */
export function openConfiguredLibrary(
  options: OpenLibraryOptions,
  edges: SystemLibraryEdges,
): OpenLibrary {
  const { config, environment, lifetime, notifications, clock, log } = options;
  const { index, writer, onRemade, close } = edges.openLibraryIndex({
    dataDir: config.service.dataDir,
    log,
  });
  lifetime.late(close);
  const files = edges.createLibraryFiles(environment["HOME"]);
  const catalogue = new SystemCatalogue();
  let { libraries } = config;
  const frontend = openLibraryFrontend({
    edges,
    isNeeded: hasFrontend(libraries),
    lifetime,
    clock,
    log,
  });
  let sources = librarySources(libraries, { files, frontend });
  const scanner = new LibraryScanner({
    sources: () => sources,
    writer,
    onSystems: (systems) => catalogue.replace(systems),
    clock,
    log,
  });
  lifetime.early(() => scanner.close());
  onRemade(() => scanner.restart());
  const watch = new LibraryWatch({
    lookAt: edges.lookAtMediaFolder,
    systems: () => catalogue.list(),
    foldersIn: (folder, limit) =>
      [...writer.foldersIn(folder, limit), ...files.bareFoldersIn(folder)].slice(0, limit),
    scans: scanner,
    clock,
    log,
  });
  lifetime.early(() => watch.close());
  const silent = new SilentSources({
    sources: () => sources.filter((_, at) => libraries[at]?.source === "emulationstation_http"),
    systems: () => catalogue.list(),
    scans: scanner,
    clock,
  });
  lifetime.early(() => silent.close());
  scanner.subscribe((progress) => {
    const database = showDatabase(progress, { isThere: true, totalMedia: index.total() });
    notifications.publish("media.indexing", database);
  });
  scanner.request();
  const imageFolders = (): string[] => libraries.flatMap((library) => library.imageFolders);
  const media = { index, catalogue, scans: scanner, files, imageFolders };
  return {
    media,
    isConfigured: true,
    createLaunch: ({ screen, start, favorites, lookAt }) => {
      const view = new MediaView({ library: media, favorites });
      const player = new FrontendPlayer({
        frontend: () => hasFrontend(libraries) ? frontend : undefined,
        screen,
        isWatched: () => notifications.isHeard,
        onAnswering: () => void silent.ask(),
        describe: (game) => view.running(game),
        clock,
        log,
      });
      lifetime.early(() => player.close());
      screen.lookBy(() => player.refresh());
      notifications.whenHeard(() => player.look());
      const launcher = new MediaLauncher({
        catalogue,
        screen,
        lookAt,
        start,
        frontend: player,
        describe: (found, system) => view.launched(found, system),
        clock,
        log,
      });
      lifetime.early(() => launcher.close());
      return (found, token) => launcher.launch(found, token);
    },
    replaceSources: (next) => {
      if (JSON.stringify(next) === JSON.stringify(libraries)) return;
      sources = sourcesOf(next);
      libraries = next;
      scanner.restart();
    },
  };

  // What stays as it is goes on as it was.
  function sourcesOf(next: typeof libraries): LibrarySource[] {
    const known = libraries.map((library) => JSON.stringify(library));
    return next.flatMap((library) =>
      sources[known.indexOf(JSON.stringify(library))] ??
        librarySources([library], { files, frontend })
    );
  }
}
