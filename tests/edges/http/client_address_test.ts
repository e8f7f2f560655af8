import assert from "node:assert/strict";
import { compileAddressRules } from "../../../src/edges/http/address_rules.ts";
import { clientAddress, MAX_PROXY_HOPS } from "../../../src/edges/http/client_address.ts";
import { openDevice, REMOTE } from "./device.ts";
import { AUTHORIZED, openModels } from "./model_device.ts";

const isTrustedProxy = compileAddressRules(["192.0.2.1", "10.0.0.0/8", "127.0.0.1"]);

// The connection's address, what the proxies say, and the client's address.
const ROWS: [peerAddress: string, forwarded: string | undefined, address: string][] = [
  ["203.0.113.5", "198.51.100.9", "203.0.113.5"],
  ["192.0.2.1", undefined, "192.0.2.1"],
  ["192.0.2.1", "", "192.0.2.1"],
  ["192.0.2.1", "198.51.100.9", "198.51.100.9"],
  ["192.0.2.1", "127.0.0.1, 198.51.100.9", "198.51.100.9"],
  ["192.0.2.1", "198.51.100.9, 10.1.2.3", "198.51.100.9"],
  ["192.0.2.1", "8.8.8.8,198.51.100.9 , 10.1.2.3", "198.51.100.9"],
  ["192.0.2.1", "10.1.2.3", "10.1.2.3"],
  ["192.0.2.1", "::ffff:198.51.100.9", "198.51.100.9"],
  ["192.0.2.1", "2001:db8::1", "2001:db8::1"],
  ["192.0.2.1", "198.51.100.9, evil", "192.0.2.1"],
  ["192.0.2.1", "evil, 10.1.2.3", "10.1.2.3"],
  ["192.0.2.1", "198.51.100.9:80", "192.0.2.1"],
  ["192.0.2.1", `198.51.100.9${", 10.0.0.1".repeat(MAX_PROXY_HOPS)}`, "10.0.0.1"],
  ["127.0.0.1", "198.51.100.9", "198.51.100.9"],
];
for (const [peerAddress, forwarded, address] of ROWS) {
  Deno.test(`behind ${peerAddress}, ${JSON.stringify(forwarded)} is ${address}`, () => {
    const headers = new Headers(forwarded === undefined ? {} : { "X-Forwarded-For": forwarded });
    assert.equal(clientAddress({ peerAddress, headers, isTrustedProxy }), address);
  });
}

Deno.test("the client's address is the one that allowed_ips judges, and nobody is local by a proxy", async () => {
  const device = openModels({}, { isTrustedProxy });
  const proxied = (client: string): Promise<{ status: number }> =>
    device.ask("/api/tags", {
      peer: { ...REMOTE, address: "10.1.2.3" },
      headers: { ...AUTHORIZED, "X-Forwarded-For": client },
    });
  assert.equal((await proxied(REMOTE.address)).status, 200);
  assert.equal((await proxied("203.0.113.77")).status, 403);
  // Through a proxy on the device itself: its word makes nobody the device.
  const local = { cameOverLoopback: true, address: "127.0.0.1", guarded: undefined };
  const headers = { "X-Forwarded-For": "127.0.0.1" };
  assert.equal((await device.ask("/metrics", { peer: local, headers })).status, 403);
  // Nor does its silence.
  assert.equal((await device.ask("/metrics", { peer: local })).status, 403);
  assert.equal((await openDevice().ask("/metrics", { peer: local })).status, 200);
  // Without the setting it is the proxy's own address that counts.
  const plain = await openDevice().ask("/api/events", {
    peer: { ...REMOTE, address: "10.1.2.3" },
    headers: { "X-Forwarded-For": REMOTE.address },
  });
  assert.equal(plain.status, 403);
});
