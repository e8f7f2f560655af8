// How runs end: by themselves, by a stop, with the service, or not at all.

import assert from "node:assert/strict";
import {
  GROUP_POLL_MS,
  KILL_LIMIT_MS,
  startRun,
} from "../../../src/features/actions/program_run.ts";
import { CLOSE_GRACE_MS } from "../../../src/features/actions/action_runner.ts";
import { STOP_GRACE_MS } from "../../../src/features/actions/exclusive_screen.ts";
import { sampleAction, settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { codeOf, fixture, GAME, LIGHTS, MOVIE } from "./runner_world.ts";

Deno.test("an action lasts as long as what its program left behind", async () => {
  const { runner, programs, clock, told, states } = fixture([GAME]);
  await runner.run({ text: "game a" });
  await programs[0]?.end({ exitCode: 0 }, true);
  clock.advance(10 * GROUP_POLL_MS);
  await settle();
  assert.deepEqual(states(), { game: "running" });
  programs[0]?.endChildren();
  clock.advance(GROUP_POLL_MS);
  await settle();
  assert.deepEqual(states(), { game: "ended" });
  assert.deepEqual(told, ["+game a", "-game a"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a stop that comes after a text keeps the screen free", async () => {
  const { runner, programs } = fixture([GAME]);
  await runner.run({ text: "game 0" });
  const next = codeOf(runner.run({ text: "game 1" }));
  const stopped = runner.stop();
  await programs[0]?.end({ signal: "SIGTERM" });
  await stopped;
  assert.equal(await next, "conflict");
  assert.equal(programs.length, 1);
});

Deno.test("a stop by name keeps back the text that waits for that name, and no other", async () => {
  const { runner, programs, told } = fixture([GAME, MOVIE, LIGHTS]);
  await runner.run({ text: "game 0" });
  const next = codeOf(runner.run({ text: "game 1" }));
  const stopped = runner.stop("game");
  assert.equal(await next, "conflict");
  const movie = runner.run({ text: "movie" });
  await runner.stop("lights");
  const again = runner.stop("game");
  await programs[0]?.end({ signal: "SIGTERM" });
  await Promise.all([stopped, again, movie]);
  assert.deepEqual(told, ["+game 0", "-game 0", "+movie"]);
});

Deno.test("stop() ends the exclusive action, or else all, or the one that is named", async () => {
  const { runner, programs, states } = fixture([
    GAME,
    LIGHTS,
    sampleAction("fan", { exclusive: false }),
  ]);
  await runner.run({ text: "game a" });
  await runner.run({ text: "lights" });
  await runner.run({ text: "fan" });
  const first = runner.stop();
  assert.deepEqual(states(), { game: "stopping", lights: "running", fan: "running" });
  await programs[0]?.end();
  await first;
  const second = runner.stop("fan");
  assert.deepEqual(states(), { game: "ended", lights: "running", fan: "stopping" });
  await programs[2]?.end();
  await second;
  const third = runner.stop();
  await programs[1]?.end();
  await third;
  assert.deepEqual(states(), { game: "ended", lights: "ended", fan: "ended" });
  // There is nothing to end any more, which is no mistake.
  await runner.stop();
  await runner.stop("fan");
  assert.equal(await codeOf(runner.stop("nobody")), "not_found");
});

Deno.test("stop() says so where a program outlives SIGKILL, and may be asked again", async () => {
  const { runner, programs, clock, told, states } = fixture([GAME, MOVIE]);
  await runner.run({ text: "game a" });
  const stopped = codeOf(runner.stop());
  const next = codeOf(runner.run({ text: "movie" }));
  clock.advance(STOP_GRACE_MS);
  await settle();
  assert.deepEqual(programs[0]?.signals.slice(0, 2), ["SIGTERM", "SIGKILL"]);
  clock.advance(KILL_LIMIT_MS);
  assert.deepEqual([await stopped, await next], ["unavailable", "unavailable"]);
  assert.deepEqual([states(), told], [{ game: "stopping", movie: "idle" }, ["+game a"]]);
  assert.equal(clock.timerCount, 0);
  const again = runner.stop();
  await programs[0]?.end({ exitCode: 0 });
  await again;
  assert.deepEqual([states(), told], [{ game: "ended", movie: "idle" }, ["+game a", "-game a"]]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("what the system keeps of a program that was killed does not keep the screen", async () => {
  const { runner, programs, clock, told, warnings } = fixture([GAME, MOVIE]);
  await runner.run({ text: "game a" });
  const next = runner.run({ text: "movie" });
  await programs[0]?.end({ signal: "SIGTERM" }, true);
  clock.advance(STOP_GRACE_MS + KILL_LIMIT_MS - 1);
  await settle();
  assert.deepEqual(told, ["+game a"]);
  clock.advance(1);
  await next;
  assert.deepEqual(told, ["+game a", "-game a", "+movie"]);
  assert.deepEqual(warnings, ["Action ended, but some of its processes are still running"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("nothing is signalled any more when all of a group was gone", async () => {
  const finish = Promise.withResolvers<void>();
  const signals: string[] = [];
  const clock = new FakeClock();
  const run = startRun({
    start: () => ({
      ended: Promise.resolve({ exitCode: 0, signal: null }),
      signal: (name) => signals.push(name) > 0,
      isAlive: () => false,
      finish: () => finish.promise,
    }),
    clock,
  });
  await settle();
  assert.equal(run.state, "running");
  const ended = run.endWithin(1000);
  clock.advance(1000 + KILL_LIMIT_MS);
  finish.resolve();
  await ended;
  assert.deepEqual([signals, run.state, run.isLeftBehind], [[], "ended", false]);
});

Deno.test("a run that was asked to end is stopping until all of it is over", async () => {
  const program = Promise.withResolvers<{ exitCode: number; signal: null }>();
  const finish = Promise.withResolvers<void>();
  const signals: string[] = [];
  let isAlive = true;
  const clock = new FakeClock();
  const run = startRun({
    start: () => ({
      ended: program.promise,
      signal: (name) => signals.push(name) > 0,
      isAlive: () => isAlive,
      finish: () => finish.promise,
    }),
    clock,
  });
  const ended = run.endWithin(1000);
  program.resolve({ exitCode: 0, signal: null });
  await settle();
  assert.deepEqual([run.state, run.end?.exitCode], ["stopping", 0]);
  const endedAgain = run.endWithin(1000);
  assert.deepEqual(signals, ["SIGTERM"]);
  isAlive = false;
  clock.advance(GROUP_POLL_MS);
  assert.deepEqual([run.state, run.isOver], ["stopping", false]);
  finish.resolve();
  await Promise.all([ended, endedAgain]);
  assert.deepEqual([run.state, run.isLeftBehind, clock.timerCount], ["ended", false, 0]);
});

Deno.test("stop() kills what does not end, children included", async () => {
  const { runner, programs, clock } = fixture([GAME]);
  await runner.run({ text: "game a" });
  const stopped = runner.stop();
  await programs[0]?.end({ signal: "SIGTERM" }, true);
  clock.advance(STOP_GRACE_MS);
  assert.deepEqual(programs[0]?.signals, ["SIGTERM", "SIGKILL"]);
  programs[0]?.endChildren();
  clock.advance(GROUP_POLL_MS);
  await stopped;
  assert.equal(clock.timerCount, 0);
});

Deno.test("close() ends everything in a shorter time and starts nothing any more", async () => {
  const { runner, programs, clock } = fixture([GAME, LIGHTS]);
  await runner.run({ text: "game a" });
  await runner.run({ text: "lights" });
  const waiting = codeOf(runner.run({ text: "game b" }));
  const closed = runner.close();
  clock.advance(CLOSE_GRACE_MS);
  assert.deepEqual(programs.map(({ signals }) => signals.at(-1)), ["SIGKILL", "SIGKILL"]);
  await Promise.all(programs.map((program) => program.end({ signal: "SIGKILL" })));
  await closed;
  assert.equal(await waiting, "unavailable");
  assert.equal(await codeOf(runner.run({ text: "lights" })), "unavailable");
  assert.equal(await codeOf(runner.run({ text: "game c" })), "unavailable");
  assert.equal(programs.length, 2);
  assert.equal(clock.timerCount, 0);
});

Deno.test("close() comes to an end although something does not", async () => {
  const { runner, programs, clock } = fixture([GAME]);
  await runner.run({ text: "game a" });
  const closed = runner.close();
  clock.advance(CLOSE_GRACE_MS + KILL_LIMIT_MS);
  await closed;
  assert.deepEqual(programs[0]?.signals, ["SIGTERM", "SIGKILL"]);
  assert.equal(clock.timerCount, 0);
});
