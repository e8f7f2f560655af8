import assert from "node:assert/strict";
import { LINE_RATE } from "../../../src/base/limited_log.ts";
import { MAX_RUNNING } from "../../../src/features/actions/action_runner.ts";
import { STOP_GRACE_MS } from "../../../src/features/actions/exclusive_screen.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { sampleAction, settle } from "../../support/fake_actions.ts";
import { codeOf, fixture, GAME, LIGHTS, MOVIE } from "./runner_world.ts";

Deno.test("run() starts the program with its argument, folder and variables", async () => {
  const action = { ...GAME, cwd: "/opt", env: { DISPLAY: ":0", LATCHKEY_TEXT: "no" } };
  const { runner, programs, screen, told, states } = fixture([action]);
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
  assert.equal(screen.current()?.media.mediaPath, "game a b");
});

Deno.test("a program that ends by itself leaves its exit code, times and output", async () => {
  const { runner, programs, screen, clock, told } = fixture([GAME]);
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
  assert.equal(screen.current(), undefined);
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
  const { runner, programs, screen, told } = fixture([GAME]);
  await runner.run({ text: "game a" });
  const next = runner.run({ text: "game b" });
  await programs[0]?.end({ signal: "SIGTERM" });
  await next;
  assert.deepEqual(told, ["+game a", "-game a", "+game b"]);
  assert.equal(screen.current()?.media.mediaPath, "game b");
});

Deno.test("of many texts at once the newest gets the screen, and the others do not wait", async () => {
  const { runner, programs, told } = fixture([GAME]);
  await runner.run({ text: "game 0" });
  const [newest, ...older] = [1, 2, 3].map((n) => codeOf(runner.run({ text: `game ${n}` })))
    .reverse();
  assert.deepEqual(await Promise.all(older), ["conflict", "conflict"]);
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  await programs[0]?.end({ signal: "SIGTERM" });
  assert.equal(await newest, undefined);
  assert.deepEqual(told, ["+game 0", "-game 0", "+game 3"]);
});

// How many turns of other work lie between two texts.
for (let turns = 0; turns < 12; turns++) {
  Deno.test(`only one gets the screen of two texts ${turns} turns apart`, async () => {
    const { runner, programs, told } = fixture([GAME]);
    const first = codeOf(runner.run({ text: "game a" }));
    for (let turn = 0; turn < turns; turn++) await undefined;
    const second = codeOf(runner.run({ text: "game b" }));
    await settle();
    if (programs[0]?.argv.at(-1) === "a") {
      assert.deepEqual(told, ["+game a"]);
      await programs[0].end();
      assert.equal(await first, undefined);
    } else assert.equal(await first, "conflict");
    assert.equal(await second, undefined);
    assert.equal(told.at(-1), "+game b");
    assert.equal(runner.running, 1);
  });
}

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

Deno.test("an action that becomes exclusive while it runs is replaced and not lost", async () => {
  const { runner, programs } = fixture([LIGHTS]);
  await runner.run({ text: "lights" });
  runner.replaceTable([{ ...LIGHTS, exclusive: true }]);
  const next = runner.run({ text: "lights" });
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  await programs[0]?.end();
  await next;
  assert.equal(runner.running, 1);
  runner.replaceTable([LIGHTS]);
  assert.equal(await codeOf(runner.run({ text: "lights" })), "conflict");
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

Deno.test("whoever runs an action again and again does not fill the log", async () => {
  const broken = sampleAction("broken", { command: ["missing"] });
  const { runner, programs, clock, lines } = fixture([LIGHTS, broken]);
  const run = async (): Promise<void> => {
    await runner.run({ text: "lights" });
    await programs.at(-1)?.end();
    await settle();
    await codeOf(runner.run({ text: "broken" }));
  };
  for (let n = 0; n < LINE_RATE.burst + 3; n++) await run();
  const counts = Map.groupBy(lines.splice(0), ([message]) => message);
  assert.deepEqual([...counts].map(([message, { length }]) => [message, length]), [
    ["Action started", LINE_RATE.burst],
    ["Action ended", LINE_RATE.burst],
    ["Action cannot be started", LINE_RATE.burst],
  ]);
  clock.advance(1000 / LINE_RATE.perSecond);
  await run();
  assert.deepEqual(lines.map(([, fields]) => [fields?.["action"], fields?.["unwritten"]]), [
    ["lights", 3],
    ["lights", 3],
    ["broken", 3],
  ]);
});
