// The device makes itself known in the local network: one announcement on every real interface, begun
// when the interface comes, begun anew when its addresses change, taken back at the end.

import { type Clock, every, settledWithin } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { announce, type Announcement } from "./announcement.ts";
import type { DiscoverySettings } from "./discovery_settings.ts";
import { hostLabel, instanceLabel } from "./instance_name.ts";
import { type InterfaceAddress, type RealInterface, realInterfaces } from "./interfaces.ts";
import type { OpenMdnsSocket } from "./mdns_socket.ts";

/** How often the machine's addresses are looked at, in milliseconds. */
export const LOOK_MS = 5000;

/** The first wait after a failure, in milliseconds; it doubles. */
export const MIN_RETRY_MS = 5000;

/** The longest wait after failures, in milliseconds. */
export const MAX_RETRY_MS = 300_000;

/** How long an announcement has to last until earlier failures are forgotten, in milliseconds. */
export const STEADY_MS = 60_000;

/** How long a stop waits for goodbyes, in milliseconds. */
export const GOODBYE_LIMIT_MS = 500;

/** Options of {@linkcode Discovery}. */
export interface DiscoveryOptions {
  /** Whether and under which name. */
  settings: DiscoverySettings;
  /** The machine's name. */
  hostName: string;
  /** The port of the service. */
  port: number;
  /** The machine's addresses at the moment. */
  interfaces: () => readonly InterfaceAddress[];
  /** Opens a socket on an interface. */
  openSocket: OpenMdnsSocket;
  clock: Clock;
  log: Logger;
}

interface Place {
  readonly key: string;
  announcement: Announcement | undefined;
  failures: number;
  retryAtMs: number;
  namedAtMs: number;
}

/** Announces the device. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #settings: DiscoverySettings;
  readonly #places = new Map<string, Place>();
  readonly #goodbyes = new Set<Promise<void>>();
  #ownAddresses: ReadonlySet<string> = new Set();
  #isBlind = false;
  #cancelLook: () => void;
  #isStopped = false;

  /** Begins at once, as far as the settings want it. */
  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#cancelLook = every(options.clock, LOOK_MS, () => this.#look());
    this.#look();
  }

  /** The host names under which it is announced at the moment, such as "handheld-2.local". */
  hostNames(): string[] {
    const names = [...this.#places.values()].map(({ announcement }) => announcement?.hostName());
    return [...new Set(names.filter((name) => name !== undefined))];
  }

  /** Takes other settings; what is already as they say goes on. */
  apply(settings: Pick<DiscoverySettings, "enabled" | "instanceName">): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#look();
  }

  /** Takes everything back; resolves when that is done, at most half a second later. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelLook();
    for (const name of [...this.#places.keys()]) this.#leave(name);
    const work = Promise.all(this.#goodbyes);
    await settledWithin(this.#options.clock, { work, limitMs: GOODBYE_LIMIT_MS });
  }

  #look(): void {
    if (this.#isStopped) return;
    const found = this.#settings.enabled ? this.#found() : [];
    if (found === undefined) return;
    const keys = new Map(found.map((one) => [one.name, this.#keyOf(one)]));
    for (const [name, { key }] of [...this.#places]) {
      if (keys.get(name) !== key) this.#leave(name);
    }
    for (const one of found) this.#announceOn(one);
  }

  // Undefined where nobody can tell at the moment: then everything stays as it is.
  #found(): RealInterface[] | undefined {
    const { interfaces, log } = this.#options;
    try {
      const listed = interfaces();
      this.#isBlind = false;
      this.#ownAddresses = new Set(listed.map(({ address }) => address));
      return realInterfaces(listed);
    } catch (error) {
      if (!this.#isBlind) {
        log.warn("Cannot list the network interfaces", { error: asError(error) });
      }
      this.#isBlind = true;
      return undefined;
    }
  }

  // Whatever of this changes makes another announcement of it.
  #keyOf({ addresses, addresses6, networks, scopeId, identity }: RealInterface): string {
    return JSON.stringify([
      this.#instance(),
      addresses,
      addresses6,
      networks,
      scopeId,
      identity,
    ]);
  }

  #instance(): string {
    return instanceLabel(this.#settings.instanceName ?? hostLabel(this.#options.hostName));
  }

  #announceOn(found: RealInterface): void {
    const { hostName, port, openSocket, clock, log } = this.#options;
    const { name, addresses, addresses6, networks, scopeId } = found;
    const place = this.#places.get(name) ??
      {
        key: this.#keyOf(found),
        announcement: undefined,
        failures: 0,
        retryAtMs: 0,
        namedAtMs: Infinity,
      };
    this.#places.set(name, place);
    if (place.announcement !== undefined || clock.monotonicMs() < place.retryAtMs) return;
    const failed = (error: Error): void => {
      place.announcement = undefined;
      if (clock.monotonicMs() - place.namedAtMs >= STEADY_MS) place.failures = 0;
      place.namedAtMs = Infinity;
      place.retryAtMs = clock.monotonicMs() +
        Math.min(MIN_RETRY_MS * 2 ** place.failures, MAX_RETRY_MS);
      // A fault that stays is told once.
      if (place.failures === 0) log.warn("Cannot announce the device", { interface: name, error });
      place.failures += 1;
    };
    try {
      place.announcement = announce({
        service: {
          instance: this.#instance(),
          service: this.#settings.service,
          host: hostLabel(hostName),
          port,
          addresses,
          addresses6,
        },
        place: { address: addresses[0], scopeId },
        networks,
        isOwnAddress: (address) => this.#ownAddresses.has(address),
        openSocket,
        onNamed: (instance) => {
          place.namedAtMs = clock.monotonicMs();
          log.info("Announced in the local network", { interface: name, instance });
        },
        onFailed: failed,
        clock,
      });
    } catch (error) {
      failed(asError(error));
    }
  }

  #leave(name: string): void {
    const { announcement } = this.#places.get(name) ?? {};
    this.#places.delete(name);
    if (announcement === undefined) return;
    const goodbye = announcement.stop().finally(() => this.#goodbyes.delete(goodbye));
    this.#goodbyes.add(goodbye);
  }
}
