// What the system says of itself.

import type { InterfaceAddress } from "../../features/discovery/interfaces.ts";
import { formatSocketAddress } from "../../base/socket_address.ts";

/** What a machine that nobody gave a name is called. */
const UNNAMED = "Latchkey";

/** The machine's name, for people. */
export function hostName(): string {
  return nameOfHost(Deno.hostname());
}

/** A host name as people may see it: what a kernel says that was given none is no name. */
export function nameOfHost(name: string): string {
  return ["", "(none)", "localhost", "localhost.localdomain"].includes(name) ? UNNAMED : name;
}

/** The kind of system, as `version` tells it. */
export function platformName(): string {
  return Deno.build.os;
}

/** The variables that this process was started with. */
export function environment(): Record<string, string> {
  return Deno.env.toObject();
}

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/**
 * Makes this process connect to nobody but those it names: the platform would otherwise ask a proxy,
 * for loopback too. To be called before the first request.
 */
export function connectDirectly(): void {
  for (const name of PROXY_VARIABLES) {
    Deno.env.delete(name);
    Deno.env.delete(name.toLowerCase());
  }
}

/** The addresses of this machine's interfaces at the moment, with the interfaces' names. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Deno.networkInterfaces().map(({ name, family, address, cidr, mac, scopeid }) => ({
    name,
    family,
    address,
    cidr,
    mac,
    scopeId: scopeid ?? undefined,
  }));
}

/** The addresses of this machine's interfaces at the moment. */
export function ownAddresses(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address);
}

/**
 * The URLs under which other hosts most likely reach this one, IPv4 before IPv6; without the
 * addresses that are of use on one link or on this machine alone.
 */
export function reachableUrls(port: number): string[] {
  const outer = Deno.networkInterfaces().filter(({ name, address }) =>
    name !== "lo" && !address.startsWith("127.") && !address.startsWith("fe80:")
  );
  return outer
    .toSorted((a, b) => Number(a.family === "IPv6") - Number(b.family === "IPv6"))
    .map(({ address }) => `http://${formatSocketAddress({ hostname: address, port })}`);
}

/** What a phone opens to pair with a PIN: the pairing page under an address of the device. */
export function pairingUrl(pin: string, baseUrl: string | undefined): string | undefined {
  return baseUrl && `${baseUrl}/app/#pair=${pin}`;
}
