import assert from "node:assert/strict";
import {
  ActionRunner,
  CLOSE_GRACE_MS,
  MAX_RUNNING,
  STOP_GRACE_MS,
} from "../../src/actions/action_runner.ts";
import { GROUP_POLL_MS } from "../../src/actions/action_run.ts";
import type { ActionSettings } from "../../src/actions/action_settings.ts";
import { AppError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/base/log.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type FakeProgram, fakePrograms, sampleAction, settle } from "../support/fake_actions.ts";

interface Fixture {
  runner: ActionRunner;
  programs: FakeProgram[];
  clock: FakeClock;
  told: string[];
  /** The state of each action, by name. */
  states(): Record<string, string>;
}

function fixture(actions: readonly ActionSettings[]): Fixture {
  const { start, programs } = fakePrograms();
  const clock = new FakeClock();
  const told: string[] = [];
  const runner = new ActionRunner({
    actions,
    start,
    events: {
      started: ({ mediaPath }) => told.push(`+${mediaPath}`),
      stopped: ({ mediaPath }) => told.push(`-${mediaPath}`),
    },
    clock,
    log: silentLogger,
  });
  const states = (): Record<string, string> =>
    Object.fromEntries(runner.list().map(({ action, state }) => [action.name, state]));
  return { runner, programs, clock, told, states };
}

/** The code of the error, or undefined. */
async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error.code;
  }
}

const LIGHTS = sampleAction("lights", { exclusive: false });
const GAME = sampleAction("game", { match: "game (.*)", command: ["emu", "--", "$1"] });
const MOVIE = sampleAction("movie");

Deno.test("run() starts the program with its argument, folder and variables", async () => {
  const action = { ...GAME, cwd: "/opt", env: { DISPLAY: ":0", LATCHKEY_TEXT: "no" } };
  const { runner, programs, told, states } = fixture([action]);
  await runner.run({ text: "game a b", uid: "04:a2" });
  const [program] = programs;
  assert.deepEqual(program?.argv, ["emu", "--", "a b"]);
  assert.equal(program?.cwd, "/opt");
  assert.deepEqual(program?.env, {
    DISPLAY: ":0",
    LATCHKEY_ACTION: "game",
    LATCHKEY_TEXT: "game a b",
    LATCHKEY_UID: "04:a2",
  });
  assert.deepEqual(told, ["+game a b"]);
  assert.deepEqual(states(), { game: "running" });
  assert.equal(runner.active()?.media.mediaPath, "game a b");
});

Deno.test("a program that ends by itself leaves its exit code, times and output", async () => {
  const { runner, programs, clock, told } = fixture([GAME]);
  const startedAtMs = clock.wallMs();
  await runner.run({ text: "game a" });
  programs[0]?.write("hello");
  clock.advance(1500);
  await programs[0]?.end({ exitCode: 3 });
  assert.deepEqual(runner.list(), [{
    action: GAME,
    state: "ended",
    startedAtMs,
    endedAtMs: startedAtMs + 1500,
    exitCode: 3,
    signal: undefined,
  }]);
  assert.equal(runner.output("game"), "hello");
  assert.equal(runner.active(), undefined);
  assert.deepEqual(told, ["+game a", "-game a"]);
  assert.equal(clock.timerCount, 0);
});

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

Deno.test("an exclusive action ends the one that runs, and starts when it is gone", async () => {
  const { runner, programs, clock, told } = fixture([GAME, MOVIE]);
  await runner.run({ text: "game a" });
  const next = runner.run({ text: "movie" });
  await settle();
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  assert.equal(programs.length, 1);
  clock.advance(STOP_GRACE_MS - 1);
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  clock.advance(1);
  assert.deepEqual(programs[0]?.signals, ["SIGTERM", "SIGKILL"]);
  await programs[0]?.end({ signal: "SIGKILL" });
  await next;
  assert.equal(programs.length, 2);
  assert.deepEqual(told, ["+game a", "-game a", "+movie"]);
});

Deno.test("the same exclusive action is replaced by itself with another text", async () => {
  const { runner, programs, told } = fixture([GAME]);
  await runner.run({ text: "game a" });
  const next = runner.run({ text: "game b" });
  await programs[0]?.end({ signal: "SIGTERM" });
  await next;
  assert.deepEqual(told, ["+game a", "-game a", "+game b"]);
  assert.equal(runner.active()?.media.mediaPath, "game b");
});

