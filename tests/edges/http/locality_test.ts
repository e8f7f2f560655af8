import assert from "node:assert/strict";
import { compileAddressRules } from "../../../src/edges/http/address_rules.ts";
import { isLocalRequest } from "../../../src/edges/http/locality.ts";
import type { Peer } from "../../../src/edges/http/request_env.ts";

const INSIDE: Peer = { address: "127.0.0.1", cameOverLoopback: true, guarded: undefined };
const OUTSIDE: Peer = { address: "192.0.2.1", cameOverLoopback: false, guarded: undefined };
// The guard hands in the peer's address, whatever it may claim to be.
const PRETENDER: Peer = { address: "127.0.0.1", cameOverLoopback: false, guarded: undefined };

function isLocal(
  peer: Peer,
  headers: Record<string, string> = {},
  isTrustedProxy: (address: string) => boolean = () => false,
): boolean {
  return isLocalRequest(peer, { headers: new Headers(headers), isTrustedProxy });
}

const REVEALING: [string, string][] = [
  ["Forwarded", "for=203.0.113.9"],
  ["X-Forwarded-For", "203.0.113.9"],
  ["X-Forwarded-For", "127.0.0.1"],
  ["X-Forwarded-For", ""],
  ["X-Forwarded-Host", "evil.example"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Anything", "x"],
  ["x-FORWARDED-for", "203.0.113.9"],
  ["X-Real-IP", "203.0.113.9"],
  ["Via", "1.1 proxy"],
];
for (const [name, value] of REVEALING) {
  Deno.test(`a request over loopback with ${name}: ${value} is remote`, () => {
    assert.equal(isLocal(INSIDE, { [name]: value }), false);
    const others = { Accept: "*/*", Host: "127.0.0.1:7497", "Zz-Last": "x" };
    assert.equal(isLocal(INSIDE, { ...others, [name]: value }), false);
  });
}

const HARMLESS: [string, string][] = [
  ["Host", "127.0.0.1:7497"],
  ["Origin", "https://zaparoo.app"],
  ["X-Forwarded", "for=203.0.113.9"],
  ["X-Real-IPs", "203.0.113.9"],
  ["X-Request-ID", "via"],
  ["User-Agent", "Forwarded: for=203.0.113.9"],
];
for (const [name, value] of HARMLESS) {
  Deno.test(`a request over loopback with ${name}: ${value} is local`, () => {
    assert.equal(isLocal(INSIDE, { [name]: value }), true);
  });
}

Deno.test("a request that came another way is remote, whatever it carries", () => {
  for (const peer of [OUTSIDE, PRETENDER]) {
    assert.equal(isLocal(peer), false);
    assert.equal(isLocal(peer, { Host: "localhost" }), false);
    assert.equal(isLocal(peer, { "X-Forwarded-For": "127.0.0.1" }), false);
  }
});

Deno.test("a connection from a trusted proxy's address is never local, with headers or without", () => {
  const isTrustedProxy = compileAddressRules(["127.0.0.2", "::1"]);
  const rows: [address: string, isLocal: boolean][] = [
    ["127.0.0.1", true],
    ["127.0.0.2", false],
    ["::ffff:127.0.0.2", false],
    ["::1", false],
  ];
  for (const [address, expected] of rows) {
    const peer = { ...INSIDE, address };
    assert.equal(isLocal(peer, {}, isTrustedProxy), expected, address);
    assert.equal(isLocal(peer, { Via: "1.1 proxy" }, isTrustedProxy), false, address);
  }
});
