import assert from "node:assert/strict";
import {
  Throttle,
  THROTTLE_BASE_MS,
  THROTTLE_FAILURES,
  THROTTLE_MAX_MS,
  THROTTLE_PROBE_MS,
} from "../../../src/features/session/throttle.ts";

const KEY = "client 10.0.0.2";

function failUntilThrottled(throttle: Throttle, nowMs: number): void {
  for (let i = 1; i < THROTTLE_FAILURES; i++) assert.equal(throttle.fail(KEY, nowMs), false);
  assert.equal(throttle.fail(KEY, nowMs), true);
}

Deno.test("Throttle admits until the tenth failure in a row", () => {
  const throttle = new Throttle();
  for (let i = 1; i < THROTTLE_FAILURES; i++) {
    assert.ok(throttle.admit(KEY, i));
    throttle.fail(KEY, i);
  }
  assert.ok(throttle.admit(KEY, 100));
  assert.equal(throttle.fail(KEY, 100), true);
  assert.equal(throttle.admit(KEY, 101), false);
});

Deno.test("Throttle tries one frame per second while it lasts", () => {
  const throttle = new Throttle();
  failUntilThrottled(throttle, 0);
  assert.ok(throttle.admit(KEY, THROTTLE_PROBE_MS));
  assert.equal(throttle.admit(KEY, THROTTLE_PROBE_MS + 999), false);
  assert.ok(throttle.admit(KEY, 2 * THROTTLE_PROBE_MS));
});

Deno.test("Throttle ends after 30 s", () => {
  const throttle = new Throttle();
  failUntilThrottled(throttle, 0);
  assert.ok(throttle.admit(KEY, THROTTLE_BASE_MS));
  assert.ok(throttle.admit(KEY, THROTTLE_BASE_MS));
});

Deno.test("Throttle doubles per level up to half an hour", () => {
  const throttle = new Throttle();
  let nowMs = 0;
  for (let level = 0; level < 10; level++) {
    failUntilThrottled(throttle, nowMs);
    const lengthMs = Math.min(THROTTLE_MAX_MS, THROTTLE_BASE_MS * 2 ** level);
    const lastMs = nowMs + lengthMs - 1;
    assert.ok(throttle.admit(KEY, lastMs));
    assert.equal(throttle.admit(KEY, lastMs), false, `level ${level} still lasts`);
    nowMs += lengthMs;
    assert.ok(throttle.admit(KEY, nowMs) && throttle.admit(KEY, nowMs), `level ${level} is over`);
  }
});

Deno.test("Throttle is ended by one right frame, and its level falls by one", () => {
  const throttle = new Throttle();
  failUntilThrottled(throttle, 0);
  failUntilThrottled(throttle, 100_000);
  throttle.succeed(KEY);
  assert.ok(throttle.admit(KEY, 100_001) && throttle.admit(KEY, 100_001));
  failUntilThrottled(throttle, 200_000);
  const secondLevelMs = THROTTLE_BASE_MS * 2;
  assert.ok(throttle.admit(KEY, 200_000 + secondLevelMs - 1));
  assert.equal(throttle.admit(KEY, 200_000 + secondLevelMs - 1), false);
  assert.ok(throttle.admit(KEY, 200_000 + secondLevelMs));
});

Deno.test("Throttle counts failures in a row only", () => {
  const throttle = new Throttle();
  for (let round = 0; round < 5; round++) {
    for (let i = 1; i < THROTTLE_FAILURES; i++) assert.equal(throttle.fail(KEY, 0), false);
    throttle.succeed(KEY);
  }
});

Deno.test("Throttle counts each key for itself", () => {
  const throttle = new Throttle();
  failUntilThrottled(throttle, 0);
  assert.equal(throttle.admit(KEY, 1), false);
  assert.ok(throttle.admit("client 10.0.0.3", 1));
});

Deno.test("Throttle forgets the least recently used key beyond its size", () => {
  const throttle = new Throttle({ maxEntries: 2 });
  failUntilThrottled(throttle, 0);
  throttle.fail("b", 0);
  throttle.fail(KEY, 0);
  throttle.fail("c", 0);
  assert.equal(throttle.admit(KEY, 1), false);
  throttle.fail("d", 0);
  throttle.fail("e", 0);
  assert.ok(throttle.admit(KEY, 2));
});
