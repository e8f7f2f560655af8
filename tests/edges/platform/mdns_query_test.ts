import assert from "node:assert/strict";
import { instancesIn } from "../../../src/edges/platform/mdns_query.ts";

const SERVICE = "_zaparoo._tcp";

Deno.test("instancesIn() puts names, ports and addresses together", () => {
  const found = instancesIn([
    { name: `${SERVICE}.local`, type: "PTR", data: `den.${SERVICE}.local` },
    { name: `den.${SERVICE}.local`, type: "SRV", data: { port: 7497, target: "Box.local" } },
    { name: "box.local", type: "A", data: "192.0.2.2" },
    { name: "box.local", type: "A", data: "192.0.2.2" },
    { name: "box.local", type: "AAAA", data: "fd00::2" },
    { name: "box.local", type: "TXT", data: [] },
    { name: "other.local", type: "A", data: "192.0.2.3" },
    // Heard on a second interface.
    { name: `den.${SERVICE}.local`, type: "SRV", data: { port: 7497, target: "Box.local" } },
    { name: `ATTIC.${SERVICE.toUpperCase()}.local`, type: "SRV", data: { port: 1, target: "a" } },
    { name: "den._http._tcp.local", type: "SRV", data: { port: 80, target: "Box.local" } },
  ], SERVICE);
  assert.deepEqual(found, [
    { name: "den", port: 7497, addresses: ["192.0.2.2", "fd00::2"] },
    { name: "ATTIC", port: 1, addresses: [] },
  ]);
});

Deno.test("instancesIn() finds nothing in nothing", () => {
  assert.deepEqual(instancesIn([], SERVICE), []);
});
