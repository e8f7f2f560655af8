// What the page at /app/ tells of the device before anybody has paired.

import { type AppPage, createAppPage } from "../edges/http/page/app_page.ts";
import { hostLabel, instanceLabel } from "../features/discovery/instance_name.ts";
import type { LiveSettings } from "../features/settings/live_settings.ts";
import type { Edges } from "./edges.ts";
import type { ServiceStatus } from "./service_status.ts";

/** The parts that the page is told of. */
export interface ServedPageParts {
  settings: LiveSettings;
  status: ServiceStatus;
  edges: Pick<Edges, "hostName" | "reachableUrls">;
}

/**
 * The page. Its name of the device is the one that the announcement tells everybody in the network;
 * a device that is not announced tells none.
 */
export function createServedPage({ settings, status, edges }: ServedPageParts): AppPage {
  return createAppPage({
    publicName: () => {
      const { enabled, instanceName } = settings.current.discovery;
      return enabled ? instanceLabel(instanceName ?? hostLabel(edges.hostName())) : undefined;
    },
    reachableUrl: () => status.addresses(edges.reachableUrls)[0],
  });
}
