// A WebSocket that the guard serves, over a relay between fake connections.

import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import type { WireMessage } from "../../../src/protocol/v1/frame.ts";
import { ConnectionAccount } from "../../../src/edges/http/guard/account.ts";
import { GUARD_LIMITS } from "../../../src/edges/http/guard/guard_limits.ts";
import { PeerSocket } from "../../../src/edges/http/guard/peer_socket.ts";
import { MAX_JOINED_BYTES } from "../../../src/edges/http/guard/peer_writer.ts";
import {
  Relay,
  RELAY_BUFFER_BYTES,
  SOCKET_BUFFER_BYTES,
} from "../../../src/edges/http/guard/relay.ts";
import type { Socket } from "../../../src/features/session/socket.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeStream } from "./guard_fake_stream.ts";

const HEAD = utf8("HEAD");
const IDLE_MS = 30_000;

interface Fixture {
  clock: FakeClock;
  peer: FakeStream;
  inner: FakeStream;
  account: ConnectionAccount;
  relay: Relay;
  socket: PeerSocket;
  /** The connection's end of the socket. */
  opened: Socket;
  /** What the receiver was told, and closings and mistakes. */
  told: (WireMessage | { event: string })[];
  done: Promise<void>;
}

interface Behaviour {
  onOpen?: (socket: Socket) => void;
  onMessage?: (message: WireMessage, socket: Socket) => void;
}

function divert({ onOpen = () => {}, onMessage = () => {} }: Behaviour = {}): Fixture {
  const clock = new FakeClock();
  const nowMs = (): number => clock.monotonicMs();
  const [peer, inner] = [new FakeStream(), new FakeStream()];
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: nowMs() });
  const relay = new Relay({
    peer,
    inner,
    account,
    limits: GUARD_LIMITS,
    nowMs,
    onHttp2: () => assert.fail("HTTP/2"),
  });
  const told: Fixture["told"] = [];
  let opened: Socket | undefined;
  const socket = new PeerSocket({
    onOpen: (given) => {
      opened = given;
      onOpen(given);
      return {
        receive: (message) => {
          told.push(message);
          onMessage(message, given);
        },
        ended: () => told.push({ event: "ended" }),
      };
    },
    onClosing: () => told.push({ event: "closing" }),
    idleMs: IDLE_MS,
    log: {
      ...silentLogger,
      error: (_message: string, { error }: LogFields = {}) => {
        told.push({ event: error instanceof Error ? error.message : "error" });
      },
    },
  });
  const done = relay.run();
  assert.equal(relay.divert(socket, HEAD), true);
  assert.ok(opened !== undefined);
  return { clock, peer, inner, account, relay, socket, opened, told, done };
}

function masked(opcode: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  assert.ok(payload.length < 65_536);
  const length = payload.length < 126
    ? [0x80 | payload.length]
    : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return concatBytes(Uint8Array.of(0x80 | opcode, ...length, 0, 0, 0, 0), payload);
}

function hexOf(stream: FakeStream): string {
  return concatBytes(...stream.written).subarray(HEAD.length).toHex();
}

Deno.test("a diverted connection sends the answer first, and lets the inner server go", async () => {
  const { peer, inner, relay, told, done } = divert({ onOpen: (socket) => socket.send("hi") });
  await peer.until(({ written }) => written.length > 0);
  assert.deepEqual(peer.written, [concatBytes(HEAD, Uint8Array.of(0x81, 2), utf8("hi"))]);
  assert.equal(inner.isClosed, true);
  assert.deepEqual(inner.written, []);
  assert.equal(relay.isOver(Infinity), false);
  relay.cut();
  await done;
  assert.deepEqual(told, [{ event: "ended" }]);
});

