// The announcement in the local network, from the settings at the start and as they change. What it
// needs of the platform is loaded when it is wanted for the first time.

import type { Clock } from "../base/clock.ts";
import { asError } from "../base/app_error.ts";
import type { Logger } from "../base/log.ts";
import { Discovery } from "../features/discovery/discovery.ts";
import type { DiscoverySettings } from "../features/discovery/discovery_settings.ts";
import type { InterfaceAddress } from "../features/discovery/interfaces.ts";
import type { OpenMdnsSocket } from "../features/discovery/mdns_socket.ts";

/** Options of {@linkcode createAnnouncing}. */
export interface AnnouncingOptions {
  /** The settings at the start. */
  settings: DiscoverySettings;
  /** The machine's name. */
  hostName: string;
  /** The addresses of this machine's interfaces at the moment. */
  interfaces: () => InterfaceAddress[];
  /** Loads what opens sockets. */
  loadMdns: () => Promise<OpenMdnsSocket>;
  clock: Clock;
  log: Logger;
}

/** The announcement. */
export interface Announcing {
  /** Announces the port, where the settings want it; resolves when all that is needed was loaded. */
  start(port: number): Promise<void>;
  /** The host names under which the device is announced at the moment. */
  hostNames(): string[];
  /** Takes other settings. */
  apply(settings: Pick<DiscoverySettings, "enabled" | "instanceName">): void;
  /** Withdraws the announcement; at most half a second. */
  stop(): Promise<void>;
}

/** An announcement that has not begun. */
export function createAnnouncing(options: AnnouncingOptions): Announcing {
  const { log, clock, hostName, interfaces, loadMdns } = options;
  let { settings } = options;
  let port: number | undefined;
  let discovery: Discovery | undefined;
  let isStopped = false;

  async function begin(): Promise<void> {
    try {
      const openSocket = await loadMdns();
      if (port === undefined || isStopped || discovery !== undefined) return;
      discovery = new Discovery({ settings, hostName, port, interfaces, openSocket, clock, log });
    } catch (error) {
      log.warn("Cannot announce the device", { error: asError(error) });
    }
  }

  return {
    async start(boundPort): Promise<void> {
      port = boundPort;
      if (settings.enabled) await begin();
    },
    hostNames: () => discovery?.hostNames() ?? [],
    apply(change): void {
      settings = { ...settings, ...change };
      if (discovery !== undefined) discovery.apply(settings);
      else if (settings.enabled && port !== undefined) void begin();
    },
    async stop(): Promise<void> {
      isStopped = true;
      await discovery?.stop();
    },
  };
}
