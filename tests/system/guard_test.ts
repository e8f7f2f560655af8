// The guard on real sockets: what passes, what is cut, what is refused. Limits are short here; that
// the real ones are what the protocol says is for tests/edges/http/guard_account_test.ts.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import type { GuardLimits } from "../../src/edges/http/guard/guard_limits.ts";
import { BLAST_BYTES, type GuardedServer, guardTest, until } from "./guard_fixture.ts";
import {
  frameHead,
  postHead,
  RawPeer,
  requestBytes,
  textFrame,
  upgrade,
  upgradeBytes,
} from "./guard_peer.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** A WebSocket that the guard serves, and one of the platform's behind the relay. */
const SOCKET_PATHS = ["/ws", "/ws/platform"];

guardTest("requests pass the guard, and the handler learns the address", {}, async (server) => {
  const response = await fetch(`http://127.0.0.1:${server.port}/address`);
  assert.equal(await response.text(), "127.0.0.1");
  assert.deepEqual(server.guard.counts(), { unknown: 1, known: 0, refused: 0, cut: 0, evicted: 0 });
});

guardTest("one connection carries one request after the other", {}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  await peer.send(requestBytes("/address"));
  await peer.until((text) => text.endsWith("127.0.0.1"));
  await peer.send(requestBytes("/promote"));
  await peer.until((text) => text.endsWith("true"));
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 1, refused: 0, cut: 0, evicted: 0 });
  peer.close();
});

for (const path of SOCKET_PATHS) {
  guardTest(`WebSocket messages pass the guard: ${path}`, {}, async (server) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
    const messages: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => {
      messages.push(data);
      if (messages.length === 1) {
        socket.send("x".repeat(60 * KIB));
      } else socket.close(4000, "done");
    };
    socket.onclose = ({ code, wasClean }) => {
      messages.push(code, wasClean);
      ended.resolve();
    };
    await ended.promise;
    assert.deepEqual(messages, ["hello", "x".repeat(60 * KIB), 4000, true]);
  });
}

guardTest("a connection past the guard is not in its table", {}, async (server) => {
  const response = await fetch(`http://127.0.0.1:${server.innerPort}/address`);
  assert.equal(response.status, 403);
  assert.equal(await response.text(), "not from the guard");
  assert.equal(server.guard.find(1), undefined);
});

guardTest("a long upload passes in parts that the handler takes", {}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  await peer.send(postHead("/upload", 10 * MIB));
  for (let i = 0; i < 160; i++) {
    assert.ok(await peer.send(new Uint8Array(64 * KIB)));
  }
  await peer.until((text) => text.endsWith(String(10 * MIB)));
  assert.deepEqual(server.cutReasons, []);
  peer.close();
});

for (const path of SOCKET_PATHS) {
  guardTest(`a known peer's message of 3 MiB passes, one of 5 MiB is cut: ${path}`, {
    stallMs: 100,
  }, async (server) => {
    const peer = await openSocket(server, path);
    await peer.send(textFrame("promote"));
    await peer.until((text) => text.endsWith("true"));
    await peer.send(frameHead(3 * MIB, { opcode: 2 }));
    await peer.send(new Uint8Array(3 * MIB));
    await peer.until((text) => text.endsWith(String(3 * MIB)));
    await peer.send(frameHead(5 * MIB, { opcode: 2 }));
    await peer.send(new Uint8Array(5 * MIB));
    await peer.untilEnd();
    assert.deepEqual(server.cutReasons, ["stalled"]);
  });
}

type LazyRow = [string, Partial<GuardLimits>, (peer: RawPeer) => Promise<unknown>, string];

const LAZY: LazyRow[] = [
  ["says nothing", { requestMs: 100 }, () => Promise.resolve(), "no_request"],
  ["sends half a head", { requestMs: 100 }, (peer) => peer.send(utf8("GET /addr")), "no_request"],
  ["sends half a body", { requestMs: 100 }, async (peer) => {
    await peer.send(postHead("/whole", 100));
    await peer.send(utf8("half"));
  }, "slow_body"],
  ["sends half a body in parts", { requestMs: 100 }, async (peer) => {
    await peer.send(postHead("/upload", 100));
    await peer.send(utf8("half"));
  }, "slow_body"],
  ["sends no second request", { idleMs: 100 }, async (peer) => {
    await peer.send(requestBytes("/address"));
  }, "idle"],
  ["sends half a second head", { requestMs: 100 }, async (peer) => {
    await peer.send(requestBytes("/address"));
    await peer.until((text) => text.endsWith("127.0.0.1"));
    await peer.send(utf8("GET /addr"));
  }, "no_request"],
  ...SOCKET_PATHS.flatMap((path): LazyRow[] => [
    [`does not answer a close over ${path}`, { closeMs: 100 }, async (peer) => {
      await upgrade(peer, path);
      await peer.send(textFrame("close"));
    }, "not_closing"],
    [`sends a message of 63 MiB over ${path}`, { stallMs: 100 }, async (peer) => {
      await upgrade(peer, path);
      await peer.send(frameHead(63 * MIB));
      await peer.sendForever(new Uint8Array(64 * KIB));
    }, "stalled"],
    [`sends fragments without an end over ${path}`, { stallMs: 100 }, async (peer) => {
      await upgrade(peer, path);
      await peer.send(frameHead(0, { isLast: false }));
      await peer.sendForever(frameHead(0, { opcode: 0, isLast: false }));
    }, "stalled"],
  ]),
  ["speaks HTTP/2", {}, (peer) => peer.send(utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), "http2"],
];
for (const [name, limits, misbehave, reason] of LAZY) {
  guardTest(`a peer that ${name} is cut`, limits, async (server) => {
    const peer = await RawPeer.connect(server.port);
    await misbehave(peer);
    await peer.untilEnd();
    assert.deepEqual(server.cutReasons, [reason]);
    assert.equal(server.guard.counts().cut, 1);
  });
}

