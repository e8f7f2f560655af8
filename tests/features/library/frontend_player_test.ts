import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import {
  FRONTEND_POLL_MS,
  FRONTEND_RETRY_MS,
  FrontendPlayer,
  MAX_UNANSWERED,
} from "../../../src/features/library/frontend_player.ts";
import { settle } from "../../support/fake_actions.ts";
import { sampleGame } from "../../support/fake_frontend.ts";
import { GAME, OTHER, PLAIN, shown, TOKEN, type World, world } from "./launcher_world.ts";

const HTTP = { kind: "emulationstation_http" } as const;

async function tick({ clock }: World, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    clock.advance(FRONTEND_POLL_MS);
    await settle();
  }
}

Deno.test("what ends at the frontend is told within a second", async () => {
  const { launcher, frontend, told, clock } = world(HTTP);
  await launcher.launch(GAME, TOKEN);
  frontend.running = undefined;
  for (let ms = 0; ms < 1000; ms += 100) {
    clock.advance(100);
    await settle();
  }
  assert.match(told.at(-1) ?? "", /^-/);
});

Deno.test("a frontend launches, says when it is over, and is then left in peace", async () => {
  const it = world(HTTP);
  const { launcher, frontend, told, programs } = it;
  await launcher.launch(GAME, TOKEN);
  assert.deepEqual([frontend.asked, programs], [[`launch ${GAME.path}`], []]);
  assert.deepEqual(told, [`+${GAME.path}`]);
  await tick(it, 2);
  assert.equal(frontend.polls, 3);
  frontend.running = undefined;
  await tick(it);
  assert.deepEqual(told.at(-1), `-${GAME.path} ${3 * FRONTEND_POLL_MS}`);
  await tick(it, 5);
  assert.equal(frontend.polls, 4);
  assert.equal(it.clock.timerCount, 0);
});

Deno.test("a launch that the frontend does not confirm has never begun", async () => {
  const it = world(HTTP);
  const { launcher, frontend, told, screen } = it;
  frontend.known.clear();
  await assert.rejects(launcher.launch(GAME, TOKEN), { code: "not_found" });
  assert.deepEqual([told, screen.current()], [[], undefined]);
  const held = Promise.withResolvers<void>();
  frontend.hold = held.promise;
  frontend.known.add(GAME.path);
  const launched = launcher.launch(GAME, TOKEN);
  await settle();
  assert.equal(screen.current(), undefined);
  held.resolve();
  await launched;
  assert.equal(screen.current()?.media.mediaPath, GAME.path);
});

Deno.test("a stop ends what the frontend runs over the frontend", async () => {
  const it = world(HTTP);
  await it.launcher.launch(GAME, TOKEN);
  assert.equal(await it.screen.free(), true);
  assert.deepEqual(it.frontend.asked.at(-1), "stop");
  assert.deepEqual(it.told.at(-1), `-${GAME.path} 0`);
});

Deno.test("the end of the service lets go of what the frontend runs", async () => {
  const it = world(HTTP);
  await it.launcher.launch(GAME, TOKEN);
  it.player.close();
  await it.launcher.close();
  assert.deepEqual(it.frontend.asked, [`launch ${GAME.path}`]);
  assert.equal(it.clock.timerCount, 0);
});

Deno.test("a frontend is asked only while somebody is connected, and what it runs is told", async () => {
  const it = world(HTTP);
  const { player, frontend, watched, told, screen } = it;
  player.look();
  await tick(it, 3);
  assert.equal(frontend.polls, 0);
  watched.is = true;
  player.look();
  player.look();
  await tick(it);
  assert.equal(frontend.polls, 1);
  frontend.running = sampleGame(OTHER.path);
  await tick(it);
  assert.deepEqual([told, screen.current()?.media.mediaName], [[`+${OTHER.path}`], "A game"]);
  frontend.running = sampleGame(GAME.path);
  await tick(it);
  assert.deepEqual(
    told,
    [
      `+${OTHER.path}`,
      `-${OTHER.path} ${FRONTEND_POLL_MS}`,
      `+${GAME.path}`,
    ].toSorted((a, b) => told.indexOf(a) - told.indexOf(b)),
  );
  watched.is = false;
  frontend.running = undefined;
  await tick(it, 3);
  assert.equal(told.length, 4);
  assert.equal(it.clock.timerCount, 0);
});

