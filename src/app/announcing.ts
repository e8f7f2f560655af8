// The announcement in the local network, from the settings at the start and as they change. What it
// needs of the platform is loaded when it is wanted for the first time.

import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { Discovery } from "../discovery/discovery.ts";
import type { DiscoverySettings } from "../discovery/discovery_settings.ts";
import { interfaceAddresses } from "../platform/host.ts";
import { loadMdns } from "../platform/mdns.ts";

/** Options of {@linkcode startAnnouncing}. */
export interface AnnouncingOptions {
  /** The settings at the start. */
  settings: DiscoverySettings;
  /** The machine's name. */
  hostName: string;
  /** The port of the service. */
  port: number;
  /** Time. */
  clock: Clock;
  /** The log. */
  log: Logger;
}

/** The announcement. */
export interface Announcing {
  /** Takes other settings. */
  apply(settings: Pick<DiscoverySettings, "enabled" | "instanceName">): void;
  /** Takes it back; at most half a second. */
  stop(): Promise<void>;
}

/** Starts announcing, where the settings want it; resolves when all that is needed was loaded. */
export async function startAnnouncing(options: AnnouncingOptions): Promise<Announcing> {
  const { log, clock, hostName, port } = options;
  let { settings } = options;
  let discovery: Discovery | undefined;
  let isStopped = false;

  async function begin(): Promise<void> {
    try {
      const openSocket = await loadMdns();
      if (isStopped || discovery !== undefined) return;
      const interfaces = interfaceAddresses;
      discovery = new Discovery({ settings, hostName, port, interfaces, openSocket, clock, log });
    } catch (error) {
      log.warn("Cannot announce the device", { error: asError(error) });
    }
  }

  if (settings.enabled) await begin();
  return {
    apply(change): void {
      settings = { ...settings, ...change };
      if (discovery !== undefined) discovery.apply(settings);
      else if (settings.enabled) void begin();
    },
    async stop(): Promise<void> {
      isStopped = true;
      await discovery?.stop();
    },
  };
}
