import assert from "node:assert/strict";
import {
  HALF_LIFE_MS,
  TOLERATED_LOSSES,
  WaitingRoom,
} from "../../../src/edges/http/guard/waiting_room.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";

interface World {
  readonly room: WaitingRoom<string>;
  readonly clock: { nowMs: number };
  readonly limits: { maxWaiting: number; waitMs: number };
}

function openRoom(maxWaiting = 4): World {
  const clock = { nowMs: 1_000 };
  const limits = { maxWaiting, waitMs: 100 };
  return {
    clock,
    limits,
    room: new WaitingRoom({
      limits: () => limits,
      nowMs: () => clock.nowMs,
      random: seededRandom(1),
    }),
  };
}

// Gives a slot to whoever is named, and to whoever is not patient.
const only = (...names: string[]) => (peer: string, isPatient: boolean) =>
  names.includes(peer) || !isPatient ? `slot of ${peer}` : "later";

Deno.test("WaitingRoom gives turns in order within an address, and past one that is stuck", () => {
  const { room } = openRoom();
  for (const [peer, address] of [["a1", A], ["a2", A], ["b1", B]] as const) {
    assert.equal(room.enter(peer, address), undefined);
  }
  assert.equal(room.next(only("a2")), undefined);
  assert.deepEqual(room.next(only("a2", "b1")), { peer: "b1", taken: "slot of b1" });
  assert.deepEqual([room.size, room.holds(A), room.holds(B)], [2, true, false]);
  assert.equal(room.next(only("a1", "a2"))?.peer, "a1");
  assert.equal(room.next(only("a1", "a2"))?.peer, "a2");
  assert.deepEqual([room.size, room.holds(A)], [0, false]);
});

Deno.test("WaitingRoom has one go of those who wait with most where too many do", () => {
  const { room, limits } = openRoom(3);
  for (const peer of ["a1", "a2", "a3"]) assert.equal(room.enter(peer, A), undefined);
  for (let n = 4; n < 30; n++) assert.match(room.enter(`a${n}`, A) ?? "", /^a/);
  assert.match(room.enter("b1", B) ?? "", /^a/);
  // Two of A's and one of B's are there.
  for (let n = 30; n < 60; n++) assert.match(room.enter(`a${n}`, A) ?? "", /^a/);
  assert.deepEqual([room.size, room.holds(A), room.holds(B)], [3, true, true]);
  limits.maxWaiting = 4;
  assert.equal(room.enter("b2", B), undefined);
});

Deno.test("WaitingRoom lets chance decide who goes, the newcomer among them", () => {
  const { room } = openRoom(3);
  const gone = Array.from({ length: 400 }, (_, at) => [at, Number(room.enter(String(at), A))])
    .slice(3);
  const newest = gone.filter(([came, went]) => came === went);
  // One in four, and some that came long before.
  assert.ok(newest.length > 60 && newest.length < 140, String(newest.length));
  assert.ok(gone.some(([came = 0, went = 0]) => came - went > 10));
  assert.equal(room.size, 3);
});

Deno.test("WaitingRoom has nobody wait where the limit is 0", () => {
  const { room } = openRoom(0);
  assert.equal(room.enter("1", A), "1");
  assert.deepEqual([room.size, room.holds(A)], [0, false]);
});

Deno.test("WaitingRoom has nobody wait for longer than the limit", () => {
  const { room, clock } = openRoom();
  room.enter("1", A);
  clock.nowMs += 99;
  assert.equal(room.next(only()), undefined);
  clock.nowMs += 1;
  assert.deepEqual(room.next(only()), { peer: "1", taken: "slot of 1" });
});

Deno.test("WaitingRoom has nobody wait whose address loses its slots", () => {
  const { room, clock } = openRoom();
  room.enter("1", A);
  for (let n = 0; n < TOLERATED_LOSSES; n++) room.lost(A);
  assert.equal(room.isPatient(A), true);
  room.lost(A);
  assert.deepEqual([room.isPatient(A), room.isPatient(B)], [false, true]);
  assert.equal(room.next(only())?.peer, "1");
  // Those whose keys are accepted make up for it, and time does.
  room.accepted(A);
  assert.equal(room.isPatient(A), true);
  for (let n = 0; n < 2 * TOLERATED_LOSSES; n++) room.lost(A);
  assert.equal(room.isPatient(A), false);
  clock.nowMs += 2 * HALF_LIFE_MS;
  assert.equal(room.isPatient(A), true);
});

Deno.test("WaitingRoom.clear() sends all away", () => {
  const { room } = openRoom();
  room.enter("1", A);
  room.enter("2", B);
  assert.deepEqual(room.clear(), ["1", "2"]);
  assert.deepEqual([room.size, room.holds(A), room.next(only("1", "2"))], [0, false, undefined]);
});
