import assert from "node:assert/strict";
import {
  PairingWarmUp,
  SLICE_MS,
  SLICE_PAUSE_MS,
  TRIAL_STEPS,
} from "../../../src/features/pairing/pairing_warm_up.ts";
import { BASE_WINDOWS, buildBaseWindow } from "../../../src/protocol/v1/point_multiples.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { setUp } from "./pairing_fixture.ts";

// A clock by which everything takes its time, so that a slice ends by it.
class SlowClock extends FakeClock {
  #lateMs = 0;

  override monotonicMs(): number {
    this.#lateMs += SLICE_MS / 2;
    return super.monotonicMs() + this.#lateMs;
  }
}

Deno.test("PairingWarmUp works in slices and ends", () => {
  const clock = new SlowClock();
  const warmUp = new PairingWarmUp(clock);
  warmUp.start();
  assert.equal(warmUp.isDone, false);
  let slices = 0;
  while (!warmUp.isDone) {
    clock.advance(SLICE_PAUSE_MS);
    slices += 1;
    assert.ok(slices <= 2 * BASE_WINDOWS + TRIAL_STEPS, "it does not end");
  }
  assert.ok(slices >= TRIAL_STEPS, String(slices));
  assert.equal(buildBaseWindow(), false);
  assert.equal(clock.timerCount, 0);
});

Deno.test("PairingWarmUp leaves the rest for later, and does nothing twice", () => {
  const clock = new FakeClock();
  const warmUp = new PairingWarmUp(clock);
  warmUp.start();
  warmUp.start();
  assert.equal(clock.timerCount, 1);
  warmUp.stop();
  assert.equal(clock.timerCount, 0);
  clock.advance(1000);
  assert.equal(warmUp.isDone, false);
  warmUp.start();
  clock.advance(1000);
  assert.equal(warmUp.isDone, true);
  warmUp.start();
  assert.equal(clock.timerCount, 0);
});

Deno.test("PairingWindow warms up while its PIN is valid, and only then", () => {
  const { window, clock } = setUp();
  const idle = clock.timerCount;
  window.open();
  // The look at the deadline, and the next slice.
  assert.equal(clock.timerCount, idle + 2);
  window.cancel();
  assert.equal(clock.timerCount, idle);
  window.open();
  clock.advance((TRIAL_STEPS + BASE_WINDOWS) * SLICE_PAUSE_MS);
  assert.equal(clock.timerCount, idle + 1);
  window.close();
  assert.equal(clock.timerCount, idle);
});
