// The relay between two fake connections; real ones are in tests/system.

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { ConnectionAccount } from "../../../src/edges/http/guard/account.ts";
import { GUARD_LIMITS } from "../../../src/edges/http/guard/guard_limits.ts";
import { LINGER_BYTES, Relay, RELAY_BUFFER_BYTES } from "../../../src/edges/http/guard/relay.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeStream } from "./guard_fake_stream.ts";

interface Bench {
  clock: FakeClock;
  peer: FakeStream;
  inner: FakeStream;
  account: ConnectionAccount;
  relay: Relay;
  done: Promise<void>;
  isHttp2: () => boolean;
}

function startBench(): Bench {
  const clock = new FakeClock();
  const nowMs = (): number => clock.monotonicMs();
  const peer = new FakeStream();
  const inner = new FakeStream();
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: nowMs() });
  let isHttp2 = false;
  const relay = new Relay({
    peer,
    inner,
    account,
    limits: GUARD_LIMITS,
    nowMs,
    onHttp2: () => {
      isHttp2 = true;
      relay.cut();
    },
  });
  return { clock, peer, inner, account, relay, done: relay.run(), isHttp2: () => isHttp2 };
}

Deno.test("a relay moves bytes both ways and ends with both sides", async () => {
  const { peer, inner, done } = startBench();
  peer.arrive(utf8("question"));
  await inner.until(({ text }) => text === "question");
  inner.arrive(utf8("answer"));
  await peer.until(({ text }) => text === "answer");
  peer.arrive("end");
  await inner.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(inner.isClosed, false);
  inner.arrive(utf8(", late"));
  inner.arrive("end");
  await done;
  assert.equal(peer.text, "answer, late");
  assert.deepEqual([peer.isClosed, inner.isClosed], [true, true]);
});

Deno.test("a relay moves no byte before it runs", () => {
  const peer = new FakeStream();
  const inner = new FakeStream();
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  new Relay({ peer, inner, account, limits: GUARD_LIMITS, nowMs: () => 0, onHttp2: () => {} });
  assert.deepEqual([peer.readSizes, inner.readSizes], [[], []]);
});

Deno.test("a relay reads exactly the allowance and then not at all", async () => {
  const { peer, inner, account, relay, done } = startBench();
  const allowance = GUARD_LIMITS.unknownAllowanceBytes;
  peer.arrive(new Uint8Array(allowance + 1000));
  await inner.until(({ written }) => sumOf(written) === allowance);
  assert.equal(peer.isReading, false);
  assert.equal(peer.readSizes.reduce((sum, size) => sum + size), allowance);
  account.progressed();
  relay.resume();
  await inner.until(({ written }) => sumOf(written) === allowance + 1000);
  await peer.untilReading();
  relay.cut();
  await done;
});

Deno.test("a relay reads no further while the inner server takes nothing", async () => {
  const { peer, inner, relay, done } = startBench();
  inner.take(0);
  peer.arrive(new Uint8Array(RELAY_BUFFER_BYTES + 1));
  await inner.untilBlocked();
  inner.take(10);
  await inner.until(({ written }) => sumOf(written) === 10);
  assert.equal(peer.readSizes.length, 1);
  inner.take();
  await inner.until(({ written }) => sumOf(written) === RELAY_BUFFER_BYTES + 1);
  relay.cut();
  await done;
});

Deno.test("a relay reads no further from the inner server while the peer takes nothing", async () => {
  const { peer, inner, relay, done } = startBench();
  peer.take(0);
  inner.arrive(new Uint8Array(RELAY_BUFFER_BYTES + 1));
  await peer.untilBlocked();
  peer.take(10);
  await peer.until(({ written }) => sumOf(written) === 10);
  assert.equal(inner.readSizes.length, 1);
  relay.cut();
  await done;
});

Deno.test("a peer is unread after 20 s without taking a byte", async () => {
  const { clock, peer, inner, relay, done } = startBench();
  clock.advance(100_000);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  peer.take(0);
  inner.arrive(utf8("0123456789"));
  await peer.untilBlocked();
  clock.advance(19_999);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  peer.take(1);
  await peer.until(({ text }) => text === "0");
  clock.advance(19_999);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  clock.advance(1);
  assert.equal(relay.isUnread(clock.monotonicMs()), true);
  peer.take();
  await inner.untilReading();
  clock.advance(100_000);
  assert.equal(relay.isUnread(clock.monotonicMs()), false);
  relay.cut();
  await done;
});

