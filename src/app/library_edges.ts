// What a library opens of the outside world; loaded where one is configured alone.

import { createEmulationStation } from "../edges/platform/emulation_station.ts";
import { folderWatcher } from "../edges/platform/folder_watcher.ts";
import { createLibraryFiles } from "../edges/platform/library_files.ts";
import { openLibraryIndex } from "../edges/sqlite/media_index_store.ts";

/** The outside world of a library. */
export const libraryEdges = {
  openLibraryIndex,
  createLibraryFiles,
  createEmulationStation,
  folderWatcher,
  fetch: (url: string, init: RequestInit): Promise<Response> => fetch(url, init),
};

/** What a library opens of the outside world. */
export type SystemLibraryEdges = typeof libraryEdges;
