// What a library opens of the outside world; loaded where one is configured alone.

import { createEmulationStation } from "../edges/platform/emulation_station.ts";
import { lookAtMediaFolder } from "../edges/platform/folder_look.ts";
import { createLibraryFiles } from "../edges/platform/library_files.ts";
import { askOwnedPort, hasEmulationStationPort } from "../edges/platform/owned_port.ts";
import { openPortOwners } from "../edges/platform/port_owner.ts";
import { openLibraryIndex } from "../edges/sqlite/media_index_store.ts";

/** The outside world of a library. */
export const libraryEdges = {
  openLibraryIndex,
  createLibraryFiles,
  createEmulationStation,
  openPortOwners,
  hasEmulationStationPort,
  askOwnedPort,
  lookAtMediaFolder,
  fetch: (url: string, init: RequestInit): Promise<Response> => fetch(url, init),
};

/** What a library opens of the outside world. */
export type SystemLibraryEdges = typeof libraryEdges;