Deno.test("of many texts at once the newest gets the screen", async () => {
  const { runner, programs, told } = fixture([GAME]);
  await runner.run({ text: "game 0" });
  const codes = [1, 2, 3].map((n) => codeOf(runner.run({ text: `game ${n}` })));
  await settle();
  await programs[0]?.end({ signal: "SIGTERM" });
  assert.deepEqual(await Promise.all(codes), ["conflict", "conflict", undefined]);
  assert.deepEqual(told, ["+game 0", "-game 0", "+game 3"]);
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

Deno.test("other actions run beside the exclusive one, each once", async () => {
  const { runner, programs, told, states } = fixture([GAME, LIGHTS]);
  await runner.run({ text: "game a" });
  await runner.run({ text: "lights" });
  assert.deepEqual(states(), { game: "running", lights: "running" });
  assert.equal(runner.running, 2);
  assert.equal(await codeOf(runner.run({ text: "lights" })), "conflict");
  await programs[1]?.end();
  await runner.run({ text: "lights" });
  assert.equal(programs.length, 3);
  assert.deepEqual(told, ["+game a"]);
});

Deno.test("so many actions run at once, and not one more", async () => {
  const actions = Array.from(
    { length: MAX_RUNNING + 1 },
    (_, at) => sampleAction(`a${at}`, { exclusive: false }),
  );
  const { runner, programs } = fixture(actions);
  const runs = actions.map(({ name }) => codeOf(runner.run({ text: name })));
  assert.deepEqual(await Promise.all(runs), [...Array(MAX_RUNNING).fill(undefined), "unavailable"]);
  await programs[0]?.end();
  assert.equal(await codeOf(runner.run({ text: `a${MAX_RUNNING}` })), undefined);
});

Deno.test("stop() ends the exclusive action, or else all, or the one that is named", async () => {
  const { runner, programs, states } = fixture([GAME, LIGHTS, sampleAction("fan", LIGHTS_LIKE)]);
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

const LIGHTS_LIKE = { exclusive: false };

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
  assert.equal(await waiting, "conflict");
  assert.equal(await codeOf(runner.run({ text: "lights" })), "unavailable");
  assert.equal(programs.length, 2);
});

Deno.test("a text that matches nothing, cannot be run or cannot be started says so", async () => {
  const broken = sampleAction("broken", { command: ["missing"] });
  const { runner, programs, told, states } = fixture([GAME, broken]);
  assert.equal(await codeOf(runner.run({ text: "unknown" })), "not_found");
  assert.equal(await codeOf(runner.run({ text: "game a\nb" })), "bad_request");
  assert.equal(await codeOf(runner.run({ text: "" })), "bad_request");
  await assert.rejects(runner.run({ text: "broken" }), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "unavailable");
    assert.doesNotMatch(error.message, /opt/);
    return true;
  });
  assert.deepEqual([programs.length, told], [0, []]);
  assert.deepEqual(states(), { game: "idle", broken: "failed" });
});

Deno.test("a text that is refused leaves what runs alone", async () => {
  const { runner, programs } = fixture([{ ...GAME, command: ["emu", "$1"] }]);
  await runner.run({ text: "game a" });
  assert.equal(await codeOf(runner.run({ text: "game -x" })), "bad_request");
  assert.deepEqual(programs[0]?.signals, []);
});

Deno.test("output() knows actions that never ran, and no others", () => {
  const { runner } = fixture([GAME]);
  assert.equal(runner.output("game"), "");
  assert.throws(() => runner.output("nobody"), { name: "AppError", message: "No such action" });
});

Deno.test("replaceTable() takes effect at once and ends nothing", async () => {
  const { runner, programs, states } = fixture([GAME]);
  await runner.run({ text: "game a" });
  runner.replaceTable([LIGHTS]);
  assert.deepEqual(states(), { lights: "idle", game: "running" });
  assert.equal(await codeOf(runner.run({ text: "game b" })), "not_found");
  const stopped = runner.stop("game");
  await programs[0]?.end();
  await stopped;
  assert.deepEqual(states(), { lights: "idle" });
  assert.throws(() => runner.replaceTable([{ ...GAME, match: "(" }]));
  assert.deepEqual(states(), { lights: "idle" });
});
