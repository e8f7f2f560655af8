// What the service is doing, and how it is reached once it listens.

import type { Listeners } from "../edges/http/listeners.ts";
import type { ServiceState } from "../edges/http/routes.ts";
import { pairingUrl } from "../edges/platform/host.ts";
import { formatSocketAddress } from "../base/socket_address.ts";

/** What a service is doing, for all parts that ask. */
export class ServiceStatus {
  /** How far the service has come. */
  state: ServiceState = "starting";
  /** Whether it can keep anything. */
  areStoresUsable: () => boolean = () => true;
  #listeners: Listeners | undefined;
  readonly #wantedPort: number;

  /** A service that does not listen yet. */
  constructor(wantedPort: number) {
    this.#wantedPort = wantedPort;
  }

  /** What /health and `status` tell: a service that can keep nothing any more has failed. */
  get health(): ServiceState {
    return this.areStoresUsable() ? this.state : "failed";
  }

  /** The service listens. */
  listening(listeners: Listeners): void {
    this.#listeners = listeners;
  }

  /** The port it listens on; before that, the one it asks for. */
  get port(): number {
    return this.#listeners?.port ?? this.#wantedPort;
  }

  /** The address that other hosts reach, if any. */
  get outside(): string | undefined {
    return this.#listeners?.outside;
  }

  /** The URLs under which other hosts reach it; `urlsOf` tells those of all addresses of a machine. */
  addresses(urlsOf: (port: number) => string[]): string[] {
    const { outside, port } = this;
    if (outside === undefined) return [];
    if (outside === "::") return urlsOf(port);
    if (outside === "0.0.0.0") return urlsOf(port).filter((url) => !url.includes("["));
    return [`http://${formatSocketAddress({ hostname: outside, port })}`];
  }

  /** What a phone opens to pair with a PIN; undefined where no other host reaches the service. */
  pairingUrl(pin: string, urlsOf: (port: number) => string[]): string | undefined {
    return pairingUrl(pin, this.addresses(urlsOf)[0]);
  }

  /** Numbers of the guard; undefined without one. */
  guardCounts(): ReturnType<Listeners["counts"]> {
    return this.#listeners?.counts();
  }
}