Deno.test("what was held back of the peer is the socket's once the connection is diverted", async () => {
  const clock = new FakeClock();
  const [peer, inner] = [new FakeStream(), new FakeStream()];
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  const nowMs = (): number => clock.monotonicMs();
  const onHttp2 = (): void => assert.fail("HTTP/2");
  const relay = new Relay({ peer, inner, account, limits: GUARD_LIMITS, nowMs, onHttp2 });
  const done = relay.run();
  peer.arrive(utf8("GET / HTTP/1.1\r\n\r\n"));
  await inner.until(({ written }) => written.length === 1);
  assert.equal(relay.holdBack(), true);
  peer.arrive(masked(1, utf8("a")));
  const received = Promise.withResolvers<WireMessage>();
  const socket = new PeerSocket({
    onOpen: () => ({ receive: received.resolve, ended: () => {} }),
    onClosing: () => assert.fail("closing"),
    idleMs: IDLE_MS,
    log: silentLogger,
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(relay.divert(socket, HEAD), true);
  assert.equal(await received.promise, "a");
  assert.equal(inner.written.length, 1);
  relay.cut();
  await done;
});

Deno.test("a message is received, its answer sent, and several answers go in one write", async () => {
  const { peer, relay, told, done } = divert({
    onMessage: (message, socket) => socket.send(`re:${message}`),
  });
  await peer.until(({ written }) => written.length === 1);
  peer.arrive(concatBytes(masked(1, utf8("a")), masked(1, utf8("b")), masked(1, utf8("c"))));
  await peer.until(({ written }) => written.length === 2);
  assert.deepEqual(told, ["a", "b", "c"]);
  assert.equal(
    hexOf(peer),
    ["a", "b", "c"].map((name) => `8104${utf8(`re:${name}`).toHex()}`).join(""),
  );
  relay.cut();
  await done;
});

Deno.test("frames are joined up to 16 KiB, and none is torn or overtaken", async () => {
  const { peer, relay, opened, done } = divert();
  await peer.until(({ written }) => written.length === 1);
  const sizes = [100, MAX_JOINED_BYTES, 5000, 5000, 5000, 5000];
  sizes.forEach((size, at) => opened.send(new Uint8Array(size).fill(at)));
  const total = sizes.reduce((sum, size) => sum + size + 4, 0) - 2;
  assert.equal(opened.bufferedBytes, total);
  await peer.until(({ written }) => concatBytes(...written).length === HEAD.length + total);
  assert.deepEqual(peer.written.slice(1).map(({ length }) => length), [
    102,
    MAX_JOINED_BYTES + 4,
    3 * 5004,
    5004,
  ]);
  assert.equal(opened.bufferedBytes, 0);
  relay.cut();
  await done;
});

Deno.test("a ping is answered with its bytes; of many, whoever takes nothing has the newest", async () => {
  const { peer, relay, opened, done } = divert();
  await peer.until(({ written }) => written.length === 1);
  for (const [count, name] of [[2, "x"], [3, "y"]] as const) {
    peer.arrive(masked(9, utf8(name)));
    await peer.until(({ written }) => written.length === count);
  }
  assert.equal(hexOf(peer), "8a01788a0179");
  peer.take(0);
  opened.send("z");
  await peer.untilBlocked();
  for (let i = 0; i < 100; i++) peer.arrive(masked(9, Uint8Array.of(i)));
  await peer.untilReading();
  assert.equal(opened.bufferedBytes, 3 + 3);
  peer.take();
  await peer.until(({ written }) => concatBytes(...written).length === HEAD.length + 6 + 3 + 6);
  assert.equal(hexOf(peer), "8a01788a0179" + "81017a" + "8a0100" + "8a0163");
  relay.cut();
  await done;
});

Deno.test("a peer's close is answered with its code, and it has time to read that", async () => {
  const { clock, peer, relay, told, opened, done } = divert();
  peer.arrive(masked(8, Uint8Array.of(0x0f, 0xa1)));
  await peer.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(hexOf(peer), "88020fa1");
  assert.deepEqual(told, [{ event: "ended" }]);
  opened.send("too late");
  assert.equal(relay.isOver(clock.monotonicMs() + GUARD_LIMITS.lingerMs - 1), false);
  assert.equal(relay.isOver(clock.monotonicMs() + GUARD_LIMITS.lingerMs), true);
  peer.arrive(masked(1, utf8("too late")));
  await peer.untilReading();
  peer.arrive("end");
  await done;
  assert.deepEqual([hexOf(peer), told.length, peer.isClosed], ["88020fa1", 1, true]);
});

Deno.test("the device's close waits for the peer's, hears nothing else and is sent once", async () => {
  const { peer, told, opened, done } = divert();
  opened.close(1008, "no");
  opened.close(1000);
  opened.send("too late");
  assert.deepEqual(told, [{ event: "closing" }]);
  peer.arrive(masked(1, utf8("too late")));
  await peer.untilReading();
  assert.equal(peer.isWriteClosed, false);
  peer.arrive(masked(8, Uint8Array.of(3, 0xf0)));
  await peer.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(hexOf(peer), "880403f06e6f");
  assert.deepEqual(told, [{ event: "closing" }, { event: "ended" }]);
  peer.arrive("end");
  await done;
});

Deno.test("a peer that breaks the rules is told so, and what it sends then is not read", async () => {
  const { peer, relay, told, done } = divert();
  peer.arrive(concatBytes(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0), masked(1, utf8("a"))));
  await peer.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(hexOf(peer), "880203ea");
  assert.deepEqual(told, [{ event: "ended" }]);
  relay.cut();
  await done;
});

for (const end of ["end", new Deno.errors.ConnectionReset("reset")] as const) {
  Deno.test(`a socket ends once where its peer ${end === "end" ? "closes" : "resets"}`, async () => {
    const { peer, told, done } = divert();
    peer.arrive(end);
    await done;
    assert.deepEqual([told, peer.isClosed], [[{ event: "ended" }], true]);
  });
}

Deno.test("a socket ends where its peer takes nothing more", async () => {
  const { peer, told, opened, done } = divert();
  await peer.until(({ written }) => written.length === 1);
  peer.writeError = new Deno.errors.BrokenPipe("pipe");
  opened.send("a");
  await done;
  assert.deepEqual(told, [{ event: "ended" }]);
});

Deno.test("abort() cuts the connection with what is on its way", async () => {
  const { peer, told, opened, done } = divert();
  peer.take(0);
  opened.send("a");
  await peer.untilBlocked();
  opened.abort();
  await done;
  assert.deepEqual([told, peer.isClosed], [[{ event: "ended" }], true]);
});

Deno.test("a socket reads no more than its account allows", async () => {
  const { peer, account, relay, done } = divert();
  const allowance = GUARD_LIMITS.unknownAllowanceBytes;
  const head = Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0);
  peer.arrive(concatBytes(head, new Uint8Array(allowance)));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(account.leftBytes, 0);
  assert.equal(peer.isReading, false);
  account.progressed();
  relay.resume();
  await peer.untilReading();
  relay.cut();
  await done;
});

