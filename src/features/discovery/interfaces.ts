// Which of a machine's interfaces other people's devices can be behind. Bridges, tunnels and the like
// that software made lead to itself, or to networks that the device was not meant to be found in.

import { isInRange, parseAddressRange } from "../../base/address_range.ts";

/** An address of an interface, as the system lists them. */
export interface InterfaceAddress {
  /** The interface's name. */
  readonly name: string;
  /** The protocol. */
  readonly family: "IPv4" | "IPv6";
  /** The address. */
  readonly address: string;
  /** The address with the length of its network's prefix, such as "192.168.1.5/24". */
  readonly cidr: string;
  /** The hardware address. */
  readonly mac: string;
  /** The number of the interface, where the address is an IPv6 one of its link alone. */
  readonly scopeId: number | undefined;
}

/** An interface to announce on. */
export interface RealInterface {
  /** Its name. */
  readonly name: string;
  /** Its IPv4 addresses; at least one. */
  readonly addresses: readonly string[];
  /** Its IPv6 addresses. */
  readonly addresses6: readonly string[];
  /** Its IPv4 networks, as {@linkcode InterfaceAddress.cidr}. */
  readonly networks: readonly string[];
  /** Differs where another interface has come under the same name. */
  readonly identity: string;
}

/** How the names of interfaces begin that are not real. */
export const VIRTUAL_PREFIXES: readonly string[] = [
  "br-",
  "cali",
  "cni",
  "docker",
  "dummy",
  "flannel",
  "gre",
  "ifb",
  "ipsec",
  "kube",
  "lo",
  "lxc",
  "lxd",
  "macvtap",
  "p2p-dev",
  "podman",
  "ppp",
  "sit",
  "tailscale",
  "tap",
  "tun",
  "utun",
  "vboxnet",
  "veth",
  "virbr",
  "vmnet",
  "vnet",
  "vxlan",
  "wg",
  "zt",
];

/** The real interfaces with an IPv4 address, by name. */
export function realInterfaces(addresses: readonly InterfaceAddress[]): RealInterface[] {
  const names = [...new Set(addresses.map(({ name }) => name))].filter(isReal).sort();
  return names.map((name) => {
    const own = addresses.filter((address) => address.name === name);
    const of = (family: string): string[] =>
      own.filter((address) => address.family === family).map(({ address }) => address).sort();
    return {
      name,
      addresses: of("IPv4").filter((address) => !address.startsWith("127.")),
      networks: own.filter(({ family }) => family === "IPv4").map(({ cidr }) => cidr).sort(),
      // One of the link alone needs a zone, which a record cannot carry.
      addresses6: of("IPv6").filter((address) => address !== "::1" && !isOfLinkAlone(address)),
      identity: own.map(({ mac, scopeId = 0 }) => `${mac} ${scopeId}`).sort().join(),
    };
  }).filter((found) => found.addresses.length > 0);
}

function isOfLinkAlone(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

function isReal(name: string): boolean {
  // "lo" alone is the loopback; a real one may be called lorem0.
  return !VIRTUAL_PREFIXES.some((prefix) =>
    prefix === "lo" ? name === "lo" : name.startsWith(prefix)
  );
}

/** Whether an IPv4 address is in one of the networks. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  return networks.some((network) => {
    const range = parseAddressRange(network);
    return range !== undefined && isInRange(address, range);
  });
}
