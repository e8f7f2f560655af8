import assert from "node:assert/strict";
import { isLocalRequest } from "../../../src/edges/http/locality.ts";
import type { Peer } from "../../../src/edges/http/request_env.ts";

const INSIDE: Peer = { address: "127.0.0.1", cameOverLoopback: true, guarded: undefined };
const OUTSIDE: Peer = { address: "192.0.2.1", cameOverLoopback: false, guarded: undefined };
// The guard hands in the peer's address, whatever it may claim to be.
const PRETENDER: Peer = { address: "127.0.0.1", cameOverLoopback: false, guarded: undefined };

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
    assert.equal(isLocalRequest(INSIDE, new Headers({ [name]: value })), false);
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
    assert.equal(isLocalRequest(INSIDE, new Headers({ [name]: value })), true);
  });
}

Deno.test("a request that came another way is remote, whatever it carries", () => {
  for (const peer of [OUTSIDE, PRETENDER]) {
    assert.equal(isLocalRequest(peer, new Headers()), false);
    assert.equal(isLocalRequest(peer, new Headers({ Host: "localhost" })), false);
    assert.equal(isLocalRequest(peer, new Headers({ "X-Forwarded-For": "127.0.0.1" })), false);
  }
});
