import assert from "node:assert/strict";
import { ConnectionAccount, type CutReason } from "../../../src/edges/http/guard/account.ts";
import { GUARD_LIMITS } from "../../../src/edges/http/guard/guard_limits.ts";

type Action =
  | "look"
  | "requestSeen"
  | "bodyPart"
  | "progressed"
  | "answered"
  | "promote"
  | "closing"
  | number; // bytes received

// A moment, what happens then, and what may be read and why to cut afterwards.
type Step = [atMs: number, action: Action, leftBytes: number, cut?: CutReason];

const KIB = 1024;
const UNKNOWN = 68 * KIB;
const KNOWN = 4 * 1024 * KIB + 4 * KIB;

const RUNS: [string, Step[]][] = [
  ["is cut when it stays silent for 10 s", [
    [0, "look", UNKNOWN],
    [9_999, "look", UNKNOWN],
    [10_000, "look", UNKNOWN, "no_request"],
  ]],
  ["is cut 10 s after it was accepted, however its half head trickles in", [
    [0, 1, UNKNOWN - 1],
    [5_000, 1, UNKNOWN - 2],
    [9_999, 1, UNKNOWN - 3],
    [10_000, "look", UNKNOWN - 3, "no_request"],
  ]],
  ["may take as long as the handler needs once the request is there", [
    [9_999, 200, UNKNOWN - 200],
    [9_999, "requestSeen", UNKNOWN],
    [9_999, "progressed", UNKNOWN],
    [3_600_000, "look", UNKNOWN],
  ]],
  ["is cut when its body does not come whole within 10 s", [
    [1_000, "requestSeen", UNKNOWN],
    [6_000, 100, UNKNOWN - 100],
    [10_999, 100, UNKNOWN - 200],
    [11_000, "look", UNKNOWN - 200, "slow_body"],
  ]],
  ["gets 10 s more with each part that the handler took", [
    [0, "requestSeen", UNKNOWN],
    [9_000, 64 * KIB, 4 * KIB],
    [9_000, "bodyPart", UNKNOWN],
    [18_999, "look", UNKNOWN],
    [19_000, "look", UNKNOWN, "slow_body"],
  ]],
  ["does not wait for a body again after a late part", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [10, "bodyPart", UNKNOWN],
    [60_000, "look", UNKNOWN],
  ]],
  ["of an unknown peer is used up at 68 KiB and cut 2 s later", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [100, UNKNOWN - 1, 1],
    [5_000, "look", 1],
    [6_000, 1, 0],
    [7_999, "look", 0],
    [8_000, "look", 0, "stalled"],
  ]],
  ["of an unknown peer is used up in its head, too", [
    [0, UNKNOWN, 0],
    [1_999, "look", 0],
    [2_000, "look", 0, "stalled"],
  ]],
  ["gains no time by what was on its way when it was used up", [
    [0, UNKNOWN, 0],
    [1_000, 5, 0],
    [1_999, "look", 0],
    [2_000, "look", 0, "stalled"],
  ]],
  ["is whole again with each progress", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, UNKNOWN, 0],
    [1_999, "progressed", UNKNOWN],
    [60_000, UNKNOWN, 0],
    [61_999, "look", 0],
    [62_000, "look", 0, "stalled"],
  ]],
  ["may be overdrawn by no byte more than it says", [
    [0, UNKNOWN + 5, 0],
    [0, "progressed", UNKNOWN],
  ]],
  ["of a known peer is used up at 4 MiB and 4 KiB", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, "promote", KNOWN],
    [0, KNOWN - 1, 1],
    [5_000, 1, 0],
    [6_999, "look", 0],
    [7_000, "look", 0, "stalled"],
  ]],
  ["that was used up goes on when its peer turns out to be known", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, UNKNOWN, 0],
    [1_000, "promote", KNOWN - UNKNOWN],
    [60_000, "look", KNOWN - UNKNOWN],
  ]],
  ["is cut after 60 s without a next request", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [20_000, "answered", UNKNOWN],
    [79_999, "look", UNKNOWN],
    [80_000, "look", UNKNOWN, "idle"],
  ]],
  ["is cut 10 s after the first byte of a next request", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, "answered", UNKNOWN],
    [50_000, 1, UNKNOWN - 1],
    [59_999, 1, UNKNOWN - 2],
    [60_000, "look", UNKNOWN - 2, "no_request"],
  ]],
  ["carries one request after the other", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, "answered", UNKNOWN],
    [50_000, 1, UNKNOWN - 1],
    [59_000, "requestSeen", UNKNOWN],
    [59_000, "progressed", UNKNOWN],
    [200_000, "answered", UNKNOWN],
    [259_999, "look", UNKNOWN],
    [260_000, "look", UNKNOWN, "idle"],
  ]],
  ["awaits the next request from the answer on where it began during the one before", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [10_000, 7, UNKNOWN - 7],
    [30_000, "answered", UNKNOWN],
    [39_999, "look", UNKNOWN],
    [40_000, "look", UNKNOWN, "no_request"],
  ]],
  ["is not idle when the end of an answer is told after the next request", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [1, "answered", UNKNOWN],
    [600_000, "look", UNKNOWN],
    [600_000, "answered", UNKNOWN],
    [660_000, "look", UNKNOWN, "idle"],
  ]],
  ["still awaits a body when the end of the answer before is told late", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [1_000, "requestSeen", UNKNOWN],
    [1_001, "answered", UNKNOWN],
    [10_999, "look", UNKNOWN],
    [11_000, "look", UNKNOWN, "slow_body"],
  ]],
  ["is idle after an answer that did not wait for the body", [
    [0, "requestSeen", UNKNOWN],
    [500, "answered", UNKNOWN],
    [60_499, "look", UNKNOWN],
    [60_500, "look", UNKNOWN, "idle"],
  ]],
  ["keeps count where an answer is told twice", [
    [0, "requestSeen", UNKNOWN],
    [0, "answered", UNKNOWN],
    [0, "answered", UNKNOWN],
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [0, "answered", UNKNOWN],
    [60_000, "look", UNKNOWN, "idle"],
  ]],
  ["is cut 2 s after the device began to close", [
    [0, "requestSeen", UNKNOWN],
    [0, "progressed", UNKNOWN],
    [5_000, "closing", UNKNOWN],
    [6_999, "look", UNKNOWN],
    [7_000, "look", UNKNOWN, "not_closing"],
  ]],
  ["is not saved from its close by anything that comes later", [
    [0, "requestSeen", UNKNOWN],
    [0, "closing", UNKNOWN],
    [100, "closing", UNKNOWN],
    [1_000, "progressed", UNKNOWN],
    [1_000, 10, UNKNOWN - 10],
    [1_000, "answered", UNKNOWN],
    [1_000, "requestSeen", UNKNOWN],
    [1_000, "bodyPart", UNKNOWN],
    [2_100, "look", UNKNOWN, "not_closing"],
  ]],
];
for (const [name, steps] of RUNS) {
  Deno.test(`a connection ${name}`, () => {
    const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
    const seen = steps.map(([atMs, action]): Step => {
      act(account, { atMs, action });
      const cut = account.cutReason(atMs);
      const { leftBytes } = account;
      return cut === undefined ? [atMs, action, leftBytes] : [atMs, action, leftBytes, cut];
    });
    assert.deepEqual(seen, steps);
  });
}

