// Chance among those on their way in, and what is kept for addresses of clients, for pairing and for
// sessions beside a single key.

import assert from "node:assert/strict";
import type { RandomSource } from "../../../src/base/random.ts";
import type { Standing } from "../../../src/edges/http/guard/account.ts";
import { ConnectionLimiter, type Slot } from "../../../src/edges/http/guard/connection_limiter.ts";
import { GUARD_LIMITS, type GuardLimits } from "../../../src/edges/http/guard/guard_limits.ts";

const SMALL: GuardLimits = {
  ...GUARD_LIMITS,
  maxUnknownPerAddress: 3,
  maxUnknown: 8,
  reservedForFamiliar: 2,
  reservedForPairing: 2,
  maxFamiliarAddresses: 2,
  maxKnown: 4,
  maxKnownPerKey: 2,
};
const OWNER = "192.0.2.1";
const OTHER = "192.0.2.2";

// Draws these numbers in turn, and then 0.
function drawing(...values: number[]): RandomSource {
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, values.shift() ?? 0);
    return bytes;
  };
}

// A limiter whose slots have names; evicted ones are noted in order.
class World {
  readonly limiter: ConnectionLimiter;
  readonly evicted: string[] = [];
  readonly slots = new Map<string, Slot>();

  constructor(limits: Partial<GuardLimits> = {}, random: RandomSource = drawing()) {
    this.limiter = new ConnectionLimiter(() => ({ ...SMALL, ...limits }), random);
  }

  enter(address: string, name: string, standing: Standing = "fresh"): Slot {
    const slot = this.limiter.acquire(address, {
      standing: () => standing,
      onEvicted: () => this.evicted.push(name),
    });
    assert.ok(slot !== undefined, `no slot for ${name}`);
    this.slots.set(name, slot);
    return slot;
  }

  // One connection of each of so many strangers.
  crowd(count: number, standing: Standing = "served"): void {
    for (let i = 0; i < count; i++) this.enter(`198.51.100.${i}`, `stranger ${i}`, standing);
  }

  // An address becomes a client's.
  befriend(address: string): void {
    const slot = this.enter(address, "friend");
    slot.remember();
    slot.release();
  }
}

Deno.test("of those on their way in, chance decides who is evicted", () => {
  const world = new World({}, drawing(2, 0));
  for (const name of ["a", "b", "c", "d", "e"]) world.enter(OWNER, name);
  assert.deepEqual(world.evicted, ["c", "a"]);
});

Deno.test("who has had the time of a handshake goes before who has not", () => {
  const world = new World();
  world.enter(OWNER, "fresh 1");
  world.enter(OWNER, "overdue", "overdue");
  world.enter(OWNER, "fresh 2");
  world.enter(OWNER, "fresh 3");
  assert.deepEqual(world.evicted, ["overdue"]);
});

Deno.test("a socket that is served outlives a flood of newcomers", () => {
  const world = new World();
  world.enter(OWNER, "served", "served");
  for (let i = 0; i < 100; i++) world.enter(OWNER, `flood ${i}`);
  assert.equal(world.evicted.length, 98);
  assert.ok(!world.evicted.includes("served"));
});

Deno.test("those who are served do not hold more than half against newcomers", () => {
  const world = new World();
  world.enter(OWNER, "served 1", "served");
  world.enter(OWNER, "served 2", "served");
  world.enter(OWNER, "fresh 1");
  world.enter(OWNER, "fresh 2");
  assert.deepEqual(world.evicted, ["served 1"]);
  world.enter(OWNER, "fresh 3");
  assert.deepEqual(world.evicted, ["served 1", "fresh 1"]);
});

Deno.test("as many served as fresh: the fresh one goes", () => {
  const world = new World({ maxUnknownPerAddress: 2 });
  world.enter(OWNER, "served", "served");
  world.enter(OWNER, "fresh 1");
  world.enter(OWNER, "fresh 2");
  assert.deepEqual(world.evicted, ["fresh 1"]);
});

Deno.test("strangers do not get what is kept for addresses of clients", () => {
  const world = new World();
  world.befriend(OWNER);
  world.crowd(5);
  assert.deepEqual(world.evicted, ["stranger 0"]);
  world.enter(OWNER, "owner 1");
  world.enter(OWNER, "owner 2");
  assert.deepEqual(world.evicted, ["stranger 0"]);
  assert.equal(world.limiter.counts().unknown, 6);
  // More strangers take the slots of strangers.
  for (let i = 10; i < 20; i++) world.enter(`198.51.100.${i}`, `late ${i}`, "served");
  assert.ok(!world.evicted.some((name) => name.startsWith("owner")));
});

Deno.test("an address of a client may hold the reserve beside its own share", () => {
  const world = new World();
  world.befriend(OWNER);
  for (let i = 0; i < 6; i++) world.enter(OWNER, `owner ${i}`);
  assert.deepEqual(world.evicted, ["owner 0"]);
});

Deno.test("where all is full, an address of a client that holds most loses one", () => {
  const world = new World({ maxUnknownPerAddress: 4 });
  world.befriend(OWNER);
  world.befriend(OTHER);
  for (let i = 0; i < 6; i++) world.enter(OWNER, `owner ${i}`);
  world.enter(OTHER, "other");
  assert.deepEqual(world.evicted, ["owner 0"]);
  assert.equal(world.limiter.counts().unknown, 6);
});

