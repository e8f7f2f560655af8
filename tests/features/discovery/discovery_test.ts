import assert from "node:assert/strict";
import { PROBE_MS, PROBES } from "../../../src/features/discovery/announcement.ts";
import {
  Discovery,
  GOODBYE_LIMIT_MS,
  LOOK_MS,
  MAX_RETRY_MS,
  MIN_RETRY_MS,
  STEADY_MS,
} from "../../../src/features/discovery/discovery.ts";
import type { DiscoverySettings } from "../../../src/features/discovery/discovery_settings.ts";
import type { InterfaceAddress } from "../../../src/features/discovery/interfaces.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeMdns, type FakeMdnsSocket } from "../../support/fake_mdns.ts";

const SETTINGS: DiscoverySettings = {
  enabled: true,
  instanceName: undefined,
  service: "_zaparoo._tcp",
};

interface Fixture {
  discovery: Discovery;
  sockets: FakeMdnsSocket[];
  failures: string[];
  clock: FakeClock;
  warnings: string[];
  network: { addresses: InterfaceAddress[]; isBroken: boolean };
  /** The names under which the device is known at the moment, with the interface's address. */
  known(): string[];
}

function fixture(
  settings: Partial<DiscoverySettings> = {},
  addresses: InterfaceAddress[] = [on("eth0", "192.0.2.2")],
): Fixture {
  const { openSocket, sockets, failures } = fakeMdns();
  const clock = new FakeClock();
  const warnings: string[] = [];
  const network = { addresses, isBroken: false };
  const discovery = new Discovery({
    settings: { ...SETTINGS, ...settings },
    hostName: "handheld.home",
    port: 7497,
    interfaces: () => {
      if (network.isBroken) throw new Error("EMFILE");
      return network.addresses;
    },
    openSocket,
    clock,
    log: { ...silentLogger, warn: (message) => warnings.push(message) },
  });
  const known = (): string[] =>
    sockets.flatMap(({ address, answers }) => {
      const last = answers.at(-1)?.answers.find(({ type }) => type === "SRV");
      return last === undefined || last.ttl === 0 ? [] : [`${address} ${last.name}`];
    });
  return { discovery, sockets, failures, clock, warnings, network, known };
}

function on(name: string, address: string): InterfaceAddress {
  return {
    name,
    family: "IPv4",
    address,
    cidr: `${address}/24`,
    mac: "00:00:5e:00:53:01",
    scopeId: undefined,
  };
}

// One who says that a name is somebody's.
function told(
  name: string,
): { answers: { name: string; type: string; ttl: number; data: string }[] } {
  return { answers: [{ name, type: "A", ttl: 120, data: "192.0.2.99" }] };
}

const NAMED_MS = PROBES * PROBE_MS;

Deno.test("the device is announced on every real interface, by the host's name", async () => {
  const { discovery, clock, known } = fixture({}, [
    on("eth0", "192.0.2.2"),
    on("wlan0", "198.51.100.2"),
    on("docker0", "172.17.0.1"),
    on("lo", "127.0.0.1"),
  ]);
  clock.advance(NAMED_MS);
  assert.deepEqual(known(), [
    "192.0.2.2 handheld._zaparoo._tcp.local",
    "198.51.100.2 handheld._zaparoo._tcp.local",
  ]);
  await discovery.stop();
  assert.deepEqual(known(), []);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a network that comes late is found", () => {
  const { clock, network, known } = fixture({}, []);
  clock.advance(LOOK_MS);
  network.addresses = [on("wlan0", "192.0.2.2")];
  clock.advance(LOOK_MS + NAMED_MS);
  assert.deepEqual(known(), ["192.0.2.2 handheld._zaparoo._tcp.local"]);
});

Deno.test("a changed address is announced anew and the old one taken back", async () => {
  const { clock, network, known, sockets } = fixture();
  clock.advance(NAMED_MS);
  network.addresses = [on("eth0", "192.0.2.3")];
  clock.advance(LOOK_MS + NAMED_MS);
  assert.deepEqual(known(), ["192.0.2.3 handheld._zaparoo._tcp.local"]);
  await Promise.resolve();
  assert.deepEqual(sockets.map((socket) => socket.isClosed()), [true, false]);
});

Deno.test("an interface that goes is left", () => {
  const { clock, network, known } = fixture();
  clock.advance(NAMED_MS);
  network.addresses = [];
  clock.advance(LOOK_MS);
  assert.deepEqual(known(), []);
});

Deno.test("while nothing changes nothing is begun anew", () => {
  const { clock, sockets } = fixture();
  clock.advance(100 * LOOK_MS);
  assert.equal(sockets.length, 1);
  assert.equal(sockets[0]?.answers.length, 2);
});

Deno.test("apply() turns the announcement off and on and renames it", () => {
  const { discovery, clock, known, sockets } = fixture();
  clock.advance(NAMED_MS);
  discovery.apply({ enabled: true, instanceName: undefined });
  assert.equal(sockets.length, 1);
  discovery.apply({ enabled: true, instanceName: "den" });
  clock.advance(NAMED_MS);
  assert.deepEqual(known(), ["192.0.2.2 den._zaparoo._tcp.local"]);
  discovery.apply({ enabled: false, instanceName: "den" });
  assert.deepEqual(known(), []);
  clock.advance(10 * LOOK_MS);
  assert.deepEqual(known(), []);
  discovery.apply({ enabled: true, instanceName: "den" });
  clock.advance(NAMED_MS);
  assert.deepEqual(known(), ["192.0.2.2 den._zaparoo._tcp.local"]);
});

