// Whom a request waits for.

import assert from "node:assert/strict";
import { StallTimer } from "../../../src/features/models/stall_timer.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("patience is over for whoever is waited for, at the moment that was said last", () => {
  const clock = new FakeClock();
  const over: string[] = [];
  const patience = new StallTimer<string>({ clock, onOver: (party) => over.push(party) });
  patience.waitFor("a", 100);
  clock.advance(99);
  patience.waitFor("b", 100);
  assert.equal(clock.timerCount, 1, "one timer, set anew when it rings");
  clock.advance(99);
  assert.deepEqual(over, []);
  clock.advance(1);
  assert.deepEqual(over, ["b"]);
  clock.advance(1000);
  assert.deepEqual(over, ["b"]);
});

Deno.test("patience can get shorter, and end", () => {
  const clock = new FakeClock();
  const over: string[] = [];
  const patience = new StallTimer<string>({ clock, onOver: (party) => over.push(party) });
  patience.waitFor("a", 1000);
  patience.waitFor("b", 10);
  clock.advance(10);
  assert.deepEqual(over, ["b"]);
  patience.waitFor("c", 10);
  patience.stop();
  assert.equal(clock.timerCount, 0);
  clock.advance(1000);
  assert.deepEqual(over, ["b"]);
});
