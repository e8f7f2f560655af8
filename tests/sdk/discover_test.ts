// What announcements tell of devices (RFC 6763), whatever else is in them.

import assert from "node:assert/strict";
import { type AnnouncedRecord, devicesIn } from "../../src/sdk/discover.ts";

const SERVICE = "_zaparoo._tcp";

function announced(name: string, host: string, port: number): AnnouncedRecord {
  return { name: `${name}.${SERVICE}.local`, type: "SRV", data: { port, target: host } };
}

Deno.test("devicesIn() puts records together, by name, each device once", () => {
  const records: AnnouncedRecord[] = [
    { name: `${SERVICE}.local`, type: "PTR", data: `den.${SERVICE}.local` },
    announced("den", "Den.local", 7497),
    announced("attic", "attic.local", 8000),
    announced("den", "Den.local", 7497),
    { name: "den.local", type: "AAAA", data: "fd00::5" },
    { name: "den.local", type: "A", data: "192.168.1.5" },
    { name: "DEN.local", type: "A", data: "192.168.1.5" },
    { name: "attic.local", type: "AAAA", data: "fe80::1" },
    { name: "attic.local", type: "AAAA", data: "fd00::6" },
  ];
  assert.deepEqual(devicesIn(records, SERVICE), [
    {
      name: "attic",
      host: "attic.local",
      port: 8000,
      addresses: ["fe80::1", "fd00::6"],
      url: "http://[fd00::6]:8000",
    },
    {
      name: "den",
      host: "Den.local",
      port: 7497,
      addresses: ["192.168.1.5", "fd00::5"],
      url: "http://192.168.1.5:7497",
    },
  ]);
});

Deno.test("devicesIn() takes the host's name where no address can stand in a URL", () => {
  const records = [
    announced("a", "a.local", 1),
    announced("b", "b.local", 2),
    { name: "b.local", type: "AAAA", data: "fe80::1" },
  ];
  assert.deepEqual(devicesIn(records, SERVICE).map(({ url }) => url), [
    "http://a.local:1",
    "http://b.local:2",
  ]);
});

Deno.test("devicesIn() leaves out other services and records that are damaged", () => {
  const records: AnnouncedRecord[] = [
    { name: "printer._ipp._tcp.local", type: "SRV", data: { port: 1, target: "p.local" } },
    { name: `x.${SERVICE}.local`, type: "TXT", data: { port: 1, target: "p.local" } },
    { name: `y.${SERVICE}.local`, type: "SRV", data: null },
    { name: `z.${SERVICE}.local`, type: "SRV", data: { port: "1", target: "p.local" } },
    { name: `w.${SERVICE}.local`, type: "SRV", data: { port: 1 } },
  ];
  assert.deepEqual(devicesIn(records, SERVICE), []);
});

Deno.test("devicesIn() leaves out what was taken back, and keeps what came again", () => {
  const address = { name: "den.local", type: "A", data: "192.168.1.5" };
  const moved = { name: "den.local", type: "A", data: "192.168.1.6" };
  const den = announced("den", "den.local", 7497);
  const attic = announced("attic", "attic.local", 7497);
  const goodbye = (record: AnnouncedRecord): AnnouncedRecord => ({ ...record, ttl: 0 });
  const urls = (...records: AnnouncedRecord[]): string[] =>
    devicesIn(records, SERVICE).map(({ url }) => url);
  assert.deepEqual(urls({ ...den, ttl: 120 }, attic, address, goodbye(den)), [
    "http://attic.local:7497",
  ]);
  assert.deepEqual(urls(den, address, goodbye(den), den), ["http://192.168.1.5:7497"]);
  assert.deepEqual(urls(den, address, goodbye(address), moved), ["http://192.168.1.6:7497"]);
});

Deno.test("devicesIn() compares names without case, as DNS does", () => {
  const shouted = { ...announced("den", "den.local", 1), name: "DEN._ZAPAROO._TCP.LOCAL" };
  assert.deepEqual(devicesIn([shouted], "_Zaparoo._tcp").map(({ name }) => name), ["DEN"]);
});
