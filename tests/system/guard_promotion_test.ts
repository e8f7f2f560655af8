// Who finds a slot in the guard, what the others are told, and how a guard ends; on real sockets.

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { startGuard, SWEEP_MS } from "../../src/edges/http/guard/guard.ts";
import { encodeRefusal } from "../../src/edges/http/guard/refusal.ts";
import { startListeners } from "../../src/edges/http/listeners.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { withService } from "../support/service_process.ts";
import { guardTest, startGuardedServer, until } from "./guard_fixture.ts";
import {
  ask,
  askFrom,
  frameHead,
  RawPeer,
  requestBytes,
  textFrame,
  upgrade,
} from "./guard_peer.ts";

guardTest("70 connections from one address take 8 slots, and no one else's", {}, async (server) => {
  const elsewhere = await askFrom("127.0.0.2", server.port);
  const peers: RawPeer[] = [];
  for (let i = 0; i < 70; i++) {
    peers.push(await RawPeer.connect(server.port));
  }
  await until(() => server.guard.counts().evicted === 62);
  const newest = peers.at(-1);
  let ended = 0;
  const all = peers.map(async (peer) => {
    await peer.untilEnd();
    ended += 1;
  });
  await until(() => ended === 62);
  assert.deepEqual(server.guard.counts(), {
    unknown: 9,
    known: 0,
    refused: 0,
    cut: 0,
    evicted: 62,
  });
  // Whoever came last took a slot, and nobody took it since.
  await newest?.send(requestBytes("/address"));
  await newest?.until((text) => text.endsWith("127.0.0.1"));
  elsewhere.close();
  for (const peer of peers) peer.close();
  await Promise.all(all);
});

guardTest("where too many wait one of them is told so, and nobody on their way in is cut", {
  maxUnknownPerAddress: 2,
  maxWaiting: 1,
  handshakeMs: 60_000,
}, async ({ guard, port }) => {
  const peers = await Promise.all(Array.from({ length: 5 }, () => RawPeer.connect(port)));
  await until(() => guard.counts().refused === 2);
  assert.deepEqual(guard.counts(), { unknown: 2, known: 0, refused: 2, cut: 0, evicted: 0 });
  // Both that have a slot are served, and whoever waits after them.
  const texts = await Promise.all(peers.map(async (peer) => {
    await peer.send(requestBytes("/address", "Connection: close\r\n"));
    return await peer.untilEnd();
  }));
  const served = texts.filter((text) => text.startsWith("HTTP/1.1 200"));
  const told = texts.filter((text) => /^HTTP\/1.1 503 [^]*Too many connections/.test(text));
  assert.deepEqual([served.length, told.length], [3, 2], JSON.stringify(texts));
});

// Asks on a connection of its own, which stays open.
async function askOpen(port: number, path: string): Promise<Deno.TcpConn> {
  const peer = await Deno.connect({ hostname: "127.0.0.1", port });
  await peer.write(requestBytes(path));
  assert.ok(await peer.read(new Uint8Array(4096)));
  return peer;
}

