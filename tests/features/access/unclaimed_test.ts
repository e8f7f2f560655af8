import assert from "node:assert/strict";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import type { Client } from "../../../src/features/access/client.ts";
import {
  UNCLAIMED_LIFETIME_MS,
  UNCLAIMED_SWEEP_MS,
  UnclaimedClients,
} from "../../../src/features/access/unclaimed.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { testClient } from "../../support/session_phone.ts";

const DAY_MS = 24 * 3_600_000;

interface Fixture {
  clock: FakeClock;
  unclaimed: UnclaimedClients;
  /** Keeps a client that paired so long ago by the wall clock. */
  pair(clientId: string, agoMs?: number): void;
  /** The client opens its first session. */
  claim(clientId: string): void;
  /** The clients there are. */
  ids(): string[];
  lines: ["removed" | "failed", LogFields][];
  fail: { at: "list" | "remove" | undefined };
}

function setUp(): Fixture {
  const clock = new FakeClock();
  const clients = new Map<string, Client>();
  const claimed = new Set<string>();
  const lines: Fixture["lines"] = [];
  const fail: Fixture["fail"] = { at: undefined };
  const failAt = (step: "list" | "remove"): void => {
    if (fail.at === step) throw new Error(step);
  };
  const unclaimed = new UnclaimedClients({
    clock,
    listUnclaimed: () => {
      failAt("list");
      return [...clients.values()].filter(({ clientId }) => !claimed.has(clientId));
    },
    remove: (clientId) => {
      failAt("remove");
      clients.delete(clientId);
    },
    log: {
      ...silentLogger,
      info: (_message, fields = {}) => lines.push(["removed", fields]),
      error: (_message, fields = {}) => lines.push(["failed", fields]),
    },
  });
  return {
    clock,
    unclaimed,
    pair: (clientId, agoMs = 0) => {
      const createdAtMs = clock.wallMs() - agoMs;
      clients.set(clientId, testClient({ clientId, createdAtMs, lastSeenAtMs: createdAtMs }));
    },
    claim: (clientId) => claimed.add(clientId),
    ids: () => [...clients.keys()],
    lines,
    fail,
  };
}

Deno.test("sweep() removes a client when its ten minutes are over, and not before", () => {
  const { clock, unclaimed, pair, ids } = setUp();
  pair("a");
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS - 1);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["a"]);
  clock.advance(1);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});

Deno.test("sweep() gives each client its own ten minutes", () => {
  const { clock, unclaimed, pair, ids } = setUp();
  pair("a");
  unclaimed.sweep();
  clock.advance(UNCLAIMED_SWEEP_MS);
  pair("b");
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS - UNCLAIMED_SWEEP_MS);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["b"]);
  clock.advance(UNCLAIMED_SWEEP_MS);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});

Deno.test("sweep() counts from the sweep that saw a client first", () => {
  const { clock, unclaimed, pair, ids } = setUp();
  pair("a");
  clock.advance(UNCLAIMED_SWEEP_MS);
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS - 1);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["a"]);
  clock.advance(1);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});

for (const stepMs of [2 * 3_600_000, -2 * 3_600_000]) {
  Deno.test(`a wall clock that steps ${stepMs} ms before the first sweep takes no time away`, () => {
    const { clock, unclaimed, pair, ids } = setUp();
    pair("a");
    clock.stepWall(stepMs);
    unclaimed.sweep();
    clock.advance(UNCLAIMED_LIFETIME_MS - 1);
    unclaimed.sweep();
    assert.deepEqual(ids(), ["a"]);
    clock.advance(1);
    unclaimed.sweep();
    assert.deepEqual(ids(), []);
  });
}

Deno.test("sweep() leaves a client alone that has opened a session in time", () => {
  const { clock, unclaimed, pair, claim, ids, lines } = setUp();
  pair("a");
  pair("b");
  unclaimed.sweep();
  claim("a");
  clock.advance(UNCLAIMED_LIFETIME_MS);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["a"]);
  assert.deepEqual(lines, [["removed", { clientId: "b" }]]);
});

Deno.test("sweep() of a process that has just started gives every client its time anew", () => {
  const { clock, unclaimed, pair, ids } = setUp();
  pair("long ago", DAY_MS);
  pair("in the future", -DAY_MS);
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS - 1);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["long ago", "in the future"]);
  clock.advance(1);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});

for (const stepMs of [DAY_MS, -DAY_MS]) {
  const direction = stepMs > 0 ? "forward" : "back";
  Deno.test(`sweep() does not care when the wall clock steps ${direction}`, () => {
    const { clock, unclaimed, pair, ids } = setUp();
    pair("a");
    unclaimed.sweep();
    clock.stepWall(stepMs);
    clock.advance(UNCLAIMED_LIFETIME_MS - 1);
    unclaimed.sweep();
    assert.deepEqual(ids(), ["a"]);
    clock.advance(1);
    unclaimed.sweep();
    assert.deepEqual(ids(), []);
  });
}

Deno.test("sweep() waits no longer than ten minutes for a client from the future", () => {
  const { clock, unclaimed, pair, ids } = setUp();
  pair("a", -10 * DAY_MS);
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS - 1);
  unclaimed.sweep();
  assert.deepEqual(ids(), ["a"]);
  clock.advance(1);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});

Deno.test("sweep() logs what failed and tries again with the next", () => {
  const { clock, unclaimed, pair, ids, lines, fail } = setUp();
  pair("a");
  unclaimed.sweep();
  clock.advance(UNCLAIMED_LIFETIME_MS);
  for (const step of ["list", "remove"] as const) {
    fail.at = step;
    unclaimed.sweep();
    assert.deepEqual(ids(), ["a"]);
    assert.deepEqual(lines.splice(0), [["failed", { error: new Error(step) }]]);
  }
  fail.at = undefined;
  clock.advance(UNCLAIMED_SWEEP_MS);
  unclaimed.sweep();
  assert.deepEqual(ids(), []);
});
