import assert from "node:assert/strict";
import {
  CLEAN_UP_LIMIT_MS,
  type FilledStep,
  startSteps,
  type StepRun,
} from "../../../src/features/library/step_run.ts";
import { type FakeProgram, fakePrograms, settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const SETUP: FilledStep = { argv: ["perfmax", "/rom"], needsSuccess: false, hasFile: true };
const PLAYER: FilledStep = { argv: ["player", "/rom"], needsSuccess: false, hasFile: true };
const CLEAN_UP: FilledStep = { argv: ["perfnorm"], needsSuccess: false, hasFile: false };
const MISSING: FilledStep = { argv: ["missing"], needsSuccess: false, hasFile: false };

interface World {
  run: StepRun;
  programs: FakeProgram[];
  clock: FakeClock;
  failures: string[];
  started: () => string[];
}

function world(...steps: FilledStep[]): World {
  const { start, programs } = fakePrograms();
  const clock = new FakeClock();
  const failures: string[] = [];
  const run = startSteps({
    steps,
    start: (argv, onOutput) => start(argv, { cwd: undefined, passEnv: [], env: {}, onOutput }),
    onFailed: ({ message }) => failures.push(message),
    clock,
  });
  const started = (): string[] => programs.map(({ argv }) => argv[0] ?? "");
  return { run, programs, clock, failures, started };
}

Deno.test("steps run one after the other, whatever the one before ended with", async () => {
  const { run, programs, started } = world(SETUP, PLAYER, CLEAN_UP);
  assert.deepEqual(started(), ["perfmax"]);
  await programs[0]?.end({ exitCode: 1 });
  assert.deepEqual(started(), ["perfmax", "player"]);
  await programs[1]?.end({ signal: "SIGSEGV" });
  assert.deepEqual([started(), run.isOver], [["perfmax", "player", "perfnorm"], false]);
  await programs[2]?.end();
  await run.over;
  assert.equal(run.isOver, true);
});

Deno.test("a step that needs success is left out where the last one that ran had none", async () => {
  const needy = { ...CLEAN_UP, argv: ["needy"], needsSuccess: true };
  const { run, programs, started } = world(PLAYER, needy, needy, CLEAN_UP);
  await programs[0]?.end({ exitCode: 3 });
  assert.deepEqual(started(), ["player", "perfnorm"]);
  await programs[1]?.end();
  await run.over;
  const other = world(PLAYER, needy);
  await other.programs[0]?.end({ exitCode: 0 });
  assert.deepEqual(other.started(), ["player", "needy"]);
  await other.programs[1]?.end();
});

Deno.test("a stop ends the player and still cleans up", async () => {
  const { run, programs, started, clock } = world(SETUP, PLAYER, CLEAN_UP);
  await programs[0]?.end();
  const stopped = run.endWithin(5000);
  assert.deepEqual(programs[1]?.signals, ["SIGTERM"]);
  await programs[1]?.end({ signal: "SIGTERM" });
  assert.deepEqual([started().at(-1), run.isOver], ["perfnorm", false]);
  await programs[2]?.end();
  await stopped;
  assert.deepEqual([run.isOver, clock.timerCount], [true, 0]);
});

Deno.test("a stop before the player never starts it", async () => {
  const { run, programs, started } = world(SETUP, PLAYER, CLEAN_UP);
  const stopped = run.endWithin(5000);
  await programs[0]?.end({ signal: "SIGTERM" });
  assert.deepEqual(started(), ["perfmax", "perfnorm"]);
  await programs[1]?.end();
  await stopped;
});

Deno.test("a stop cleans up though that waits for success", async () => {
  const { run, programs, started } = world(PLAYER, { ...CLEAN_UP, needsSuccess: true });
  const stopped = run.endWithin(5000);
  await programs[0]?.end({ signal: "SIGTERM" });
  assert.deepEqual(started(), ["player", "perfnorm"]);
  await programs[1]?.end();
  await stopped;
});

Deno.test("what cleans up after a stop has its time, and no more", async () => {
  const { run, programs, clock } = world(PLAYER, CLEAN_UP);
  const stopped = run.endWithin(5000);
  await programs[0]?.end({ signal: "SIGTERM" });
  clock.advance(CLEAN_UP_LIMIT_MS - 1);
  assert.deepEqual(programs[1]?.signals, []);
  clock.advance(1);
  assert.deepEqual(programs[1]?.signals, ["SIGTERM", "SIGKILL"]);
  await programs[1]?.end({ signal: "SIGKILL" });
  await stopped;
});

Deno.test("a stop while it cleans up by itself gives it its time", async () => {
  const { run, programs, clock } = world(PLAYER, CLEAN_UP);
  await programs[0]?.end();
  const stopped = Promise.all([run.endWithin(0), run.endWithin(0)]);
  await settle();
  assert.deepEqual(programs[1]?.signals, []);
  clock.advance(CLEAN_UP_LIMIT_MS);
  assert.deepEqual(programs[1]?.signals[0], "SIGTERM");
  await programs[1]?.end({ signal: "SIGTERM" });
  await stopped;
});

Deno.test("without a file in any argument the last program is the player", async () => {
  const first = { ...CLEAN_UP, argv: ["first"] };
  const { run, programs, started } = world(first, CLEAN_UP);
  const stopped = run.endWithin(5000);
  await programs[0]?.end({ signal: "SIGTERM" });
  await stopped;
  assert.deepEqual(started(), ["first"]);
});

Deno.test("a program that cannot be started stops nothing but itself", async () => {
  const { run, programs, failures, started } = world(PLAYER, MISSING, CLEAN_UP);
  await programs[0]?.end();
  assert.deepEqual([failures.length, started()], [1, ["player", "perfnorm"]]);
  await programs[1]?.end();
  await run.over;
  assert.throws(() => world(MISSING, PLAYER), /missing/);
  assert.throws(() => world(), TypeError);
});

Deno.test("a stop of what is over does nothing", async () => {
  const { run, programs } = world(PLAYER);
  await programs[0]?.end();
  await run.endWithin(0);
  assert.deepEqual(programs[0]?.signals, []);
});
