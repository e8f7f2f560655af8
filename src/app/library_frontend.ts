// The frontend that a library asks and tells, which is believed only while the port is its own.

import type { Lifetime } from "./lifetime.ts";
import type { SystemLibraryEdges } from "./library_edges.ts";
import { asError } from "../base/app_error.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { PortOwners } from "../edges/platform/port_owner.ts";
import type { Frontend } from "../features/library/frontend.ts";

/** Options of {@linkcode openLibraryFrontend}. */
export interface LibraryFrontendOptions {
  edges: SystemLibraryEdges;
  /** Whether a source in force may ask it; one that comes later may, too. */
  isNeeded: boolean;
  lifetime: Lifetime;
  clock: Clock;
  log: Logger;
}

/** The EmulationStation of this device, whether it runs or not; never throws. */
export function openLibraryFrontend(options: LibraryFrontendOptions): Frontend {
  const { edges, isNeeded, lifetime, clock, log } = options;
  let owners: PortOwners | undefined;
  const open = (): PortOwners => owners ??= edges.openPortOwners();
  lifetime.late(() => owners?.close());
  // A service with no other source gives up the right to start programs, the shell among them.
  if (isNeeded) {
    try {
      open();
    } catch (error) {
      const { message: reason } = asError(error);
      log.warn("Nobody can tell whether EmulationStation has its port", { reason });
    }
  }
  const fetch = edges.askOwnedPort({
    fetch: edges.fetch,
    isOwned: async () => await edges.hasEmulationStationPort(open()),
    clock,
  });
  return edges.createEmulationStation({ fetch, clock });
}
