// Which of a machine's interfaces other people's devices can be behind. Bridges, tunnels and the like
// that software made lead to itself, or to networks that the device was not meant to be found in.

import { isInRange, parseAddressRange } from "../../base/address_range.ts";

/** An address of an interface, as the system lists them. */
export interface InterfaceAddress {
  /** The interface's name. */
  readonly name: string;
  /** The protocol. */
  readonly family: "IPv4" | "IPv6";
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
  /** Its IPv4 addresses. */
  readonly addresses: readonly string[];
  /** Its IPv6 addresses, those of its link among them. */
  readonly addresses6: readonly string[];
  /** Its networks, as {@linkcode InterfaceAddress.cidr}. */
  readonly networks: readonly string[];
  /** Its number; undefined where it has no IPv6 address of its link, and so no IPv6 multicast. */
  readonly scopeId: number | undefined;
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

/** The real interfaces over which others can be reached by multicast, by name. */
export function realInterfaces(addresses: readonly InterfaceAddress[]): RealInterface[] {
  const names = [...new Set(addresses.map(({ name }) => name))].filter(isReal).sort();
  return names.map((name) => {
    const own = addresses.filter((one) =>
      one.name === name && !one.address.startsWith("127.") && one.address !== "::1"
    );
    const of = (family: string): string[] =>
      own.filter((one) => one.family === family).map(({ address }) => address).sort();
    return {
      name,
      addresses: of("IPv4"),
      // Who hears of one of the link alone knows its zone: it is where the record came from.
      addresses6: of("IPv6"),
      networks: own.map(({ cidr }) => cidr).sort(),
      scopeId: own.find(({ address, scopeId }) => scopeId !== undefined && isOfLinkAlone(address))
        ?.scopeId,
      identity: own.map(({ mac, scopeId = 0 }) => `${mac} ${scopeId}`).sort().join(),
    };
  }).filter(({ addresses: own, scopeId }) => own.length > 0 || scopeId !== undefined);
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

/** Whether an address is in one of the networks. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  return networks.some((network) => {
    const range = parseAddressRange(network);
    return range !== undefined && isInRange(address, range);
  });
}