const STUCK: [string, (bench: Bench) => Promise<void>][] = [
  ["reads on both sides", async ({ peer, inner }) => {
    await peer.untilReading();
    await inner.untilReading();
  }],
  ["a blocked write to the peer", async ({ peer, inner }) => {
    peer.take(0);
    inner.arrive(utf8("x"));
    await peer.untilBlocked();
  }],
  ["a blocked write to the inner server", async ({ peer, inner }) => {
    inner.take(0);
    peer.arrive(utf8("x"));
    await inner.untilBlocked();
  }],
  ["a used-up allowance", async ({ peer, inner }) => {
    peer.arrive(new Uint8Array(GUARD_LIMITS.unknownAllowanceBytes));
    await inner.until(({ written }) => sumOf(written) === GUARD_LIMITS.unknownAllowanceBytes);
  }],
  ["a peer that talks on after the end", async ({ peer, inner }) => {
    inner.arrive("end");
    await peer.until(({ isWriteClosed }) => isWriteClosed);
    peer.arrive(new Uint8Array(2 * LINGER_BYTES));
    await allMicrotasks();
    assert.equal(peer.isReading, false);
  }],
];
for (const [name, getStuck] of STUCK) {
  Deno.test(`cut() ends a relay with ${name}, once and for all`, async () => {
    const bench = startBench();
    await getStuck(bench);
    bench.relay.cut();
    bench.relay.cut();
    await bench.done;
    assert.deepEqual([bench.peer.isClosed, bench.inner.isClosed], [true, true]);
  });
}

Deno.test("a relay ends at once when the peer breaks", async () => {
  const { peer, inner, done } = startBench();
  peer.arrive(new Deno.errors.ConnectionReset("reset"));
  await done;
  assert.deepEqual([peer.isClosed, inner.isClosed], [true, true]);
});

Deno.test("a relay ends at once when the peer takes no answer", async () => {
  const { peer, inner, done } = startBench();
  peer.writeError = new Deno.errors.BrokenPipe("pipe");
  inner.arrive(utf8("answer"));
  await done;
  assert.deepEqual([peer.isClosed, inner.isClosed], [true, true]);
});

for (const end of ["end", new Deno.errors.ConnectionReset("reset")] as const) {
  const name = end === "end" ? "closes" : "resets";
  Deno.test(`a last answer reaches a peer that still talks when the inner server ${name}`, async () => {
    const { clock, peer, inner, relay, done } = startBench();
    peer.take(0);
    inner.arrive(utf8("413"));
    inner.arrive(end);
    await peer.untilBlocked();
    inner.writeError = new Deno.errors.BrokenPipe("pipe");
    peer.arrive(utf8("more of the body"));
    await peer.untilReading();
    assert.equal(relay.isOver(clock.monotonicMs() + 60_000), false);
    peer.take();
    await peer.until(({ isWriteClosed }) => isWriteClosed);
    assert.equal(peer.text, "413");
    peer.arrive(utf8("and more"));
    await peer.untilReading();
    assert.equal(peer.isClosed, false);
    clock.advance(999);
    assert.equal(relay.isOver(clock.monotonicMs()), false);
    clock.advance(1);
    assert.equal(relay.isOver(clock.monotonicMs()), true);
    peer.arrive("end");
    await done;
    assert.equal(peer.isClosed, true);
  });
}

Deno.test("a peer that talks into an ended conversation is heard for 256 KiB", async () => {
  const { peer, inner, relay, done } = startBench();
  inner.arrive("end");
  await peer.until(({ isWriteClosed }) => isWriteClosed);
  // The read that was under way when the conversation ended is handed in and does not count.
  peer.arrive(new Uint8Array(RELAY_BUFFER_BYTES + LINGER_BYTES + 1));
  await allMicrotasks();
  assert.equal(sumOfSizes(peer.readSizes), RELAY_BUFFER_BYTES + LINGER_BYTES);
  assert.deepEqual([peer.isReading, peer.isClosed], [false, false]);
  assert.equal(sumOf(inner.written), RELAY_BUFFER_BYTES);
  relay.cut();
  await done;
});