Deno.test("the latest addresses of clients are remembered, by their /64", () => {
  const world = new World();
  for (const address of [OTHER, "2001:db8::1", OWNER]) world.befriend(address);
  world.crowd(4);
  world.enter("2001:db8::2", "neighbour");
  assert.deepEqual(world.evicted, []);
  world.enter(OTHER, "forgotten");
  assert.deepEqual(world.evicted, ["stranger 0"]);
});

Deno.test("a pairing request has room however many sockets strangers hold", () => {
  const world = new World();
  world.crowd(4);
  const phone = world.enter(OWNER, "phone");
  phone.beginPairing();
  assert.deepEqual(world.evicted, ["stranger 0"]);
  for (let i = 10; i < 40; i++) world.enter(`198.51.100.${i}`, `late ${i}`);
  assert.ok(!world.evicted.includes("phone"));
  assert.equal(world.limiter.counts().unknown, 5);
  phone.endPairing();
  assert.equal(world.limiter.counts().unknown, 4);
  assert.ok(!world.evicted.includes("phone"));
  phone.release();
  assert.equal(world.limiter.counts().unknown, 3);
});

Deno.test("pairing requests beyond the reserve take the slots of others", () => {
  const world = new World();
  for (const [address, name] of [[OWNER, "1"], [OWNER, "2"], [OTHER, "3"]] as const) {
    world.enter(address, name, "served").beginPairing();
  }
  assert.deepEqual(world.evicted, ["1"]);
  assert.equal(world.limiter.counts().unknown, 2);
  // Its second request on one connection changes nothing.
  world.slots.get("3")?.beginPairing();
  assert.deepEqual(world.evicted, ["1"]);
});

Deno.test("who paired comes back as a client of that address", () => {
  const world = new World({}, drawing(4));
  const phone = world.enter(OWNER, "phone");
  phone.beginPairing();
  world.crowd(4, "fresh");
  phone.remember();
  phone.endPairing();
  assert.deepEqual(world.evicted, []);
  assert.equal(world.limiter.counts().unknown, 5);
  // A stranger takes the slot of another, not that of the fifth who is no stranger any more.
  world.enter(OTHER, "late");
  assert.deepEqual(world.evicted, ["stranger 0"]);
});

Deno.test("a pairing connection may be promoted, released or evicted like any other", () => {
  const world = new World();
  const phone = world.enter(OWNER, "phone");
  phone.beginPairing();
  assert.equal(phone.promote({ holder: "client x", byKey: false }), true);
  phone.endPairing();
  assert.deepEqual(world.limiter.counts(), { unknown: 0, known: 1, evicted: 0 });
  const second = world.enter(OWNER, "second");
  second.beginPairing();
  second.release();
  second.endPairing();
  second.beginPairing();
  assert.deepEqual(world.limiter.counts(), { unknown: 0, known: 1, evicted: 0 });
});

Deno.test("without a reserve for pairing its requests keep their slots", () => {
  const world = new World({ reservedForPairing: 0 });
  world.enter(OWNER, "phone").beginPairing();
  assert.deepEqual(world.limiter.counts(), { unknown: 1, known: 0, evicted: 0 });
  // They count like any other.
  for (const name of ["1", "2", "3"]) world.enter(OWNER, name);
  assert.deepEqual(world.evicted, ["phone"]);
});

Deno.test("one key cannot take the slots of sessions with its answers", () => {
  const world = new World();
  const key = { holder: "key k", byKey: true };
  for (const name of ["1", "2"]) {
    assert.equal(world.enter(OWNER, name, "served").promote(key), true);
  }
  const third = world.enter(OWNER, "3", "served");
  assert.equal(third.promote(key), false);
  assert.deepEqual(world.evicted, []);
  assert.deepEqual(world.limiter.counts(), { unknown: 1, known: 2, evicted: 0 });
  const other = { holder: "key l", byKey: true };
  assert.equal(third.promote(other), true);
  assert.equal(world.enter(OTHER, "4").promote({ holder: "client x", byKey: false }), true);
});

Deno.test("a key at its bound loses what is between two requests", () => {
  const world = new World();
  const key = { holder: "key k", byKey: true };
  world.enter(OWNER, "busy", "served").promote(key);
  world.enter(OWNER, "idle", "fresh").promote(key);
  assert.equal(world.enter(OWNER, "next", "served").promote(key), true);
  assert.deepEqual(world.evicted, ["idle"]);
});

Deno.test("of known connections between two requests the oldest goes, not one by chance", () => {
  const world = new World({ maxKnown: 3 }, drawing(1));
  for (const name of ["1", "2", "3", "4"]) {
    world.enter(OWNER, name).promote({ holder: `client ${name}`, byKey: false });
  }
  assert.deepEqual(world.evicted, ["1"]);
});

Deno.test("sessions of a client are not counted against a key's bound", () => {
  const world = new World();
  const client = { holder: "client x", byKey: false };
  for (let i = 0; i < 4; i++) assert.ok(world.enter(OWNER, `${i}`, "served").promote(client));
  assert.deepEqual(world.evicted, []);
});
