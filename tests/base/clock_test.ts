import assert from "node:assert/strict";
import {
  afterTurning,
  deadlineIn,
  every,
  isPast,
  settledWithin,
  systemClock,
} from "../../src/base/clock.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("isPast() turns true at the deadline, not before", () => {
  const clock = new FakeClock();
  const deadline = deadlineIn(clock, 1000);
  assert.equal(isPast(clock, deadline), false);
  clock.advance(999);
  assert.equal(isPast(clock, deadline), false);
  clock.advance(1);
  assert.equal(isPast(clock, deadline), true);
});

Deno.test("isPast() ends by the wall clock alone, as after a suspend", () => {
  const clock = new FakeClock();
  const deadline = deadlineIn(clock, 1000);
  clock.stepWall(1000);
  assert.equal(isPast(clock, deadline), true);
});

Deno.test("isPast() ends by the monotonic clock while the wall clock was set back", () => {
  const clock = new FakeClock();
  const deadline = deadlineIn(clock, 1000);
  clock.stepWall(-3_600_000);
  clock.advance(999);
  assert.equal(isPast(clock, deadline), false);
  clock.advance(1);
  assert.equal(isPast(clock, deadline), true);
});

Deno.test("deadlineIn() of no time at all is past", () => {
  const clock = new FakeClock();
  assert.equal(isPast(clock, deadlineIn(clock, 0)), true);
});

Deno.test("every() runs once per period until it is cancelled", () => {
  const clock = new FakeClock();
  const ranAtMs: number[] = [];
  const beganAtMs = clock.monotonicMs();
  const cancel = every(clock, 100, () => ranAtMs.push(clock.monotonicMs() - beganAtMs));
  clock.advance(99);
  assert.deepEqual(ranAtMs, []);
  clock.advance(251);
  assert.deepEqual(ranAtMs, [100, 200, 300]);
  cancel();
  assert.equal(clock.timerCount, 0);
  clock.advance(1000);
  assert.deepEqual(ranAtMs, [100, 200, 300]);
});

Deno.test("every() can be cancelled before its first run and from within a run", () => {
  const clock = new FakeClock();
  let runs = 0;
  every(clock, 100, () => runs++)();
  const cancel = every(clock, 100, () => {
    runs++;
    cancel();
  });
  clock.advance(1000);
  assert.equal(runs, 1);
  assert.equal(clock.timerCount, 0);
});

Deno.test("every() goes on after a run that threw", () => {
  const clock = new FakeClock();
  let runs = 0;
  const cancel = every(clock, 100, () => {
    runs++;
    if (runs === 1) throw new Error("broken");
  });
  assert.throws(() => clock.advance(100), new Error("broken"));
  clock.advance(100);
  assert.equal(runs, 2);
  cancel();
});

Deno.test("systemClock has the time of the process and a clock that does not go back", () => {
  const beforeMs = Date.now();
  const wallMs = systemClock.wallMs();
  assert.ok(beforeMs <= wallMs && wallMs <= Date.now());
  const first = systemClock.monotonicMs();
  assert.ok(systemClock.monotonicMs() >= first);
});

Deno.test("systemClock.after() runs once, and never when cancelled", async () => {
  let cancelled = 0;
  const cancel = systemClock.after(0, () => cancelled++);
  cancel();
  await new Promise<void>((done) => systemClock.after(0, done));
  assert.equal(cancelled, 0);
});

Deno.test("afterTurning() runs once its time is over, and not when it was cancelled", () => {
  const clock = new FakeClock();
  let runs = 0;
  afterTurning(clock, 1000, () => runs++);
  const cancel = afterTurning(clock, 1000, () => runs++);
  clock.advance(999);
  assert.equal(runs, 0);
  cancel();
  clock.advance(1);
  assert.equal(runs, 1);
  clock.advance(5000);
  assert.deepEqual([runs, clock.timerCount], [1, 0]);
});

Deno.test("a process that was held up sees what came meanwhile before its limit is over", async () => {
  const told: string[] = [];
  const cancel = afterTurning(systemClock, LIMIT_MS, () => told.push("over"));
  const work = Deno.stat(".").then(() => told.push("done"));
  const within = settledWithin(systemClock, { work, limitMs: LIMIT_MS }).then(() =>
    told.push("within")
  );
  holdUp(LIMIT_MS * 3);
  await within;
  cancel();
  assert.deepEqual(told, ["done", "within"]);
});

const LIMIT_MS = 200;

function holdUp(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
