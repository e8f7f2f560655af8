import assert from "node:assert/strict";
import { tryPairing } from "../../../src/features/doctor/trial_pairing.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { seededRandom } from "../../support/seeded_random.ts";

Deno.test("tryPairing() comes to a common key", () => {
  for (const seed of [1, 2, 3]) {
    const { isAgreed } = tryPairing({ clock: new FakeClock(), random: seededRandom(seed) });
    assert.equal(isAgreed, true);
  }
});

Deno.test("tryPairing() counts the time of the device's two steps", () => {
  const clock = new FakeClock();
  let asked = 0;
  const stepping = {
    wallMs: () => clock.wallMs(),
    // Every look at the clock finds 100 ms gone, so each timed step takes 100 ms.
    monotonicMs: () => 100 * asked++,
    after: () => () => {},
  };
  const { deviceMs } = tryPairing({ clock: stepping, random: seededRandom(1) });
  assert.equal(asked, 4);
  assert.equal(deviceMs, 200);
});

Deno.test("tryPairing() draws everything anew", () => {
  const drawn: number[] = [];
  const random = seededRandom(1);
  tryPairing({
    clock: new FakeClock(),
    random: (length) => {
      drawn.push(length);
      return random(length);
    },
  });
  // The PIN, one scalar for each side, and what blinds the device's time.
  assert.deepEqual(drawn, [4, 32, 32, 32]);
});