Deno.test("an answer from before a launch does not end what was launched", async () => {
  const it = world(HTTP);
  const { frontend, player, launcher, watched, told } = it;
  watched.is = true;
  player.look();
  const held = Promise.withResolvers<void>();
  frontend.holdPolls = held.promise;
  await tick(it);
  assert.equal(frontend.polls, 1);
  frontend.holdPolls = undefined;
  await launcher.launch(GAME, TOKEN);
  held.resolve();
  await settle();
  await tick(it, 2);
  assert.deepEqual(told, [`+${GAME.path}`]);
});

Deno.test("what a command shows is not taken for over because the frontend runs something", async () => {
  const it = world();
  await it.launcher.launch(GAME, TOKEN);
  it.watched.is = true;
  it.frontend.running = sampleGame(OTHER.path);
  it.player.look();
  await tick(it, 3);
  assert.deepEqual(it.told, [`+${GAME.path}`]);
  await it.programs[0]?.end();
  await tick(it);
  assert.deepEqual(it.told.at(-1), `+${OTHER.path}`);
});

Deno.test("a frontend that does not answer is asked less often, and its game is over in the end", async () => {
  const it = world(HTTP);
  const { launcher, frontend, told, watched } = it;
  await launcher.launch(GAME, TOKEN);
  frontend.isThere = false;
  await tick(it, MAX_UNANSWERED - 1);
  assert.equal(told.length, 1);
  await tick(it);
  assert.equal(told.length, 2);
  watched.is = true;
  it.player.look();
  const { polls } = frontend;
  it.clock.advance(FRONTEND_RETRY_MS - 1);
  await settle();
  assert.equal(frontend.polls, polls);
  it.clock.advance(1);
  await settle();
  assert.equal(frontend.polls, polls + 1);
  assert.equal(it.answers.length, 1);
  frontend.isThere = true;
  it.clock.advance(FRONTEND_RETRY_MS);
  await settle();
  await tick(it, 3);
  assert.equal(it.answers.length, 2);
});

Deno.test("one unanswered question ends nothing", async () => {
  const it = world(HTTP);
  await it.launcher.launch(GAME, TOKEN);
  for (let round = 0; round < MAX_UNANSWERED; round++) {
    it.frontend.isThere = false;
    await tick(it);
    it.frontend.isThere = true;
    await tick(it);
  }
  assert.deepEqual(it.told, [`+${GAME.path}`]);
});

Deno.test("a launch over a frontend that does not answer leaves what plays alone", async () => {
  const it = world(HTTP);
  const { launcher, frontend, screen, told } = it;
  await launcher.launch(GAME, TOKEN);
  frontend.isThere = false;
  await assert.rejects(launcher.launch(OTHER, TOKEN), { code: "unavailable" });
  frontend.isThere = true;
  assert.deepEqual(frontend.asked, [`launch ${GAME.path}`]);
  assert.equal(screen.current()?.media.mediaPath, GAME.path);
  await tick(it, 3);
  assert.deepEqual(told, [`+${GAME.path}`]);
  await launcher.launch(OTHER, TOKEN);
  assert.deepEqual(frontend.asked.slice(1), ["stop", `launch ${OTHER.path}`]);
});

Deno.test("a command is started whether a frontend answers or not", async () => {
  const { launcher, frontend, programs } = world();
  frontend.isThere = false;
  await launcher.launch(GAME, TOKEN);
  assert.deepEqual([programs.length, frontend.asked], [1, []]);
});

