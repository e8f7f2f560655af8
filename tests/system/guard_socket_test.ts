// WebSockets that the guard serves itself, on real sockets: two clients of others as judges, what
// becomes of the inner server's connection, and when the platform serves instead.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Buffer } from "node:buffer";
import WsClient from "ws";
import { concatBytes } from "../../src/base/bytes.ts";
import { guardTest, SILENCE_MS, until } from "./guard_fixture.ts";
import {
  frameHead,
  RawPeer,
  requestBytes,
  textFrame,
  upgrade,
  upgradeBytes,
} from "./guard_peer.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

// Bytes as the raw peer shows them.
function asText(...bytes: readonly number[]): string {
  return new TextDecoder("latin1").decode(Uint8Array.from(bytes));
}

guardTest("a client of npm:ws has messages of all sizes echoed, its pings answered, its close", {
  knownAllowanceBytes: 8 * MIB,
}, async (server) => {
  const client = new WsClient(`ws://127.0.0.1:${server.port}/ws`, { perMessageDeflate: true });
  const answers: (string | number)[] = [];
  let wake = (): void => {};
  client.on("message", (data: Buffer, isBinary: boolean) => {
    answers.push(isBinary ? -1 : data.length < 100 ? data.toString() : data.length);
    wake();
  });
  const pongs: string[] = [];
  client.on("pong", (data: Buffer) => {
    pongs.push(data.toString());
    wake();
  });
  const untilAnswers = async (count: number): Promise<void> => {
    while (answers.length + pongs.length < count) {
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  await new Promise((resolve) => client.once("open", resolve));
  assert.equal(client.extensions, "");
  client.send("promote");
  await untilAnswers(1);
  const texts = ["", "a", "Grüße 🎮", "x".repeat(125), "x".repeat(126), "€".repeat(30_000)];
  for (const text of texts) client.send(text);
  client.ping("are you there?");
  for (const size of [0, 65_535, 65_536, 3 * MIB]) client.send(randomBytes(size));
  client.send("frag", { fin: false });
  client.ping();
  client.send("ment", { fin: true });
  await untilAnswers(1 + texts.length + 4 + 2 + 1);
  assert.deepEqual(answers, [
    "true",
    "",
    "a",
    "Grüße 🎮",
    125,
    126,
    90_000,
    "0",
    "65535",
    "65536",
    String(3 * MIB),
    "fragment",
  ]);
  assert.deepEqual(pongs, ["are you there?", ""]);
  const closed = new Promise((resolve) => client.once("close", resolve));
  client.close(4001, "enough");
  assert.equal(await closed, 4001);
  await (await server.firstSocket).ended;
  await until(() => server.guard.counts().known === 0);
  assert.deepEqual(server.cutReasons, []);
});

guardTest(
  "the device closes with its code, and the connection ends in good order",
  {},
  async (server) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
    const closed = Promise.withResolvers<[number, boolean]>();
    socket.onopen = () => socket.send("close");
    socket.onclose = ({ code, wasClean }) => closed.resolve([code, wasClean]);
    assert.deepEqual(await closed.promise, [1000, true]);
    await until(() => server.guard.counts().unknown === 0);
    assert.deepEqual(server.cutReasons, []);
  },
);

guardTest(
  "a served WebSocket has no connection to the inner server any more",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port);
    await upgrade(peer);
    const { connection, innerPeerPort } = await server.firstRequest;
    assert.equal(server.guard.find(innerPeerPort), undefined);
    assert.equal(server.guard.counts().unknown, 1);
    await peer.send(textFrame("still here"));
    await peer.until((text) => text.endsWith("still here"));
    connection.abort();
    await peer.untilEnd();
    await connection.closed;
    assert.equal(server.guard.counts().unknown, 0);
  },
);

guardTest(
  "an upgrade after another request is the platform's, behind the relay",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port);
    await peer.send(requestBytes("/address"));
    await peer.until((text) => text.endsWith("127.0.0.1"));
    await upgrade(peer);
    const { connection, innerPeerPort } = await server.firstRequest;
    assert.equal(server.guard.find(innerPeerPort), connection);
    await peer.send(textFrame("still here"));
    await peer.until((text) => text.endsWith("still here"));
    peer.close();
    await connection.closed;
  },
);

guardTest(
  "two requests in one go, the second an upgrade, are both answered in order",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port);
    await peer.send(requestBytes("/address"));
    await peer.send(upgradeBytes());
    await peer.until((text) => text.includes("101 Switching Protocols"));
    assert.ok(peer.text.indexOf("127.0.0.1") < peer.text.indexOf("101 Switching"));
    peer.close();
  },
);

guardTest(
  "an upgrade that is refused after all leaves the connection to the inner server",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port);
    await peer.send(upgradeBytes("/ws/refused"));
    await peer.until((text) => text.endsWith("refused after all"));
    await peer.send(requestBytes("/address"));
    await peer.until((text) => text.endsWith("127.0.0.1"));
    await upgrade(peer, "/ws/platform");
    await peer.send(textFrame("still here"));
    await peer.until((text) => text.endsWith("still here"));
    (await server.firstRequest).connection.abort();
    await peer.untilEnd();
  },
);

guardTest(
  "an upgrade that does not wait for its answer is the platform's, and nothing is lost",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port);
    await peer.send(concatBytes(upgradeBytes(), textFrame("in a hurry")));
    await peer.until((text) => text.endsWith("in a hurry"));
    const { connection, innerPeerPort } = await server.firstRequest;
    assert.equal(server.guard.find(innerPeerPort), connection);
    connection.abort();
    await peer.untilEnd();
  },
);

guardTest("what breaks the rules of WebSockets is told 1002, and the connection ends", {
  lingerMs: 100,
}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  await upgrade(peer);
  await peer.send(frameHead(0, { opcode: 3 }));
  await peer.until((text) => text.endsWith(asText(0x88, 2, 3, 0xea)));
  await peer.untilEnd();
  await (await server.firstSocket).ended;
  assert.deepEqual(server.cutReasons, []);
});

guardTest("a silent peer is pinged, and ends where it does not answer", {}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  const startMs = performance.now();
  await upgrade(peer, "/ws/impatient");
  await peer.until((text) => text.endsWith(asText(0x89, 0)));
  await peer.send(frameHead(0, { opcode: 10 }));
  await peer.untilEnd();
  assert.ok(performance.now() - startMs > SILENCE_MS * 1.4);
  assert.equal(peer.text.split(asText(0x89, 0)).length, 3);
  await (await server.firstSocket).ended;
  assert.deepEqual(server.cutReasons, ["silent"]);
});

for (const path of ["/ws", "/ws/platform"]) {
  guardTest(`a peer without a session ends after quiet over ${path}, pongs count`, {
    quietMs: 1_500,
  }, async (server) => {
    const peer = await RawPeer.connect(server.port);
    await upgrade(peer, path);
    // Longer than that together, and each far from it on a busy machine too.
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 900));
      assert.ok(await peer.send(frameHead(0, { opcode: 10 })));
    }
    assert.deepEqual(server.cutReasons, []);
    await peer.untilEnd();
    assert.deepEqual(server.cutReasons, ["quiet"]);
  });
}
