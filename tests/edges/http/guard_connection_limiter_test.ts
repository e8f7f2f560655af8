import assert from "node:assert/strict";
import { systemRandom } from "../../../src/base/random.ts";
import type { Standing } from "../../../src/edges/http/guard/account.ts";
import {
  ConnectionLimiter,
  type Slot,
  type SlotOptions,
} from "../../../src/edges/http/guard/connection_limiter.ts";
import { GUARD_LIMITS, guardLimitsOf } from "../../../src/edges/http/guard/guard_limits.ts";

const SMALL = {
  ...GUARD_LIMITS,
  maxUnknownPerAddress: 2,
  maxUnknown: 4,
  reservedForFamiliar: 0,
  reservedForPairing: 0,
  maxKnown: 3,
  maxKnownPerKey: 3,
};
const A = "192.0.2.1";
const B = "192.0.2.2";
const C = "192.0.2.3";
const D = "192.0.2.4";

// A limiter whose connections have names; evicted ones are noted in order.
class World {
  readonly limiter: ConnectionLimiter;
  readonly evicted: string[] = [];
  readonly #slots = new Map<string, Slot>();
  readonly standings = new Map<string, Standing>();

  constructor(limits = SMALL, random = systemRandom) {
    this.limiter = new ConnectionLimiter(() => limits, random);
  }

  enter(address: string, name: string, { isBusy = false, isFresh = false } = {}): boolean {
    this.standings.set(name, isBusy ? "served" : isFresh ? "fresh" : "overdue");
    const options: SlotOptions = {
      standing: () => this.standings.get(name) ?? "overdue",
      onEvicted: () => this.evicted.push(name),
    };
    const slot = this.limiter.acquire(address, options);
    if (slot !== undefined) this.#slots.set(name, slot);
    return slot !== undefined;
  }

  slot(name: string): Slot {
    const slot = this.#slots.get(name);
    assert.ok(slot !== undefined);
    return slot;
  }

  promote(name: string, holder: string, byKey = false): boolean {
    return this.slot(name).promote({ holder, byKey });
  }

  known(name: string, holder: string, { byKey = false, isBusy = false } = {}): boolean {
    assert.ok(this.enter(name, name, { isBusy }));
    return this.promote(name, holder, byKey);
  }
}

