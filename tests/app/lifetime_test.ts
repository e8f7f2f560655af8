import assert from "node:assert/strict";
import { Lifetime } from "../../src/app/lifetime.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "../support/fake_socket.ts";

Deno.test("a lifetime ends early parts at once, newest first, then late ones, newest first", async () => {
  const told: string[] = [];
  const lifetime = new Lifetime({ clock: new FakeClock(), graceMs: 10 });
  lifetime.late(() => void told.push("late 1"));
  lifetime.early(() => void told.push("early 1"));
  lifetime.late(() => void told.push("late 2"));
  lifetime.early(async () => {
    told.push("early 2 begins");
    await settle(2);
    told.push("early 2 ends");
  });
  assert.equal(lifetime.isEnding, false);
  const ending = lifetime.end();
  assert.equal(lifetime.isEnding, true);
  assert.deepEqual(told, ["early 2 begins", "early 1"]);
  await Promise.all([ending, lifetime.end()]);
  assert.deepEqual(told.slice(2), ["early 2 ends", "late 2", "late 1"]);
});

Deno.test("a lifetime waits for early parts no longer than its grace", async () => {
  const clock = new FakeClock();
  const lifetime = new Lifetime({ clock, graceMs: 10 });
  let isClosed = false;
  lifetime.late(() => void (isClosed = true));
  lifetime.early(() => new Promise<void>(() => {}));
  const ending = lifetime.end();
  clock.advance(9);
  await settle(3);
  assert.equal(isClosed, false);
  clock.advance(1);
  await ending;
  assert.equal(isClosed, true);
});

Deno.test("a lifetime ends every part though others throw, and tells of the first", async () => {
  const told: string[] = [];
  const lifetime = new Lifetime({ clock: new FakeClock(), graceMs: 10 });
  lifetime.late(() => void told.push("late"));
  lifetime.late(() => {
    throw new Error("late");
  });
  lifetime.early(() => void told.push("early"));
  lifetime.early(() => {
    throw new Error("early");
  });
  await assert.rejects(lifetime.end(), new Error("early"));
  assert.deepEqual(told, ["early", "late"]);
});