// Whether the guard still listens to a peer: one that was cut is reset when it writes on.
async function isHeard(peer: Deno.TcpConn): Promise<boolean> {
  for (let written = 0; written < 20; written++) {
    if (await peer.write(Uint8Array.of(0)).catch(() => 0) !== 1) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

guardTest("of strangers that lost their slots so many at once may read their answers to the end", {
  maxUnknownPerAddress: 1,
  maxRefusing: 2,
  lingerMs: 60_000,
}, async ({ guard, port }) => {
  const peers: Deno.TcpConn[] = [];
  for (let n = 0; n < 4; n++) peers.push(await askOpen(port, "/address"));
  assert.equal(guard.counts().evicted, 3);
  const heard = await Promise.all(peers.map(isHeard));
  assert.deepEqual(heard, [true, true, false, true]);
  for (const peer of peers.slice(0, 2)) peer.close();
  // As soon as the guard has noticed, another may.
  let [last] = peers.slice(3);
  for (let tries = 0; last !== undefined; tries++) {
    assert.ok(tries < 20, "nobody may any more");
    const newest = await askOpen(port, "/address");
    peers.push(newest);
    last = await isHeard(last) ? undefined : newest;
  }
  for (const peer of peers.slice(2)) peer.close();
});

guardTest("whoever was known and at rest may read its answer to the end, whoever else does", {
  maxKnown: 1,
  maxRefusing: 0,
  lingerMs: 60_000,
}, async ({ guard, port }) => {
  const evicted = await askOpen(port, "/promote");
  const known = await askOpen(port, "/promote");
  assert.deepEqual([guard.counts().known, guard.counts().evicted], [1, 1]);
  assert.equal(await isHeard(evicted), true);
  for (const peer of [evicted, known]) peer.close();
});

guardTest("who was known takes no stranger's time to read", {
  maxKnown: 1,
  maxUnknownPerAddress: 1,
  maxRefusing: 1,
  lingerMs: 60_000,
}, async ({ guard, port }) => {
  const known = [await askOpen(port, "/promote"), await askOpen(port, "/promote")];
  const strangers = [await askOpen(port, "/address"), await askOpen(port, "/address")];
  assert.equal(guard.counts().evicted, 2);
  const heard = await Promise.all([...known, ...strangers].map(isHeard));
  assert.deepEqual(heard, [true, true, true, true]);
  for (const peer of [...known, ...strangers]) peer.close();
});

guardTest("who was not answered when it lost its slot is cut at once", {
  maxUnknownPerAddress: 1,
  handshakeMs: 0,
  lingerMs: 60_000,
}, async ({ guard, port }) => {
  const silent = await Deno.connect({ hostname: "127.0.0.1", port });
  await until(() => guard.counts().unknown === 1);
  const newest = await askOpen(port, "/address");
  assert.equal(guard.counts().evicted, 1);
  assert.equal(await isHeard(silent), false);
  for (const peer of [silent, newest]) peer.close();
});

guardTest("a connection for which there is no slot at all gets a whole answer", {
  maxUnknown: 0,
}, async (server) => {
  const peers = await Promise.all([1, 2].map(() => ask(server.port, "/address")));
  const ids = peers.map(({ text }) => {
    const [head = "", body = ""] = text.split("\r\n\r\n");
    assert.match(head, /^HTTP\/1.1 503 /);
    const { error: { request_id: id, ...error }, ...rest } = JSON.parse(body);
    assert.deepEqual([error, rest], [
      { code: "unavailable", message: "Too many connections" },
      {},
    ]);
    assert.ok(head.includes(`\r\nX-Request-ID: ${id}`));
    assert.ok(head.includes("\r\nConnection: close"));
    return id;
  });
  assert.equal(new Set(ids).size, 2);
  assert.equal(server.guard.counts().refused, 2);
  for (const peer of peers) peer.close();
});

guardTest("a slot is free again when its connection has ended", {
  maxUnknownPerAddress: 1,
}, async (server) => {
  const first = await ask(server.port, "/address");
  first.close();
  await (await server.firstRequest).connection.closed;
  const second = await ask(server.port, "/address");
  assert.match(second.text, / 200 /);
  assert.equal(server.guard.counts().evicted, 0);
  second.close();
});

guardTest(
  "an owner behind a flooding address keeps a WebSocket that has spoken",
  {},
  async (server) => {
    const owner = await RawPeer.connect(server.port);
    await upgrade(owner);
    await owner.send(textFrame("hello"));
    await owner.until((text) => text.endsWith("hello"));
    const flood: RawPeer[] = [];
    for (let i = 0; i < 100; i++) {
      flood.push(await RawPeer.connect(server.port));
    }
    await until(() => server.guard.counts().evicted === 93);
    await owner.send(textFrame("still here"));
    await owner.until((text) => text.endsWith("still here"));
    for (const peer of [owner, ...flood]) peer.close();
  },
);

guardTest("idle plaintext sockets of 8 addresses keep nobody out", {
  reservedForFamiliar: 0,
  reservedForPairing: 0,
}, async (server) => {
  const holders = [];
  for (let i = 0; i < 64; i++) {
    holders.push(await askFrom(`127.0.0.${10 + i % 8}`, server.port));
  }
  const owner = await askFrom("127.0.0.2", server.port);
  assert.match(owner.answer, /^HTTP\/1.1 200 /);
  const { unknown, refused, evicted } = server.guard.counts();
  assert.deepEqual({ unknown, refused, evicted }, { unknown: 64, refused: 0, evicted: 1 });
  for (const { close } of [owner, ...holders]) close();
});

guardTest("who is known has slots apart, and the oldest at rest goes for the next", {
  maxUnknownPerAddress: 2,
  maxKnown: 2,
}, async (server) => {
  const first = await ask(server.port, "/promote");
  const second = await ask(server.port, "/promote");
  const third = await ask(server.port, "/promote");
  await first.untilEnd();
  assert.match(third.text, /true$/);
  assert.deepEqual(server.guard.counts(), {
    unknown: 0,
    known: 2,
    refused: 0,
    cut: 0,
    evicted: 1,
  });
  for (const peer of [second, third]) peer.close();
});

guardTest("an evicted connection ends at once, also while the guard reads nothing of it", {
  maxUnknownPerAddress: 1,
  handshakeMs: 0,
  stallMs: 600_000,
  quietMs: 600_000,
}, async (server) => {
  const first = await RawPeer.connect(server.port);
  await upgrade(first);
  await first.send(frameHead(1024 * 1024));
  await first.send(new Uint8Array(128 * 1024));
  // The allowance is used up by then, which nobody outside can see.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const socket = await server.firstSocket;
  const second = await RawPeer.connect(server.port);
  await socket.ended;
  await first.untilEnd();
  assert.equal(server.guard.counts().unknown, 1);
  second.close();
});

guardTest("a WebSocket without a session ends when nothing comes, a known one does not", {
  quietMs: 300,
}, async (server) => {
  const quiet = await RawPeer.connect(server.port);
  await upgrade(quiet);
  const known = await RawPeer.connect(server.port);
  await upgrade(known);
  await known.send(textFrame("promote"));
  await quiet.untilEnd();
  assert.deepEqual(server.cutReasons, ["quiet"]);
  await known.send(textFrame("still here"));
  await known.until((text) => text.endsWith("still here"));
  known.close();
});

Deno.test({
  name: "a guard on every interface tells IPv4 from IPv6 and counts them apart",
  ignore: !hasIpv6(),
  fn: async () => {
    const server = startGuardedServer({ maxUnknownPerAddress: 1 }, "::");
    const statuses: number[] = [];
    const bodies: string[] = [];
    const clients: Deno.HttpClient[] = [];
    for (const host of ["127.0.0.1", "127.0.0.1", "[::1]", "[::1]"]) {
      // Each on a connection of its own, which stays open.
      const client = Deno.createHttpClient({});
      const response = await fetch(`http://${host}:${server.port}/address`, { client });
      statuses.push(response.status);
      bodies.push(await response.text());
      clients.push(client);
    }
    assert.deepEqual(statuses, [200, 200, 200, 200]);
    const { unknown, evicted } = server.guard.counts();
    assert.deepEqual({ unknown, evicted }, { unknown: 2, evicted: 2 });
    assert.deepEqual([bodies[0], bodies[2]], ["127.0.0.1", "::1"]);
    for (const client of clients) client.close();
    await server.close();
  },
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

guardTest("stopAccepting() leaves connections be, close() cuts them", {}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  await upgrade(peer);
  server.guard.stopAccepting();
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/address`));
  await peer.send(textFrame("still here"));
  await peer.until((text) => text.endsWith("still here"));
  await server.guard.close();
  await (await server.firstSocket).ended;
  await peer.untilEnd();
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 0, refused: 0, cut: 0, evicted: 0 });
});

guardTest("close() does not wait for peers that are being refused", {
  maxUnknown: 0,
  lingerMs: 60_000,
}, async (server) => {
  const peer = await RawPeer.connect(server.port, { reads: false });
  await peer.send(requestBytes("/address"));
  await until(() => server.guard.counts().refused === 1);
  await server.guard.close();
  // Whoever lingers on would be heard for longer.
  assert.ok(await peer.sendForever(new Uint8Array(1)) < 1000);
  peer.close();
});

guardTest("close() ends connections that are on their way in", {
  maxUnknownPerAddress: 50,
  requestMs: 60_000,
}, async (server) => {
  const connecting = Array.from({ length: 50 }, () => RawPeer.connect(server.port));
  await until(() => server.guard.counts().unknown > 0);
  await server.guard.close();
  const peers = await Promise.allSettled(connecting);
  await Promise.all(
    peers.map((peer) => peer.status === "fulfilled" ? peer.value.untilEnd() : undefined),
  );
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 0, refused: 0, cut: 0, evicted: 0 });
});

Deno.test("a guard without an inner server refuses and goes on", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  const warnings: string[] = [];
  const guard = startGuard({
    hostname: "127.0.0.1",
    port: 0,
    innerPort: gone.addr.port,
    refusal: () => encodeRefusal("id"),
    random: systemRandom,
    clock: systemClock,
    log: { ...silentLogger, warn: (message) => warnings.push(message) },
  });
  const statuses = [];
  for (let i = 0; i < 10; i++) {
    const response = await fetch(`http://127.0.0.1:${guard.addr.port}/address`);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, Array(10).fill(503));
  assert.deepEqual(warnings, ["Cannot reach the inner server"]);
  await guard.close();
  assert.deepEqual(guard.counts(), { unknown: 0, known: 0, refused: 10, cut: 0, evicted: 0 });
});

Deno.test("startGuard() throws where the address is not this host's", () => {
  const options = {
    hostname: "203.0.113.1",
    port: 0,
    innerPort: 1,
    refusal: () => encodeRefusal("id"),
    random: systemRandom,
    clock: systemClock,
    log: silentLogger,
  };
  assert.throws(() => startGuard(options), Deno.errors.AddrNotAvailable);
});

Deno.test("the service takes its limits from the configuration and counts evictions", async () => {
  const tables = "[limits]\nconnections_per_address = 1";
  await withService({ listen: "0.0.0.0:0", tables }, async (service) => {
    const port = Number(new URL(service.baseUrl).port);
    // Every loopback address but 127.0.0.1 comes in through the guard.
    const first = await Deno.connect({ hostname: "127.0.0.2", port });
    const second = await Deno.connect({ hostname: "127.0.0.2", port });
    assert.equal(await first.read(new Uint8Array(1)).catch(() => null), null);
    const metrics = await (await fetch(`${service.baseUrl}/metrics`)).text();
    assert.match(metrics, /^latchkey_guard_ended\{how="evicted"\} 1$/m);
    assert.match(metrics, /^latchkey_guarded_connections\{state="unknown"\} 1$/m);
    for (const peer of [first, second]) peer.close();
  });
});

for (const [what, listensOnLoopback] of [["", true], [" that is away", false]] as const) {
  Deno.test(`what comes to a loopback listener${what} ${listensOnLoopback ? "is local" : "meets the guard"}`, async () => {
    // The guard's listener is the same, with and without one that fits better.
    const server = startGuardedServer({}, "0.0.0.0");
    const local = listensOnLoopback
      ? Deno.serve({
        hostname: "127.0.0.1",
        port: server.port,
        reusePort: true,
        onListen: () => {},
      }, () => new Response("local"))
      : undefined;
    const texts = await Promise.all(["127.0.0.1", "127.0.0.2"].map(async (host) => {
      const client = Deno.createHttpClient({});
      const response = await fetch(`http://${host}:${server.port}/innerPeer`, { client });
      const { status } = response;
      await response.body?.cancel();
      client.close();
      return status;
    }));
    // The inner server has no such path.
    assert.deepEqual(texts, [listensOnLoopback ? 200 : 404, 404]);
    await local?.shutdown();
    await server.close();
  });
}

Deno.test("whatever comes in through the guard is remote, also from a loopback address", async () => {
  const listeners = await startListeners({
    listen: { hostname: "0.0.0.0", port: 0 },
    limits: () => ({
      connectionsPerAddress: 8,
      unknownConnections: 64,
      knownConnections: 128,
      connectionsPerKey: 32,
      waitingConnections: 256,
      connectionWaitS: 10,
    }),
    handler: (_request, { address, cameOverLoopback, guarded }) =>
      Response.json({ address, cameOverLoopback, isGuarded: guarded !== undefined }),
    requestId: () => "id",
    random: systemRandom,
    clock: systemClock,
    log: silentLogger,
  });
  const ask = async (host: string): Promise<unknown> =>
    await (await fetch(`http://${host}:${listeners.port}/`, {
      headers: { Connection: "close" },
    })).json();
  const local = { address: "127.0.0.1", cameOverLoopback: true, isGuarded: false };
  assert.deepEqual(await ask("127.0.0.1"), local);
  const { address, ...remote } = await ask("127.0.0.2") as Record<string, unknown>;
  assert.match(String(address), /^127\./);
  assert.deepEqual(remote, { cameOverLoopback: false, isGuarded: true });
  await listeners.stop(1_000);
});

Deno.test("a remote WebSocket without a session ends after two quiet minutes", async () => {
  const clock = new FakeClock();
  const upgraded = Promise.withResolvers<void>();
  const listeners = await startListeners({
    listen: { hostname: "0.0.0.0", port: 0 },
    limits: () => ({
      connectionsPerAddress: 8,
      unknownConnections: 64,
      knownConnections: 128,
      connectionsPerKey: 32,
      waitingConnections: 256,
      connectionWaitS: 10,
    }),
    handler: (request, { guarded }) => {
      guarded?.requestSeen();
      guarded?.progressed();
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      socket.onopen = () => upgraded.resolve();
      socket.onerror = () => {};
      return response;
    },
    requestId: () => "id",
    random: systemRandom,
    clock,
    log: silentLogger,
  });
  const socket = new WebSocket(`ws://127.0.0.2:${listeners.port}/ws`);
  const ended = new Promise<void>((resolve) => {
    socket.onerror = () => {};
    socket.onclose = () => resolve();
  });
  await upgraded.promise;
  await new Promise<void>((resolve) => {
    if (socket.readyState === WebSocket.OPEN) resolve();
    else socket.onopen = () => resolve();
  });
  clock.advance(119_000);
  assert.equal(listeners.counts()?.cut, 0);
  clock.advance(1_000 + SWEEP_MS);
  await ended;
  // Two sweeps may see it before its sockets are closed.
  assert.ok((listeners.counts()?.cut ?? 0) > 0);
  await listeners.stop(0);
});