// How many of so many connections from these addresses, taken in turn, keep a slot.
const CROWDS: [string, string[], number, number][] = [
  ["8 from one IPv4 address", ["192.0.2.1"], 20, 8],
  ["8 from each of two addresses", ["192.0.2.1", "192.0.2.2"], 40, 16],
  ["8 from one /64", ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"], 40, 8],
  ["8 from each of two /64", ["2001:db8:0:1::1", "2001:db8:0:2::1"], 40, 16],
  ["8 from an IPv4 address in both spellings", ["192.0.2.1", "::ffff:192.0.2.1"], 40, 8],
  ["8 from a link-local address with and without its zone", ["fe80::1", "fe80::1%eth0"], 40, 8],
  ["40 from many addresses", Array.from({ length: 30 }, (_, i) => `192.0.2.${i}`), 300, 40],
];
for (const [name, addresses, arrivals, expected] of CROWDS) {
  Deno.test(`ConnectionLimiter keeps ${name}, the newest`, () => {
    const world = new World(GUARD_LIMITS);
    for (let i = 0; i < arrivals; i++) {
      assert.ok(world.enter(addresses[i % addresses.length] ?? "", String(i)));
    }
    const evicted = arrivals - expected;
    assert.deepEqual(world.limiter.counts(), { unknown: expected, known: 0, evicted });
    assert.equal(world.evicted.length, evicted);
    assert.ok(!world.evicted.includes(String(arrivals - 1)));
  });
}

Deno.test("an address that is full loses its own oldest, and no other's", () => {
  const world = new World();
  world.enter(B, "b1");
  world.enter(A, "a1");
  world.enter(A, "a2");
  world.enter(A, "a3");
  world.enter(A, "a4");
  assert.deepEqual(world.evicted, ["a1", "a2"]);
});

Deno.test("where all is full, the address that holds most loses its oldest", () => {
  const world = new World({ ...SMALL, maxUnknownPerAddress: 3 });
  world.enter(B, "b1");
  for (const name of ["a1", "a2", "a3"]) world.enter(A, name);
  assert.ok(world.enter(C, "c1"));
  assert.deepEqual(world.evicted, ["a1"]);
  assert.deepEqual(world.limiter.counts(), { unknown: 4, known: 0, evicted: 1 });
});

Deno.test("where all hold as much, the oldest goes", () => {
  const world = new World({ ...SMALL, maxUnknown: 3 });
  world.enter(B, "b1");
  world.enter(A, "a1");
  world.enter(C, "c1");
  assert.ok(world.enter(D, "d1"));
  assert.deepEqual(world.evicted, ["b1"]);
});

Deno.test("what is at rest goes before what is being served, however old", () => {
  const world = new World();
  world.enter(A, "socket", { isBusy: true });
  world.enter(A, "silent");
  world.enter(A, "next");
  assert.deepEqual(world.evicted, ["silent"]);
  const busy = new World();
  busy.enter(A, "socket 1", { isBusy: true });
  busy.enter(A, "socket 2", { isBusy: true });
  busy.enter(A, "next");
  assert.deepEqual(busy.evicted, ["socket 1"]);
});

Deno.test("who is known takes no slot from who is not, nor the other way round", () => {
  const world = new World();
  for (const name of ["k1", "k2", "k3"]) assert.ok(world.known(name, name));
  for (const name of ["a1", "a2", "b1", "b2"]) {
    assert.ok(world.enter(name.startsWith("a") ? A : B, name));
  }
  assert.deepEqual(world.evicted, []);
  assert.deepEqual(world.limiter.counts(), { unknown: 4, known: 3, evicted: 0 });
  assert.ok(world.enter(C, "c1"));
  assert.deepEqual(world.evicted, ["a1"]);
});

Deno.test("the client that holds most loses its oldest to the next session", () => {
  const world = new World();
  world.known("1", "client x");
  world.known("2", "client y", { isBusy: true });
  world.known("3", "client y", { isBusy: true });
  assert.ok(world.known("4", "client z"));
  assert.deepEqual(world.evicted, ["2"]);
  assert.deepEqual(world.limiter.counts(), { unknown: 0, known: 3, evicted: 1 });
});

Deno.test("an answer to an accepted key is never evicted", () => {
  const world = new World();
  for (const name of ["1", "2"]) world.known(name, "key k", { byKey: true, isBusy: true });
  world.known("3", "client x");
  assert.ok(world.known("4", "client y"));
  assert.deepEqual(world.evicted, ["3"]);
  assert.ok(world.known("5", "key k", { byKey: true, isBusy: true }));
  assert.deepEqual(world.evicted, ["3", "4"]);
  assert.equal(world.known("6", "client z"), false);
  assert.deepEqual(world.evicted, ["3", "4"]);
  assert.deepEqual(world.limiter.counts(), { unknown: 1, known: 3, evicted: 2 });
});

Deno.test("a key's connection between two requests is evicted like any other", () => {
  const world = new World();
  for (const name of ["1", "2", "3"]) world.known(name, "key k", { byKey: true });
  assert.ok(world.known("4", "client x"));
  assert.deepEqual(world.evicted, ["1"]);
});

Deno.test("a slot is given back once", () => {
  const world = new World();
  world.enter(A, "a1");
  world.enter(A, "a2");
  world.slot("a1").release();
  world.slot("a1").release();
  assert.equal(world.limiter.counts().unknown, 1);
  assert.ok(world.enter(A, "a3"));
  assert.deepEqual(world.evicted, []);
  world.known("k", "client x");
  assert.equal(world.promote("k", "client x"), true);
  assert.equal(world.limiter.counts().known, 1);
  world.slot("k").release();
  assert.equal(world.limiter.counts().known, 0);
});

Deno.test("promote() does nothing for a slot that was released or evicted", () => {
  const world = new World();
  for (const name of ["a1", "a2", "a3"]) world.enter(A, name);
  assert.equal(world.promote("a1", "client x"), false);
  world.slot("a2").release();
  assert.equal(world.promote("a2", "client x"), false);
  world.slot("a1").release();
  assert.deepEqual(world.limiter.counts(), { unknown: 1, known: 0, evicted: 1 });
});

Deno.test("acquire() finds no slot where there is none at all", () => {
  const world = new World({ ...SMALL, maxUnknown: 0 });
  assert.equal(world.enter(A, "a1"), false);
  assert.deepEqual(world.limiter.counts(), { unknown: 0, known: 0, evicted: 0 });
});

Deno.test("guardLimitsOf() takes each of the owner's numbers for its own", () => {
  const limits = {
    connectionsPerAddress: 1,
    unknownConnections: 19,
    knownConnections: 3,
    connectionsPerKey: 4,
    waitingConnections: 5,
    connectionWaitS: 6,
  };
  assert.deepEqual(guardLimitsOf(limits), {
    maxUnknownPerAddress: 1,
    maxUnknown: 19,
    reservedForFamiliar: 4,
    reservedForPairing: 2,
    maxKnown: 3,
    maxKnownPerKey: 4,
    maxWaiting: 5,
    waitMs: 6_000,
  });
});
