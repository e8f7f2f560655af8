// Everything of the outside world that a service opens, in one list: a test puts its own in the
// place of some (a store in memory, listeners without sockets) and runs the rest as it is.

import { startListeners } from "../http/listeners.ts";
import { createActionStarter } from "../platform/action_process.ts";
import { watchButtons } from "../platform/buttons.ts";
import { openDisplays } from "../platform/displays.ts";
import {
  environment,
  hostName,
  interfaceAddresses,
  ownAddresses,
  pairingUrl,
  platformName,
} from "../platform/host.ts";
import { loadMdns } from "../platform/mdns.ts";
import { dropPermissions } from "../platform/permissions.ts";
import { privateFiles } from "../platform/private_files.ts";
import { residentBytes, watchEventLoop } from "../platform/vitals.ts";
import { openStores } from "../sqlite/stores.ts";
import { openModels } from "./models.ts";

/** The outside world of this process. */
export const systemEdges = {
  openStores,
  openDisplays,
  openModels,
  watchEventLoop,
  createActionStarter,
  startListeners,
  loadMdns,
  watchButtons,
  dropPermissions,
  upgradeWebSocket: Deno.upgradeWebSocket,
  files: privateFiles,
  environment,
  hostName,
  platformName,
  interfaceAddresses,
  ownAddresses,
  pairingUrl,
  residentBytes,
};

/** What a service opens of the outside world. */
export type Edges = typeof systemEdges;
