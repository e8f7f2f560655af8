import assert from "node:assert/strict";
import {
  LastingClock,
  MAX_TIME_DRIFT_MS,
  TIME_MARK_STEP_MS,
  TIME_MARK_TICK_MS,
  TOLD_BEHIND_MS,
} from "../../src/base/lasting_clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { FakeClock } from "../support/fake_clock.ts";

interface Fixture {
  clock: FakeClock;
  store: { markMs: number; writes: number; isBroken: boolean };
  lines: string[];
  open(): LastingClock;
}

function setUp(): Fixture {
  const clock = new FakeClock();
  const store = { markMs: 0, writes: 0, isBroken: false };
  const lines: string[] = [];
  return {
    clock,
    store,
    lines,
    open: () =>
      new LastingClock({
        clock,
        store: {
          read: () => store.markMs,
          write: (markMs) => {
            if (store.isBroken) throw new Error("full");
            store.writes += 1;
            store.markMs = markMs;
          },
        },
        log: {
          ...silentLogger,
          warn: (message) => lines.push(message),
          error: (message) => lines.push(message),
        },
      }),
  };
}

Deno.test("a device that starts in 1970 goes on from the time that it has seen", () => {
  const { clock, open, lines } = setUp();
  const before = open();
  const seenMs = clock.wallMs();
  before.close();
  clock.stepWall(-seenMs);
  const after = open();
  assert.equal(clock.wallMs(), 0);
  assert.equal(after.wallMs(), seenMs);
  assert.deepEqual(lines, [
    "The clock is behind a time that this device has seen: keys end by the later one",
  ]);
  // Time does not stand still, or nothing would ever end.
  clock.advance(5000);
  assert.equal(after.wallMs(), seenMs + 5000);
  assert.equal(lines.length, 1);
  clock.stepWall(seenMs);
  assert.equal(after.wallMs(), clock.wallMs());
  after.close();
});

Deno.test("what a device runs in 1970 counts over its restarts", () => {
  const { clock, open, store } = setUp();
  store.markMs = clock.wallMs();
  const seenMs = store.markMs;
  clock.stepWall(-seenMs);
  for (let i = 1; i <= 3; i++) {
    const lasting = open();
    clock.advance(1000);
    assert.equal(lasting.wallMs(), seenMs + i * 1000);
    lasting.close();
    clock.stepWall(-clock.wallMs());
  }
});

Deno.test("the time is written every ten minutes, and no more often", () => {
  const { clock, open, store } = setUp();
  store.markMs = clock.wallMs();
  const lasting = open();
  for (let ms = 0; ms < 3 * TIME_MARK_STEP_MS; ms += TIME_MARK_TICK_MS) {
    clock.advance(TIME_MARK_TICK_MS);
  }
  assert.deepEqual([store.writes, store.markMs], [3, clock.wallMs()]);
  lasting.close();
  clock.advance(TIME_MARK_STEP_MS);
  assert.equal(store.writes, 3);
});

Deno.test("a time that did not hold for a minute is not kept", () => {
  const { clock, open, store } = setUp();
  const realMs = clock.wallMs();
  store.markMs = realMs;
  const lasting = open();
  const stepMs = 50 * 365 * 86_400_000;
  clock.stepWall(stepMs);
  clock.advance(TIME_MARK_TICK_MS);
  assert.equal(lasting.wallMs(), clock.wallMs());
  clock.stepWall(-stepMs);
  assert.equal(lasting.wallMs(), realMs + TIME_MARK_TICK_MS);
  lasting.close();
  assert.equal(store.markMs, realMs + TIME_MARK_TICK_MS);
});

Deno.test("a time that has held is kept, and the owner is told where it was wrong", () => {
  const { clock, open, store, lines } = setUp();
  store.markMs = clock.wallMs();
  const lasting = open();
  const stepMs = TOLD_BEHIND_MS + MAX_TIME_DRIFT_MS + 1;
  clock.stepWall(stepMs);
  clock.advance(TIME_MARK_TICK_MS);
  clock.advance(TIME_MARK_TICK_MS);
  assert.equal(store.markMs, clock.wallMs());
  assert.deepEqual(lines, []);
  clock.stepWall(-stepMs);
  clock.advance(TIME_MARK_TICK_MS);
  assert.equal(lasting.wallMs(), clock.wallMs() + stepMs);
  assert.equal(lines.length, 1);
  lasting.close();
});

Deno.test("a time that cannot be written is tried again and told of", () => {
  const { clock, open, store, lines } = setUp();
  const lasting = open();
  store.isBroken = true;
  clock.advance(TIME_MARK_TICK_MS);
  assert.deepEqual(lines, ["Cannot keep the time, will try again"]);
  store.isBroken = false;
  clock.advance(TIME_MARK_TICK_MS);
  assert.equal(store.markMs, clock.wallMs());
  lasting.close();
});