Deno.test("what a peer says to an inner server that takes no more is dropped", async () => {
  const { peer, inner, relay, done } = startBench();
  inner.writeError = new Deno.errors.BrokenPipe();
  peer.arrive(utf8("first"));
  await peer.untilReading();
  inner.writeError = undefined;
  peer.arrive(utf8("second"));
  await peer.untilReading();
  assert.deepEqual(inner.written, []);
  // What the inner server had said before still reaches the peer.
  inner.arrive(utf8("answer"));
  await peer.until(({ text }) => text === "answer");
  relay.cut();
  await done;
});

Deno.test("a peer whose allowance is used up is heard again when the inner server ends", async () => {
  const { peer, inner, done } = startBench();
  peer.arrive(new Uint8Array(GUARD_LIMITS.unknownAllowanceBytes));
  await inner.until(({ written }) => sumOf(written) === GUARD_LIMITS.unknownAllowanceBytes);
  inner.arrive("end");
  await peer.untilReading();
  peer.arrive("end");
  await done;
});

Deno.test("a relay hands on nothing of HTTP/2", async () => {
  const { peer, inner, done, isHttp2 } = startBench();
  peer.arrive(utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  await done;
  assert.equal(isHttp2(), true);
  assert.equal(sumOf(inner.written), 0);
});

// Fake connections move by microtasks alone, so that the next task sees all of it done.
function allMicrotasks(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function sumOf(pieces: readonly Uint8Array[]): number {
  return sumOfSizes(pieces.map((piece) => piece.length));
}

function sumOfSizes(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

const GET = utf8("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

Deno.test("a relay holds back what comes after a request's head until it is decided", async () => {
  const { peer, inner, relay, done } = startBench();
  assert.equal(relay.holdBack(), false);
  peer.arrive(GET);
  await inner.until(({ written }) => sumOf(written) === GET.length);
  assert.equal(relay.holdBack(), true);
  peer.arrive(utf8("more"));
  await allMicrotasks();
  assert.equal(sumOf(inner.written), GET.length);
  relay.hand();
  await inner.until(({ text }) => text.endsWith("more"));
  assert.equal(relay.holdBack(), false);
  relay.cut();
  await done;
});

for (const early of ["x", "\r\n\r\nx", "GET / HTTP/1.1\r\n"]) {
  Deno.test(`a relay holds nothing back where more than a head was handed in: ${JSON.stringify(early)}`, async () => {
    const { peer, inner, relay, done } = startBench();
    const length = GET.length + early.length;
    peer.arrive(utf8(`${new TextDecoder().decode(GET)}${early}`));
    await inner.until(({ written }) => sumOf(written) === length);
    assert.equal(relay.holdBack(), false);
    relay.cut();
    await done;
  });
}

Deno.test("cut() ends a relay that holds something back", async () => {
  const { peer, inner, relay, done } = startBench();
  peer.arrive(GET);
  await inner.until(({ written }) => sumOf(written) === GET.length);
  assert.equal(relay.holdBack(), true);
  peer.arrive(utf8("more"));
  await allMicrotasks();
  relay.cut();
  await done;
  assert.equal(relay.holdBack(), false);
});

Deno.test("finish() takes nothing more from the peer and moves what is still said to it", async () => {
  const { peer, inner, relay, clock, done } = startBench();
  inner.arrive(utf8("ans"));
  await peer.until(({ text }) => text === "ans");
  relay.finish();
  await inner.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(peer.isClosed, false);
  inner.arrive(utf8("wer"));
  inner.arrive("end");
  await peer.until(({ isWriteClosed }) => isWriteClosed);
  assert.equal(peer.text, "answer");
  clock.advance(GUARD_LIMITS.lingerMs);
  assert.equal(relay.isOver(clock.monotonicMs()), true);
  // Over, there is nothing left to move.
  relay.finish();
  await done;
  assert.deepEqual([peer.isClosed, inner.isClosed], [true, true]);
});
