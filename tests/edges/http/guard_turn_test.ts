// Who waits for a slot rather than take another's, and who waits to be known.

import assert from "node:assert/strict";
import { systemRandom } from "../../../src/base/random.ts";
import { ConnectionAccount, type Standing } from "../../../src/edges/http/guard/account.ts";
import {
  ConnectionLimiter,
  type Slot,
  type SlotOptions,
} from "../../../src/edges/http/guard/connection_limiter.ts";
import { GUARD_LIMITS } from "../../../src/edges/http/guard/guard_limits.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";

class World {
  readonly limits = {
    ...GUARD_LIMITS,
    maxUnknownPerAddress: 2,
    maxUnknown: 3,
    reservedForFamiliar: 0,
    reservedForPairing: 0,
    maxKnown: 2,
    maxKnownPerKey: 1,
    maxWaiting: 2,
  };
  readonly limiter = new ConnectionLimiter(() => this.limits, systemRandom);
  readonly evicted: string[] = [];
  readonly ends: [string, boolean][] = [];

  #options(name: string, standing: Standing, passesSoon: boolean): SlotOptions {
    return {
      standing: () => standing,
      passesSoon: () => passesSoon,
      onEvicted: () => this.evicted.push(name),
    };
  }

  enter(address: string, name: string, standing: Standing = "fresh", passesSoon = true): Slot {
    const slot = this.limiter.acquire(address, this.#options(name, standing, passesSoon));
    assert.ok(slot !== undefined);
    return slot;
  }

  turn(address: string): "slot" | "later" | undefined {
    const slot = this.limiter.acquireInTurn(address, this.#options("turn", "fresh", true));
    return typeof slot === "object" ? "slot" : slot;
  }

  queue(slot: Slot, key: string): boolean {
    return slot.queue({ holder: key, byKey: true }, (isPromoted) => {
      this.ends.push([key, isPromoted]);
    });
  }
}

Deno.test("acquireInTurn() waits for those of its own address who pass soon", () => {
  const world = new World();
  world.enter(A, "a1");
  assert.equal(world.turn(A), "slot");
  assert.equal(world.turn(A), "later");
  assert.deepEqual(world.evicted, []);
  // Who holds less than others takes one of theirs at once.
  assert.equal(world.turn(B), "slot");
  assert.equal(world.turn(B), "slot");
  assert.equal(world.evicted.length, 1);
});

const TAKEN: [string, Standing, boolean][] = [
  ["says nothing", "overdue", false],
  ["is at rest", "fresh", false],
  ["is served for long", "served", false],
];
for (const [what, standing, passesSoon] of TAKEN) {
  Deno.test(`acquireInTurn() takes the slot of one of its own that ${what}`, () => {
    const world = new World();
    world.enter(A, "stays", standing === "served" ? "served" : "fresh", standing !== "served");
    world.enter(A, "goes", standing, passesSoon);
    assert.equal(world.turn(A), "slot");
    assert.deepEqual(world.evicted, [standing === "served" ? "stays" : "goes"]);
  });
}

Deno.test("a raised limit is one for the next who asks", () => {
  const world = new World();
  world.enter(A, "a1");
  world.enter(A, "a2");
  assert.equal(world.turn(A), "later");
  world.limits.maxUnknownPerAddress = 3;
  assert.equal(world.turn(A), "slot");
});

Deno.test("who waits to be known takes no slot of the others, and gets its turn", () => {
  const world = new World();
  const first = world.enter(A, "1", "served");
  assert.ok(first.promote({ holder: "k", byKey: true }));
  const second = world.enter(A, "2", "served");
  assert.equal(second.promote({ holder: "k", byKey: true }), false);
  assert.ok(world.queue(second, "k"));
  for (const name of ["3", "4"]) world.enter(A, name);
  assert.deepEqual([world.evicted, world.limiter.queued], [[], 1]);
  assert.deepEqual(world.limiter.counts(), { unknown: 3, known: 1, evicted: 0 });
  world.limiter.promoteQueued();
  assert.deepEqual(world.ends, []);
  first.release();
  world.limiter.promoteQueued();
  assert.deepEqual([world.ends, world.limiter.queued], [[["k", true]], 0]);
  assert.deepEqual(world.limiter.counts(), { unknown: 2, known: 1, evicted: 0 });
});

Deno.test("a key that is full keeps no other one waiting, and a raised limit is for those who wait", () => {
  const world = new World();
  world.enter(A, "1", "served").promote({ holder: "k", byKey: true });
  assert.ok(world.queue(world.enter(A, "2", "served"), "k"));
  assert.ok(world.queue(world.enter(A, "3", "served"), "l"));
  world.limiter.promoteQueued();
  assert.deepEqual(world.ends, [["l", true]]);
  world.limits.maxKnownPerKey = 2;
  world.limits.maxKnown = 3;
  world.limiter.promoteQueued();
  assert.deepEqual(world.ends, [["l", true], ["k", true]]);
});

Deno.test("no more wait to be known than the limit, and each hears of its end once", () => {
  const world = new World();
  const slots = ["1", "2", "3"].map((name) => world.enter(name === "3" ? B : A, name, "served"));
  const [one, two, three] = slots as [Slot, Slot, Slot];
  assert.deepEqual(slots.map((slot, at) => world.queue(slot, `k${at}`)), [true, true, false]);
  one.leaveQueue();
  one.leaveQueue();
  two.release();
  assert.deepEqual(world.ends, [["k0", false], ["k1", false]]);
  assert.deepEqual(world.limiter.counts(), { unknown: 2, known: 0, evicted: 0 });
  one.release();
  assert.equal(world.queue(one, "gone"), false);
  assert.ok(three.promote({ holder: "client x", byKey: false }));
  assert.equal(world.queue(three, "known"), false);
});

Deno.test("a connection passes soon until it has had the time of a handshake", () => {
  const { handshakeMs } = GUARD_LIMITS;
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  const passes = (nowMs: number): boolean => account.passesSoon(nowMs);
  assert.deepEqual([passes(handshakeMs - 1), passes(handshakeMs)], [true, false]);
  account.requestSeen(5_000);
  assert.deepEqual([passes(5_000 + handshakeMs - 1), passes(5_000 + handshakeMs)], [true, false]);
  account.progressed();
  assert.deepEqual([passes(5_000 + handshakeMs - 1), passes(5_000 + handshakeMs)], [true, false]);
  account.answered(9_000);
  assert.equal(passes(9_000), false);
  account.received(1, 10_000);
  assert.equal(passes(10_000), true);
  account.requestSeen(10_000);
  account.progressed();
  account.upgraded(10_000);
  assert.deepEqual([passes(10_000), passes(10_000 + handshakeMs)], [true, false]);
  account.progressed();
  assert.equal(passes(10_001), false);
  account.closing(10_001);
  assert.equal(passes(10_001), false);
});

Deno.test("only between two requests has the last one been answered", () => {
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  assert.equal(account.isAnswered, false);
  account.requestSeen(0);
  account.progressed();
  assert.equal(account.isAnswered, false);
  account.answered(0);
  assert.deepEqual([account.isAnswered, account.isKnown], [true, false]);
  account.promote();
  assert.deepEqual([account.isAnswered, account.isKnown], [true, true]);
  account.received(1, 1);
  assert.equal(account.isAnswered, false);
});