Deno.test("a connection counts from the moment it was accepted", () => {
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 123_456 });
  assert.equal(account.cutReason(133_455), undefined);
  assert.equal(account.cutReason(133_456), "no_request");
});

Deno.test("a connection keeps to the limits it is given", () => {
  const limits = {
    ...GUARD_LIMITS,
    unknownAllowanceBytes: 10,
    knownAllowanceBytes: 20,
    stallMs: 1,
    requestMs: 2,
    idleMs: 3,
    closeMs: 4,
  };
  const fresh = (): ConnectionAccount => new ConnectionAccount({ limits, nowMs: 0 });
  const stalled = fresh();
  stalled.received(10, 0);
  assert.equal(stalled.cutReason(1), "stalled");
  stalled.promote();
  assert.equal(stalled.leftBytes, 10);
  assert.equal(fresh().cutReason(2), "no_request");
  const idle = fresh();
  idle.requestSeen(0);
  idle.answered(0);
  assert.deepEqual([2, 3].map((nowMs) => idle.cutReason(nowMs)), [undefined, "idle"]);
  const closing = fresh();
  closing.closing(0);
  assert.deepEqual([3, 4].map((nowMs) => closing.cutReason(nowMs)), [undefined, "not_closing"]);
});

function act(account: ConnectionAccount, { atMs, action }: { atMs: number; action: Action }): void {
  if (typeof action === "number") account.received(action, atMs);
  else if (action !== "look") account[action](atMs);
}

Deno.test("a WebSocket without a session is cut when nothing came for two minutes", () => {
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  account.requestSeen(0);
  account.progressed();
  assert.equal(account.cutReason(10_000_000), undefined);
  account.upgraded(1_000);
  assert.equal(account.cutReason(120_999), undefined);
  assert.equal(account.cutReason(121_000), "quiet");
  account.received(2, 120_000);
  account.progressed();
  assert.equal(account.cutReason(239_999), undefined);
  assert.equal(account.cutReason(240_000), "quiet");
  account.promote();
  assert.equal(account.cutReason(10_000_000), undefined);
});

Deno.test("a connection is served from its request to its answer, else fresh for a handshake", () => {
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  assert.deepEqual([account.standing(999), account.standing(1_000)], ["fresh", "overdue"]);
  account.requestSeen(1_500);
  assert.equal(account.standing(60_000), "served");
  account.progressed();
  assert.equal(account.standing(60_000), "served");
  account.answered(2_000);
  assert.deepEqual([account.standing(2_999), account.standing(3_000)], ["fresh", "overdue"]);
  account.received(1, 5_000);
  assert.deepEqual([account.standing(5_999), account.standing(6_000)], ["fresh", "overdue"]);
});

Deno.test("a WebSocket is fresh for a handshake, and served once a message was dealt with", () => {
  const account = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  account.requestSeen(900);
  account.progressed();
  account.upgraded(950);
  assert.deepEqual([account.standing(1_949), account.standing(1_950)], ["fresh", "overdue"]);
  // Bytes alone are no message.
  account.received(10, 1_960);
  assert.equal(account.standing(1_960), "overdue");
  account.progressed();
  assert.equal(account.standing(60_000), "served");
  account.closing(60_000);
  assert.equal(account.standing(60_000), "overdue");
  const young = new ConnectionAccount({ limits: GUARD_LIMITS, nowMs: 0 });
  young.closing(0);
  assert.equal(young.standing(0), "overdue");
});