for (const path of SOCKET_PATHS) {
  guardTest(`a peer that does not read is cut: ${path}`, { writeMs: 100 }, async (server) => {
    const peer = await openDeafSocket(server, path);
    await peer.send(textFrame("blast"));
    await (await server.firstSocket).ended;
    assert.deepEqual(server.cutReasons, ["not_reading"]);
    await peer.untilEnd();
    assert.ok(peer.receivedBytes < BLAST_BYTES);
  });
}

for (const path of SOCKET_PATHS) {
  guardTest(`abort() ends both sockets over a blocked write: ${path}`, {}, async (server) => {
    const peer = await openDeafSocket(server, path);
    const { connection } = await server.firstRequest;
    await peer.send(textFrame("blast"));
    await untilBlocked(server);
    connection.abort();
    await connection.closed;
    await (await server.firstSocket).ended;
    assert.deepEqual(server.guard.counts(), {
      unknown: 0,
      known: 0,
      refused: 0,
      cut: 0,
      evicted: 0,
    });
    await peer.untilEnd();
    assert.ok(peer.receivedBytes < BLAST_BYTES);
  });
}

guardTest("a connection that has ended takes no harm from its handler", {}, async (server) => {
  const peer = await openSocket(server, "/ws/platform");
  const { connection, innerPeerPort } = await server.firstRequest;
  assert.equal(server.guard.find(innerPeerPort), connection);
  peer.close();
  await connection.closed;
  assert.equal(server.guard.find(innerPeerPort), undefined);
  connection.requestSeen();
  connection.bodyPart();
  connection.progressed();
  connection.answered();
  connection.closing();
  connection.abort();
  assert.equal(connection.promote(), false);
  assert.deepEqual(server.guard.counts(), { unknown: 0, known: 0, refused: 0, cut: 0, evicted: 0 });
});

guardTest("a peer that sends on after its answer is cut, and has the answer", {
  stallMs: 100,
}, async (server) => {
  const peer = await RawPeer.connect(server.port);
  await peer.send(postHead("/too-large", 100 * MIB));
  await peer.sendForever(new Uint8Array(1000));
  assert.match(await peer.untilEnd(), /^HTTP\/1.1 413 [^]*too large$/);
  assert.deepEqual(server.cutReasons, ["stalled"]);
});

guardTest(
  "a peer that talks into the end of its connection has the last answer",
  {},
  async (server) => {
    const peer = await RawPeer.connect(server.port, { reads: false });
    await peer.send(utf8("This is no HTTP\r\n\r\n"));
    await peer.send(new Uint8Array(200 * KIB));
    assert.match(await peer.untilEnd(), /^HTTP\/1.1 400 /);
    assert.deepEqual(server.cutReasons, []);
  },
);

guardTest("a peer that does not close after its last answer is closed", {
  lingerMs: 100,
  requestMs: 60_000,
}, async (server) => {
  const peer = await RawPeer.connect(server.port, { reads: false });
  await peer.send(utf8("This is no HTTP\r\n\r\n"));
  await until(() => server.guard.counts().unknown === 1);
  await until(() => server.guard.counts().unknown === 0);
  assert.match(await peer.untilEnd(), /^HTTP\/1.1 400 /);
  assert.deepEqual(server.cutReasons, []);
});

async function openSocket(server: GuardedServer, path: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(server.port);
  await upgrade(peer, path);
  return peer;
}

// The answer to the upgrade stays unread like everything else.
async function openDeafSocket(server: GuardedServer, path: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(server.port, { reads: false });
  await peer.send(upgradeBytes(path));
  await server.firstSocket;
  return peer;
}

// Blocked is what has waited to be taken for a while and has not become less.
async function untilBlocked(server: GuardedServer): Promise<void> {
  const { bufferedBytes } = await server.firstSocket;
  for (let before = -1;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const bytes = bufferedBytes();
    if (bytes > 0 && bytes === before) return;
    before = bytes;
  }
}