Deno.test("a socket has a small buffer until it fills it", async () => {
  const { peer, account, relay, done } = divert({ onMessage: () => account.progressed() });
  peer.arrive(masked(1, utf8("a")));
  await peer.untilReading();
  peer.arrive(masked(2, new Uint8Array(SOCKET_BUFFER_BYTES)));
  await peer.untilReading();
  const before = peer.readSizes.length;
  peer.arrive(masked(1, utf8("a")));
  await peer.untilReading();
  assert.deepEqual(peer.readSizes.slice(1, before), [
    SOCKET_BUFFER_BYTES,
    RELAY_BUFFER_BYTES,
    SOCKET_BUFFER_BYTES,
  ]);
  relay.cut();
  await done;
});

Deno.test("a peer that takes nothing is unread after 20 s", async () => {
  const { clock, peer, relay, opened, done } = divert();
  await peer.until(({ written }) => written.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advance(100_000);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  peer.take(0);
  opened.send("0123456789");
  await peer.untilBlocked();
  clock.advance(GUARD_LIMITS.writeMs - 1);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  peer.take(1);
  await peer.until(({ written }) => written.length === 2);
  clock.advance(GUARD_LIMITS.writeMs - 1);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  clock.advance(1);
  assert.equal(relay.isUnread(clock.monotonicMs()), true);
  relay.cut();
  await done;
});

Deno.test("a silent peer is pinged once after half of its time, and too silent after all of it", async () => {
  const { clock, peer, relay, done } = divert();
  await peer.until(({ written }) => written.length === 1);
  const isSilentAfter = (ms: number): boolean => {
    clock.advance(ms);
    return relay.isSilent(clock.monotonicMs());
  };
  for (const ms of [IDLE_MS / 2 - 1, 1, 1]) assert.equal(isSilentAfter(ms), false);
  await peer.until(({ written }) => written.length === 2);
  assert.equal(hexOf(peer), "8900");
  peer.arrive(masked(10));
  await peer.untilReading();
  assert.equal(isSilentAfter(IDLE_MS / 2), false);
  await peer.until(({ written }) => written.length === 3);
  assert.equal(hexOf(peer), "89008900");
  assert.equal(isSilentAfter(IDLE_MS / 2 - 1), false);
  assert.equal(isSilentAfter(1), true);
  relay.cut();
  assert.equal(isSilentAfter(IDLE_MS), false);
  await done;
});

Deno.test("a mistake of ours in a handler is logged and cuts the connection", async () => {
  const { peer, told, done } = divert({
    onMessage: () => {
      throw new Error("ours");
    },
  });
  peer.arrive(masked(1, utf8("a")));
  await done;
  assert.deepEqual(told, ["a", { event: "ours" }, { event: "ended" }]);
});

Deno.test("a connection that has ended is not diverted", async () => {
  const clock = new FakeClock();
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  const relay = new Relay({
    peer: new FakeStream(),
    inner: new FakeStream(),
    account,
    limits: GUARD_LIMITS,
    nowMs: () => clock.monotonicMs(),
    onHttp2: () => {},
  });
  const done = relay.run();
  relay.cut();
  const socket = new PeerSocket({
    onOpen: () => assert.fail("opened"),
    onClosing: () => assert.fail("closing"),
    idleMs: IDLE_MS,
    log: silentLogger,
  });
  assert.equal(relay.divert(socket, HEAD), false);
  socket.ended();
  await done;
});
