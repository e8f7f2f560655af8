// What the routes tell the guard about the connection that a request came over.

import assert from "node:assert/strict";
import { encodeBase64 } from "../../../src/base/bytes.ts";
import { MAX_BUFFERED_EVENTS } from "../../../src/edges/http/events.ts";
import type { GuardedConnection } from "../../../src/edges/http/guard/guarded_connection.ts";
import type { PeerSocket } from "../../../src/edges/http/guard/peer_socket.ts";
import { UPGRADE_RATE } from "../../../src/edges/http/limits.ts";
import type { Peer } from "../../../src/edges/http/request_env.ts";
import type { KeyScope } from "../../../src/features/access/api_key.ts";
import { startPhone } from "../../support/pairing_phone.ts";
import { type Ask, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

function guardedPeer({ hasSlot = true } = {}): { peer: Peer; told: string[] } {
  const told: string[] = [];
  const guarded: GuardedConnection = {
    address: REMOTE.address,
    closed: Promise.resolve(),
    requestSeen: () => told.push("requestSeen"),
    bodyPart: () => told.push("bodyPart"),
    progressed: () => told.push("progressed"),
    answered: () => told.push("answered"),
    promote: ({ holder = "", byKey = false } = {}) => {
      told.push(["promote", holder, byKey ? "by key" : ""].join(" ").trimEnd());
      return hasSlot;
    },
    promoteInTurn: (promotion) => Promise.resolve(guarded.promote(promotion)),
    pairing: () => told.push("pairing"),
    remember: () => told.push("remember"),
    serveSocket: () => false,
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
  ["a POST that is let in", "/api", POST, {}, [
    "requestSeen",
    "promote",
    "progressed",
    "progressed",
  ]],
  ["a POST that is kept out", "/api", POST, NOTHING_ALLOWED, ["requestSeen", "progressed"]],
  [
    "a POST over its size",
    "/api",
    { ...POST, headers: { ...HEADERS, "Content-Length": "2000000" } },
    {},
    [
      "requestSeen",
      "promote",
      "progressed",
    ],
  ],
  ["pairing, which promotes nobody", "/api/pair/start", { method: "POST", body: "{}" }, {}, [
    "requestSeen",
    "pairing",
    "progressed",
    "progressed",
  ]],
  ["a run", "/run/hello", {}, {}, ["requestSeen", "progressed", "progressed"]],
  ["a crash", "/app/", {}, { page: { open: () => assert.fail(), file: () => assert.fail() } }, [
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
  Deno.test(`the guard is told to promote whose key was accepted at ${path}`, async () => {
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
    const promoted = `promote key ${key.keyId}${path === "/api" ? "" : " by key"}`;
    assert.deepEqual(told, ["requestSeen", "progressed", promoted, "progressed"]);
  });
}

for (const path of ["/api/events", "/run/hello", "/api"]) {
  Deno.test(`a key for which the guard has no place is 503 at ${path}, and opens nothing`, async () => {
    const device = openDevice({ upgradeWebSocket: () => assert.fail("upgraded") });
    const scopes: KeyScope[] = ["rpc", "events", "run"];
    const { text } = device.keys.create({ name: "x", scopes });
    const { peer } = guardedPeer({ hasSlot: false });
    const headers = { Authorization: `Bearer ${text}`, Upgrade: "websocket" };
    const answer = await device.ask(path, { peer, headers });
    assert.deepEqual([answer.status, answer.code], [503, "unavailable"]);
    assert.equal(answer.headers.get("Retry-After"), "1");
    assert.deepEqual([device.events.count, device.runs], [0, []]);
  });
}

Deno.test("a POST without a key for which the guard has no place is answered all the same", async () => {
  const { peer } = guardedPeer({ hasSlot: false });
  assert.equal((await openDevice().ask("/api", { ...POST, peer })).status, 200);
});

Deno.test("an upgrade over the limit of its address is 429, before the upgrade", async () => {
  const device = openDevice({
    upgradeWebSocket: () => {
      throw new Error("no socket here");
    },
  });
  const statuses: number[] = [];
  for (let i = 0; i < UPGRADE_RATE.burst + 1; i++) {
    statuses.push((await device.ask("/api", { peer: REMOTE })).status);
  }
  assert.deepEqual(statuses, [...Array(UPGRADE_RATE.burst).fill(426), 429]);
});

const UPGRADE_HEADERS = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

Deno.test("a WebSocket that the guard can serve is the guard's, and the platform is not asked", async () => {
  const { peer, told } = guardedPeer();
  const served: PeerSocket[] = [];
  const device = openDevice({
    upgradeWebSocket: () => assert.fail("upgraded"),
    connect: (socket, { connectionId, progressed, promote, isLocal, address }) => ({
      receive: (message) => {
        progressed();
        socket.send(`${message} ${connectionId} ${isLocal} ${address} ${promote("c1")}`);
        socket.close(1001);
        socket.abort();
      },
      ended: () => told.push("ended"),
    }),
  });
  const { guarded } = peer;
  assert.ok(guarded);
  const serveSocket = (socket: PeerSocket): boolean => served.push(socket) > 0;
  const answer = await device.fetch("/api", {
    peer: { ...peer, guarded: { ...guarded, serveSocket } },
    headers: UPGRADE_HEADERS,
  });
  assert.equal(answer.status, 101);
  assert.equal(answer.headers.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const [socket] = served;
  assert.ok(socket);
  const sent: string[] = [];
  const write = (bytes: Uint8Array): number => sent.push(new TextDecoder().decode(bytes));
  const writer = { write, hasTaken: () => true, end: () => {}, bufferedBytes: 0 };
  told.length = 0;
  socket.opened({ writer, cut: () => told.push("cut") }, 0);
  socket.read(Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0x61), 0);
  socket.ended();
  const name = answer.headers.get("X-Request-ID");
  assert.ok(sent[0]?.endsWith(`a ${name} false ${REMOTE.address} true`));
  assert.deepEqual(told, [
    "progressed",
    "remember",
    "promote client c1",
    "closing",
    "cut",
    "ended",
  ]);
});

Deno.test("a WebSocket that the guard cannot serve is the platform's", async () => {
  const { peer } = guardedPeer();
  let asked = 0;
  const device = openDevice({
    upgradeWebSocket: () => {
      asked += 1;
      throw new Error("no socket here");
    },
  });
  const { status } = await device.ask("/api", { peer, headers: UPGRADE_HEADERS });
  assert.deepEqual([status, asked], [426, 1]);
});

Deno.test("the guard is told of a whole body before the route answers, however it reads it", async () => {
  const { peer, told } = guardedPeer();
  const device = openDevice();
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      told.push("read");
      controller.enqueue(new TextEncoder().encode(WHO_AM_I));
      controller.close();
    },
  }, { highWaterMark: 0 });
  await device.ask("/api", { ...POST, body, peer });
  assert.deepEqual(told, ["requestSeen", "promote", "read", "progressed", "progressed"]);
});

Deno.test("the guard is told from where a client paired, and of no failure", async () => {
  const device = openDevice();
  const { pin } = device.pairing.open();
  const { peer, told } = guardedPeer();
  const finish = async (
    phone: ReturnType<typeof startPhone>,
    isRight: boolean,
  ): Promise<number> => {
    const { sessionId, confirm } = phone;
    device.clock.advance(1_000);
    const body = JSON.stringify({
      session: sessionId,
      confirm: encodeBase64(isRight ? confirm : new Uint8Array(32)),
    });
    return (await device.ask("/api/pair/finish", { method: "POST", body, peer })).status;
  };
  assert.equal(await finish(startPhone(device.pairing, { pin }), false), 401);
  assert.equal(told.includes("remember"), false);
  assert.equal(await finish(startPhone(device.pairing, { pin }), true), 200);
  assert.deepEqual(told.filter((what) => what === "remember"), ["remember"]);
});

Deno.test("the guard is told of pairing only within its limits", async () => {
  const device = openDevice();
  const { peer, told } = guardedPeer();
  for (let i = 0; i < 3; i++) {
    await device.ask("/api/pair/start", { method: "POST", body: "{}", peer });
  }
  assert.deepEqual(told.filter((what) => what === "pairing"), ["pairing"]);
});

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
