// The library of the device: its index, its sources and the scans between them. Without a [[library]]
// nothing of it is opened, and the first one waits for a restart.

import type { Edges } from "./edges.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Frontend } from "../features/library/frontend.ts";
import type { LibrarySettings } from "../features/library/library_settings.ts";
import { LibraryWatch } from "../features/library/library_watch.ts";
import { librarySources } from "../features/library/library_sources.ts";
import type { MediaLibrary } from "../features/library/media_library.ts";
import { noLibrary } from "../features/library/no_library.ts";
import { LibraryScanner } from "../features/library/scanner.ts";
import { SystemCatalogue } from "../features/library/system_catalogue.ts";
import { showDatabase } from "../features/rpc/methods/media_methods.ts";
import type { Notifications } from "../features/rpc/notifications.ts";
import type { Config } from "../features/settings/settings_table.ts";

/** Options of {@linkcode openLibrary}. */
export interface OpenLibraryOptions {
  config: Config;
  edges: Edges;
  /** The variables of the service, which name the user's home folder. */
  environment: Readonly<Record<string, string>>;
  lifetime: Lifetime;
  notifications: Pick<Notifications, "publish">;
  clock: Clock;
  log: Logger;
}

/** The library of a running service. */
export interface OpenLibrary {
  readonly media: MediaLibrary;
  /** Whether the owner had configured one when the service started. */
  readonly isConfigured: boolean;
  /** The frontend over which media are launched, where one is. */
  readonly frontend: () => Frontend | undefined;
  /** The frontend answers again; what it alone can tell is scanned then, where it was not there. */
  readonly frontendAnswers: () => void;
  /** Puts other sources in force and scans them. */
  readonly replaceSources: (libraries: readonly LibrarySettings[]) => void;
}

/** Opens the library and begins to scan it. */
export function openLibrary(options: OpenLibraryOptions): OpenLibrary {
  const { config, edges, environment, lifetime, notifications, clock, log } = options;
  if (config.libraries.length === 0) {
    return {
      media: noLibrary(),
      isConfigured: false,
      frontend: () => undefined,
      frontendAnswers: () => {},
      replaceSources: () => {},
    };
  }
  const { index, writer, onRemade, close } = edges.openLibraryIndex({
    dataDir: config.service.dataDir,
    log,
  });
  lifetime.late(close);
  const files = edges.createLibraryFiles(environment["HOME"]);
  const frontend = edges.createEmulationStation({ fetch: edges.fetch, clock });
  const catalogue = new SystemCatalogue();
  let { libraries } = config;
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
    watcher: edges.folderWatcher,
    systems: () => catalogue.list(),
    foldersIn: (folder, limit) => writer.foldersIn(folder, limit),
    scans: scanner,
    clock,
    log,
  });
  lifetime.early(() => watch.close());
  scanner.subscribe((progress) => {
    const database = showDatabase(progress, { isThere: true, totalMedia: index.total() });
    notifications.publish("media.indexing", database);
  });
  scanner.request();
  return {
    media: { index, catalogue, scans: scanner, files },
    isConfigured: true,
    frontend: () => libraries.some(({ source }) => source !== "folder") ? frontend : undefined,
    frontendAnswers: () => {
      const isMissing = libraries.some(({ source }) => source === "emulationstation_http") &&
        !catalogue.list().some(({ launch }) => launch.kind === "emulationstation_http");
      if (isMissing) scanner.request();
    },
    replaceSources: (next) => {
      if (JSON.stringify(next) === JSON.stringify(libraries)) return;
      libraries = next;
      sources = librarySources(libraries, { files, frontend });
      scanner.restart();
    },
  };
}
