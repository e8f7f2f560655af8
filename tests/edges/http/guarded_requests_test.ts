// What the routes tell the guard about the connection that a request came over.

import assert from "node:assert/strict";
import { MAX_BUFFERED_EVENTS } from "../../../src/edges/http/events.ts";
import type { GuardedConnection } from "../../../src/edges/http/guard/guard.ts";
import type { Peer } from "../../../src/edges/http/request_env.ts";
import type { KeyScope } from "../../../src/features/access/api_key.ts";
import { type Ask, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

function guardedPeer(): { peer: Peer; told: string[] } {
  const told: string[] = [];
  const guarded: GuardedConnection = {
    address: REMOTE.address,
    closed: Promise.resolve(),
    requestSeen: () => told.push("requestSeen"),
    bodyPart: () => told.push("bodyPart"),
    progressed: () => told.push("progressed"),
    answered: () => told.push("answered"),
    trust: ({ holder = "", byKey = false } = {}) =>
      told.push(["trust", holder, byKey ? "by key" : ""].join(" ").trimEnd()) > 0,
    upgraded: () => told.push("upgraded"),
    closing: () => told.push("closing"),
    abort: () => told.push("abort"),
  };
  return { peer: { ...REMOTE, guarded }, told };
}

const HEADERS = { "Content-Type": "application/json" };
const POST: Ask = { method: "POST", headers: HEADERS, body: WHO_AM_I };
const NOTHING_ALLOWED = { settings: { allowedIps: [], allowRun: [] } };

// What is told, from the request to its answer; a body is progress of its own.
const ROWS: [string, string, Ask, object, string[]][] = [
  ["a request without a body", "/health", {}, {}, ["requestSeen", "progressed", "progressed"]],
  ["a POST that is let in", "/api", POST, {}, ["requestSeen", "trust", "progressed", "progressed"]],
  ["a POST that is kept out", "/api", POST, NOTHING_ALLOWED, ["requestSeen", "progressed"]],
  [
    "a POST over its size",
    "/api",
    { ...POST, headers: { ...HEADERS, "Content-Length": "2000000" } },
    {},
    [
      "requestSeen",
      "trust",
      "progressed",
    ],
  ],
  ["pairing, which trusts nobody", "/api/pair/start", { method: "POST", body: "{}" }, {}, [
    "requestSeen",
    "progressed",
    "progressed",
  ]],
  ["a run", "/run/hello", {}, {}, ["requestSeen", "progressed", "progressed"]],
  ["a crash", "/app/", {}, { page: () => assert.fail() }, [
    "requestSeen",
    "progressed",
    "progressed",
  ]],
  ["a device that stops", "/health", {}, { isStopping: () => true }, [
    "requestSeen",
    "progressed",
    "progressed",
  ]],
];
for (const [what, path, init, options, expected] of ROWS) {
  Deno.test(`the guard is told of ${what}`, async () => {
    const { peer, told } = guardedPeer();
    await openDevice(options).ask(path, { ...init, peer });
    assert.deepEqual(told, expected);
  });
}

for (const path of ["/api/events", "/run/hello", "/api"]) {
  Deno.test(`the guard is told to trust whose key was accepted at ${path}`, async () => {
    const device = openDevice();
    const scopes: KeyScope[] = ["rpc", "events", "run"];
    const { text, key } = device.keys.create({ name: "x", scopes });
    const { peer, told } = guardedPeer();
    const wrong = { Authorization: "Bearer wrong" };
    const refused = await device.fetch(path, { peer, headers: wrong });
    await refused.body?.cancel();
    assert.deepEqual([refused.status, told.splice(0)], [401, [
      "requestSeen",
      "progressed",
      "progressed",
    ]]);
    const response = await device.fetch(path, {
      peer,
      headers: { Authorization: `Bearer ${text}` },
    });
    await response.body?.cancel();
    const trusted = `trust key ${key.keyId}${path === "/api" ? "" : " by key"}`;
    assert.deepEqual(told, ["requestSeen", "progressed", trusted, "progressed"]);
  });
}

Deno.test("the guard is told to cut a reader of events who falls behind, and no other", async () => {
  const device = openDevice();
  const slow = guardedPeer();
  const quick = guardedPeer();
  const slowResponse = await device.fetch("/api/events", { peer: slow.peer });
  const response = await device.fetch("/api/events", { peer: quick.peer });
  const reader = response.body?.getReader();
  for (let i = 0; i < MAX_BUFFERED_EVENTS; i++) {
    device.bus.publish("m", { i });
    await reader?.read();
  }
  assert.deepEqual(slow.told, ["requestSeen", "progressed", "progressed", "abort"]);
  assert.deepEqual(quick.told, ["requestSeen", "progressed", "progressed"]);
  assert.equal(device.events.count, 1);
  await assert.rejects(slowResponse.text());
  await reader?.cancel();
});