for (const launch of [PLAIN, HTTP]) {
  Deno.test(`what the person began ends for a launch of the kind ${launch.kind}`, async () => {
    const it = world(launch);
    const { launcher, frontend, told, screen } = it;
    frontend.running = sampleGame(OTHER.path);
    await launcher.launch(GAME, TOKEN);
    assert.deepEqual(frontend.asked[0], "stop");
    assert.deepEqual(told, [`+${OTHER.path}`, `-${OTHER.path} 0`, `+${GAME.path}`]);
    assert.equal(screen.current()?.media.mediaPath, GAME.path);
  });
}

Deno.test("what the person began is seen and ended before anybody is told of it", async () => {
  const it = world(HTTP);
  const { frontend, screen, player } = it;
  for (const look of [() => screen.look(), () => player.check()]) {
    frontend.running = sampleGame(OTHER.path);
    await look();
    assert.equal(screen.current()?.media.mediaPath, OTHER.path);
    // From then on its end is noticed by itself.
    frontend.running = undefined;
    await tick(it);
    assert.equal(screen.current(), undefined);
    assert.equal(it.clock.timerCount, 0);
  }
  frontend.running = sampleGame(GAME.path);
  assert.equal(await screen.free(), true);
  assert.deepEqual(frontend.asked, ["stop"]);
});

Deno.test("who looks at the frontend at once sees one game, and one question follows", async () => {
  const it = world(HTTP);
  const { frontend, player, screen, watched, clock, told } = it;
  watched.is = true;
  player.look();
  frontend.running = sampleGame(OTHER.path);
  await Promise.all([screen.look(), screen.look(), player.check()]);
  assert.deepEqual([told, clock.timerCount], [[`+${OTHER.path}`], 1]);
  const { polls } = frontend;
  await tick(it);
  assert.equal(frontend.polls, polls + 1);
});

Deno.test("a frontend that is silent fails no look, and a closed player asks none", async () => {
  const { frontend, player, screen } = world(HTTP);
  frontend.isThere = false;
  await screen.look();
  assert.deepEqual([frontend.polls, await screen.free()], [1, false]);
  player.close();
  const { polls } = frontend;
  await screen.look();
  assert.equal(frontend.polls, polls);
});

Deno.test("an answer from before a stop does not bring back what was ended", async () => {
  const it = world(HTTP);
  const { frontend, screen, launcher, told } = it;
  await launcher.launch(GAME, TOKEN);
  const held = Promise.withResolvers<void>();
  frontend.holdPolls = held.promise;
  await tick(it);
  await screen.free();
  held.resolve();
  await settle();
  assert.deepEqual([told.length, screen.current()], [2, undefined]);
});

Deno.test("a stop that the frontend did not answer may be asked again", async () => {
  const { frontend, screen, launcher } = world(HTTP);
  await launcher.launch(GAME, TOKEN);
  frontend.isThere = false;
  await assert.rejects(screen.free(), { code: "unavailable" });
  frontend.isThere = true;
  assert.equal(await screen.free(), true);
});

Deno.test("two who end what the frontend runs tell it once", async () => {
  const { frontend, screen, launcher } = world(HTTP);
  await launcher.launch(GAME, TOKEN);
  await Promise.all([screen.free(), screen.free()]);
  assert.deepEqual(frontend.asked.slice(1), ["stop"]);
  await launcher.launch(GAME, TOKEN);
  await screen.free();
  assert.deepEqual(frontend.asked.slice(3), ["stop"]);
});

Deno.test("without a frontend a system of one cannot be launched", async () => {
  const { screen, clock } = world();
  const player = new FrontendPlayer({
    frontend: () => undefined,
    screen,
    isWatched: () => true,
    onAnswering: () => {},
    describe: ({ path, name }) => shown(path, name),
    clock,
    log: silentLogger,
  });
  player.look();
  assert.equal(clock.timerCount, 0);
  assert.throws(() => player.launch(shown("/a", "a")), { code: "unavailable" });
  await assert.rejects(player.check(), { code: "unavailable" });
});
