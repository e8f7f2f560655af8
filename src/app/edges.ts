// Everything of the outside world that a service opens, in one list: a test puts its own in the
// place of some (a store in memory, listeners without sockets) and runs the rest as it is.

import { type Listeners, type ListenersOptions, startListeners } from "../edges/http/listeners.ts";
import { createActionStarter } from "../edges/platform/action_starter.ts";
import { watchButtons } from "../edges/platform/buttons.ts";
import { openDisplays } from "../edges/platform/displays.ts";
import {
  environment,
  hostName,
  interfaceAddresses,
  ownAddresses,
  platformName,
  reachableUrls,
} from "../edges/platform/host.ts";
import { lookAtMedia } from "../edges/platform/media_files.ts";
import { dropPermissions } from "../edges/platform/permissions.ts";
import { privateFiles } from "../edges/platform/private_files.ts";
import { type DueRestart, prepareRestart } from "../edges/platform/process_restart.ts";
import { openFileLimit, residentBytes, watchEventLoop } from "../edges/platform/vitals.ts";
import { loadPlatformAead } from "../edges/platform/sync_aead.ts";
import { openServedStores } from "../edges/sqlite/stores.ts";
import type { OpenMdnsSocket } from "../features/discovery/mdns_socket.ts";
import type { Logger } from "../base/log.ts";
import { VERSION } from "../version.ts";
import type { SystemLibraryEdges } from "./library_edges.ts";
import { openModels } from "./models.ts";

/** The outside world of this process. */
export const systemEdges = {
  openStores: openServedStores,
  loadLibrary: async (): Promise<SystemLibraryEdges> =>
    (await import("./library_edges.ts")).libraryEdges,
  openDisplays,
  openModels,
  watchEventLoop,
  createActionStarter,
  lookAtMedia,
  startListeners: (options: ListenersOptions): Promise<Listeners> =>
    startListeners({ ...options, maxDescriptors: openFileLimit() }),
  // Its packages cost more than the rest of a start, and not every device announces itself.
  loadMdns: async (): Promise<OpenMdnsSocket> =>
    await (await import("../edges/platform/mdns.ts")).loadMdns(),
  loadAead: loadPlatformAead,
  watchButtons,
  dropPermissions,
  prepareRestart: ({ log }: { log: Logger }): DueRestart | undefined =>
    prepareRestart({
      cacheFolder: environment()["DENO_DIR"],
      program: Deno.mainModule,
      versions: `${VERSION} ${Deno.version.deno} ${Deno.version.v8}`,
      log,
    }),
  upgradeWebSocket: Deno.upgradeWebSocket,
  files: privateFiles,
  environment,
  hostName,
  platformName,
  interfaceAddresses,
  ownAddresses,
  reachableUrls,
  residentBytes,
};

/** What a service opens of the outside world. */
export type Edges = typeof systemEdges;
