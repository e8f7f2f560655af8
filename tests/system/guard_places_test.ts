// Who finds a place in the guard, what the others are told, and how a guard ends; on real sockets.

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { startGuard } from "../../src/http/guard/guard.ts";
import { encodeRefusal } from "../../src/http/guard/refusal.ts";
import { guardTest, startGuardedServer, until } from "./guard_fixture.ts";
import { ask, askFrom, RawPeer, requestBytes, textFrame, upgrade } from "./guard_peer.ts";

guardTest("8 of 70 connections from one address find a place", {}, async (server) => {
  const peers = await Promise.all(Array.from({ length: 70 }, () => RawPeer.connect(server.port)));
  const answers = await Promise.all(peers.map(async (peer) => {
    await peer.send(requestBytes("/address"));
    await peer.until((text) => /127\.0\.0\.1$|\}$/.test(text));
    return peer.text;
  }));
  const refusals = answers.filter((answer) => answer.startsWith("HTTP/1.1 503 "));
  assert.equal(answers.filter((answer) => answer.startsWith("HTTP/1.1 200 ")).length, 8);
  assert.equal(refusals.length, 62);
  assert.deepEqual(server.guard.counts(), { unknown: 8, known: 0, refused: 62, cut: 0 });
  const ids = refusals.map((refusal) => {
    const [head = "", body = ""] = refusal.split("\r\n\r\n");
    const { error: { request_id: id, ...error }, ...rest } = JSON.parse(body);
    assert.deepEqual([error, rest], [
      { code: "unavailable", message: "Too many connections" },
      {},
    ]);
    assert.ok(head.includes(`\r\nX-Request-ID: ${id}`));
    assert.ok(head.includes("\r\nConnection: close"));
    return id;
  });
  assert.equal(new Set(ids).size, 62);
  const elsewhere = await askFrom("127.0.0.2", server.port);
  assert.match(elsewhere.answer, /^HTTP\/1.1 200 [^]*127\.0\.0\.2$/);
  elsewhere.close();
  for (const peer of peers) peer.close();
});

guardTest("a place is free again when its connection has ended", {
  maxUnknownPerAddress: 1,
}, async (server) => {
  const first = await ask(server.port, "/address");
  assert.match(first.text, / 200 /);
  const second = await ask(server.port, "/address");
  assert.match(second.text, / 503 /);
  first.close();
  await (await server.firstRequest).connection.closed;
  const third = await ask(server.port, "/address");
  assert.match(third.text, / 200 /);
  for (const peer of [second, third]) peer.close();
});

guardTest("3 of 4 addresses find a place where there are 3", { maxUnknown: 3 }, async (server) => {
  const asked = [];
  for (const host of [2, 3, 4, 5]) {
    // deno-lint-ignore no-await-in-loop -- in this order
    asked.push(await askFrom(`127.0.0.${host}`, server.port));
  }
  assert.deepEqual(asked.map(({ answer }) => answer.slice(9, 12)), ["200", "200", "200", "503"]);
  for (const { close } of asked) close();
});

guardTest("known peers have places of their own, and no more than there are", {
  maxUnknownPerAddress: 2,
  maxKnown: 2,
}, async (server) => {
  const first = await ask(server.port, "/trust");
  const [second, third] = [await ask(server.port, "/address"), await ask(server.port, "/address")];
  await second.send(requestBytes("/trust"));
  await second.until((text) => text.endsWith("true"));
  await third.send(requestBytes("/trust"));
  await third.until((text) => text.endsWith("false"));
  assert.match(first.text, /true$/);
  assert.deepEqual(server.guard.counts(), { unknown: 1, known: 2, refused: 0, cut: 0 });
  const fourth = await ask(server.port, "/address");
  assert.match(fourth.text, / 503 /);
  for (const peer of [first, second, third, fourth]) peer.close();
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
      // deno-lint-ignore no-await-in-loop -- in this order
      const response = await fetch(`http://${host}:${server.port}/address`, { client });
      statuses.push(response.status);
      // deno-lint-ignore no-await-in-loop -- as above
      bodies.push(await response.text());
      clients.push(client);
    }
    assert.deepEqual(statuses, [200, 503, 200, 503]);
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
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 0, refused: 0, cut: 0 });
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
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 0, refused: 0, cut: 0 });
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
    clock: systemClock,
    log: { ...silentLogger, warn: (message) => warnings.push(message) },
  });
  const statuses = [];
  for (let i = 0; i < 10; i++) {
    // deno-lint-ignore no-await-in-loop -- one after the other
    const response = await fetch(`http://127.0.0.1:${guard.addr.port}/address`);
    // deno-lint-ignore no-await-in-loop -- as above
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, Array(10).fill(503));
  assert.deepEqual(warnings, ["Cannot reach the inner server"]);
  await guard.close();
  assert.deepEqual(guard.counts(), { unknown: 0, known: 0, refused: 10, cut: 0 });
});

Deno.test("startGuard() throws where the address is not this host's", () => {
  const options = {
    hostname: "203.0.113.1",
    port: 0,
    innerPort: 1,
    refusal: () => encodeRefusal("id"),
    clock: systemClock,
    log: silentLogger,
  };
  assert.throws(() => startGuard(options), Deno.errors.AddrNotAvailable);
});