Deno.test("nothing is opened where the device shall not be found", () => {
  const { clock, sockets } = fixture({ enabled: false });
  clock.advance(10 * LOOK_MS);
  assert.equal(sockets.length, 0);
});

Deno.test("a socket that cannot be opened is tried again later, and told of once", () => {
  const { clock, sockets, failures, warnings, network, known } = fixture({}, []);
  failures.push(...Array(5).fill("EADDRINUSE"));
  network.addresses = [on("eth0", "192.0.2.2")];
  clock.advance(LOOK_MS);
  assert.equal(failures.length, 4);
  clock.advance(MIN_RETRY_MS);
  assert.equal(failures.length, 3);
  clock.advance(2 * MIN_RETRY_MS);
  assert.equal(failures.length, 2);
  clock.advance(MAX_RETRY_MS);
  assert.equal(failures.length, 0);
  clock.advance(MAX_RETRY_MS);
  assert.equal(sockets.length, 1);
  assert.equal(known().length, 1);
  assert.deepEqual(warnings, ["Cannot announce the device"]);
});

Deno.test("a socket that fails later is opened again", () => {
  const { clock, sockets, warnings, known } = fixture();
  clock.advance(NAMED_MS);
  sockets[0]?.fail("ENETUNREACH");
  clock.advance(MIN_RETRY_MS + LOOK_MS);
  assert.equal(sockets.length, 2);
  clock.advance(NAMED_MS);
  assert.ok(known().length >= 1);
  // One that comes and goes is told of once; one that lasted, again.
  sockets[1]?.fail("ENETUNREACH");
  assert.equal(warnings.length, 1);
  clock.advance(2 * MIN_RETRY_MS + LOOK_MS + NAMED_MS + STEADY_MS);
  sockets[2]?.fail("ENETUNREACH");
  assert.equal(warnings.length, 2);
});

Deno.test("interfaces that cannot be listed change nothing, and are told of once", () => {
  const { clock, network, warnings, known } = fixture();
  clock.advance(NAMED_MS);
  network.isBroken = true;
  clock.advance(3 * LOOK_MS);
  assert.deepEqual(warnings, ["Cannot list the network interfaces"]);
  assert.deepEqual(known(), ["192.0.2.2 handheld._zaparoo._tcp.local"]);
  network.isBroken = false;
  clock.advance(LOOK_MS);
  network.isBroken = true;
  clock.advance(LOOK_MS);
  assert.equal(warnings.length, 2);
});

Deno.test("another interface under the same name and address is announced on anew", () => {
  const { clock, network, sockets } = fixture();
  clock.advance(NAMED_MS);
  network.addresses = [{ ...on("eth0", "192.0.2.2"), mac: "00:00:5e:00:53:02" }];
  clock.advance(LOOK_MS);
  assert.equal(sockets.length, 2);
  const local = { name: "eth0", family: "IPv6", address: "fe80::1", cidr: "fe80::1/64" } as const;
  const [first] = network.addresses;
  assert.ok(first);
  network.addresses = [first, { ...local, mac: first.mac, scopeId: 4 }];
  clock.advance(LOOK_MS);
  network.addresses = [first, { ...local, mac: first.mac, scopeId: 5 }];
  clock.advance(LOOK_MS);
  assert.equal(sockets.length, 4);
  assert.deepEqual(sockets.map(({ scopeId }) => scopeId), [undefined, undefined, 4, 5]);
});

Deno.test("an address of another interface in the same network is the device's own", () => {
  const { clock, known, sockets } = fixture({}, [
    on("eth0", "192.0.2.2"),
    on("wlan0", "192.0.2.7"),
  ]);
  const name = "handheld._zaparoo._tcp.local";
  sockets[1]?.receive({ ...told(name), from: { address: "192.0.2.2", port: 5353 } });
  clock.advance(NAMED_MS);
  assert.deepEqual(known(), [`192.0.2.2 ${name}`, `192.0.2.7 ${name}`]);
});

Deno.test("hostNames() tells the name that the device got, and only while it has it", async () => {
  const { discovery, clock, sockets } = fixture();
  assert.deepEqual(discovery.hostNames(), []);
  const from = { address: "192.0.2.9", port: 5353 };
  sockets[0]?.receive({ ...told("handheld.local"), from });
  clock.advance(NAMED_MS);
  assert.deepEqual(discovery.hostNames(), ["handheld-2.local"]);
  await discovery.stop();
  assert.deepEqual(discovery.hostNames(), []);
});

Deno.test("stop() does not wait for a goodbye that does not end", async () => {
  const clock = new FakeClock();
  const { openSocket } = fakeMdns();
  const discovery = new Discovery({
    settings: SETTINGS,
    hostName: "handheld",
    port: 7497,
    interfaces: () => [on("eth0", "192.0.2.2")],
    openSocket: (address, events) => ({
      ...openSocket(address, events),
      answer: () => new Promise(() => {}),
    }),
    clock,
    log: silentLogger,
  });
  clock.advance(NAMED_MS);
  const stopped = discovery.stop();
  clock.advance(GOODBYE_LIMIT_MS);
  await stopped;
  await discovery.stop();
});
