import assert from "node:assert/strict";
import {
  type InterfaceAddress,
  isInNetworks,
  realInterfaces,
  VIRTUAL_PREFIXES,
} from "../../../src/features/discovery/interfaces.ts";

const MAC = "00:00:5e:00:53:01";

function on(name: string, cidr: string): InterfaceAddress {
  const address = cidr.split("/")[0] ?? "";
  return {
    name,
    family: address.includes(":") ? "IPv6" : "IPv4",
    address,
    cidr,
    mac: MAC,
    scopeId: undefined,
  };
}

Deno.test("realInterfaces() gathers what can be told of each interface", () => {
  const found = realInterfaces([
    on("wlan0", "192.168.1.5/24"),
    on("eth0", "fd00::2/64"),
    on("eth0", "10.0.0.3/8"),
    on("eth0", "10.0.0.2/8"),
    { ...on("eth0", "fe80::1/64"), scopeId: 4 },
  ]);
  assert.deepEqual(found, [
    {
      name: "eth0",
      addresses: ["10.0.0.2", "10.0.0.3"],
      addresses6: ["fd00::2", "fe80::1"],
      networks: ["10.0.0.2/8", "10.0.0.3/8", "fd00::2/64", "fe80::1/64"],
      scopeId: 4,
      identity: `${MAC} 0,${MAC} 0,${MAC} 0,${MAC} 4`,
    },
    {
      name: "wlan0",
      addresses: ["192.168.1.5"],
      addresses6: [],
      networks: ["192.168.1.5/24"],
      scopeId: undefined,
      identity: `${MAC} 0`,
    },
  ]);
});

const REAL = [
  "eth0",
  "wlan0",
  "usb0",
  "enp3s0",
  "end0",
  "wlp2s0",
  "rndis0",
  "ap0",
  "lorem0",
  "uap0",
];
for (const name of REAL) {
  Deno.test(`${name} is real`, () => {
    assert.equal(realInterfaces([on(name, "192.168.1.5/24")]).length, 1);
  });
}

const VIRTUAL = [
  "lo",
  "docker0",
  "br-1a2b",
  "veth12",
  "wg0",
  "tailscale0",
  "tun0",
  "tap1",
  "zt5u4",
];
for (const name of [...VIRTUAL, ...VIRTUAL_PREFIXES]) {
  Deno.test(`${name} is not real`, () => {
    assert.deepEqual(realInterfaces([on(name, "192.168.1.5/24")]), []);
  });
}

Deno.test("an interface wants an address that others can reach; a link-local one is enough", () => {
  assert.deepEqual(realInterfaces([on("eth0", "127.0.0.2/8"), on("eth1", "fd00::1/64")]), []);
  assert.equal(realInterfaces([on("eth0", "169.254.7.7/16")]).length, 1);
  const [found] = realInterfaces([{ ...on("eth0", "fe80::1/64"), scopeId: 4 }]);
  assert.deepEqual([found?.addresses, found?.addresses6, found?.scopeId], [[], ["fe80::1"], 4]);
});

const NETWORKS: [string, string[], boolean][] = [
  ["192.168.1.77", ["192.168.1.5/24"], true],
  ["192.168.2.77", ["192.168.1.5/24"], false],
  ["192.168.2.77", ["10.0.0.1/8", "192.168.1.5/16"], true],
  ["192.168.1.5", ["192.168.1.5/32"], true],
  ["192.168.1.6", ["192.168.1.5/32"], false],
  ["8.8.8.8", ["1.2.3.4/0"], true],
  ["255.255.255.255", ["255.255.255.0/24"], true],
  ["fd00::1", ["192.168.1.5/24"], false],
  ["fd00::1", ["192.168.1.5/24", "fd00::2/64"], true],
  ["fe80::9", ["192.168.1.5/24", "fe80::2/64"], true],
  ["2001:db8::1", ["fd00::2/64", "fe80::2/64"], false],
  ["192.168.1.256", ["192.168.1.5/24"], false],
  ["192.168.1", ["192.168.1.5/24"], false],
  ["192.168.1.77", ["192.168.1.5"], false],
  ["192.168.1.77", ["192.168.1.5/33"], false],
  ["192.168.1.77", ["fd00::1/64"], false],
  ["192.168.1.77", [], false],
];
for (const [address, networks, isIn] of NETWORKS) {
  Deno.test(`${address} is ${isIn ? "" : "not "}in ${networks.join(" ") || "nothing"}`, () => {
    assert.equal(isInNetworks(address, networks), isIn);
  });
}
