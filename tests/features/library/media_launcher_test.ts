import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import type { Media } from "../../../src/features/actions/action_table.ts";
import { ExclusiveScreen, STOP_GRACE_MS } from "../../../src/features/actions/exclusive_screen.ts";
import {
  parseCommandList,
  parseCommandTemplate,
} from "../../../src/features/library/command_template.ts";
import {
  FRONTEND_POLL_MS,
  FRONTEND_RETRY_MS,
  FrontendPlayer,
  MAX_UNANSWERED,
} from "../../../src/features/library/frontend_player.ts";
import type { IndexedMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import {
  type MediaFileState,
  MediaLauncher,
} from "../../../src/features/library/media_launcher.ts";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { type FakeProgram, fakePrograms, settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type FakeFrontend, fakeFrontend, sampleGame } from "../../support/fake_frontend.ts";
import { sampleMedia } from "../../support/memory_index.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";

const GAME = sampleMedia("/roms/snes/A Game.sfc");
const OTHER = sampleMedia("/roms/snes/Other.sfc", { mediaId: 2 });
const TOKEN = { text: "@SNES/A Game", uid: "04:a2" };

const PLAIN = { kind: "command", steps: [parseCommandList(["emu", "--", "${path}"])] } as const;

interface World {
  launcher: MediaLauncher;
  screen: ExclusiveScreen;
  player: FrontendPlayer;
  programs: FakeProgram[];
  envs: () => unknown[];
  frontend: FakeFrontend;
  clock: FakeClock;
  told: string[];
  warnings: string[];
  /** How often the frontend answered again. */
  answers: string[];
  files: { state: MediaFileState };
  watched: { is: boolean };
  catalogue: SystemCatalogue;
}

function world(launch: LibrarySystem["launch"] = PLAIN): World {
  const { start, programs } = fakePrograms();
  const clock = new FakeClock();
  const told: string[] = [];
  const warnings: string[] = [];
  const answers: string[] = [];
  const files: World["files"] = { state: "there" };
  const watched = { is: false };
  const frontend = fakeFrontend([GAME.path, OTHER.path]);
  const catalogue = new SystemCatalogue();
  catalogue.replace([{
    id: "SNES",
    name: "Super Nintendo",
    category: "Console",
    sourceKey: GAME.sourceKey,
    sourceName: "snes",
    folder: "/roms/snes",
    launch,
  }]);
  const screen = new ExclusiveScreen({
    events: {
      started: ({ mediaPath }) => told.push(`+${mediaPath}`),
      stopped: ({ mediaPath }, elapsedMs) => told.push(`-${mediaPath} ${elapsedMs}`),
    },
    clock,
  });
  const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  const player = new FrontendPlayer({
    frontend: () => frontend,
    screen,
    isWatched: () => watched.is,
    onAnswering: () => answers.push("answers"),
    describe: ({ path, name }) => shown(path, name),
    clock,
    log,
  });
  screen.lookBy(() => player.refresh());
  const launcher = new MediaLauncher({
    catalogue,
    screen,
    lookAt: (path, folder) => {
      assert.deepEqual([path.startsWith("/roms/"), folder], [true, "/roms/snes"]);
      return files.state;
    },
    start,
    frontend: player,
    describe: (media) => shown(media.path, media.name),
    clock,
    log,
  });
  const envs = (): unknown[] => programs.map(({ env }) => env);
  return {
    launcher,
    screen,
    player,
    programs,
    envs,
    frontend,
    clock,
    told,
    warnings,
    answers,
    files,
    watched,
    catalogue,
  };
}

function shown(mediaPath: string, mediaName: string): Media {
  const zapScript = mediaPath;
  return {
    systemId: "SNES",
    systemName: "Super Nintendo",
    mediaName,
    mediaPath,
    launcherId: "x",
    zapScript,
  };
}

Deno.test("launch() starts the system's command with what the token says", async () => {
  const { launcher, programs, envs, told, screen } = world();
  await launcher.launch(GAME, TOKEN);
  assert.deepEqual(programs[0]?.argv, ["emu", "--", GAME.path]);
  assert.deepEqual(envs(), [{ LATCHKEY_TEXT: TOKEN.text, LATCHKEY_UID: TOKEN.uid }]);
  assert.deepEqual(told, [`+${GAME.path}`]);
  assert.equal(screen.current()?.media.mediaPath, GAME.path);
});

const TEMPLATE = "sudo perfmax %GOVERNOR% %ROM%; nice -n -19 /opt/ra -L /c/%CORE%.so %ROM_RAW% " +
  "'--name=%BASENAME%'; sudo perfnorm";

for (const name of ODD_NAMES) {
  Deno.test(`the argv is exactly right for ${JSON.stringify(name)}`, async () => {
    const values = {
      system: "snes",
      systemName: "SNES",
      emulator: "",
      core: "snes9x",
      governor: "performance",
    };
    const parsed = parseCommandTemplate(TEMPLATE, values);
    assert.equal(parsed.kind, "command");
    const { launcher, programs } = world(parsed);
    const path = `/roms/snes/${name}`;
    await launcher.launch(sampleMedia(path), TOKEN);
    await programs[0]?.end();
    await programs[1]?.end();
    const dot = name.lastIndexOf(".");
    const stem = dot > 0 ? name.slice(0, dot) : name;
    assert.deepEqual(programs.map(({ argv }) => argv), [
      ["sudo", "perfmax", "performance", path],
      ["nice", "-n", "-19", "/opt/ra", "-L", "/c/snes9x.so", path, `--name=${stem}`],
      ["sudo", "perfnorm"],
    ]);
  });
}

Deno.test("another media ends the first, and the time that each had is told", async () => {
  const { launcher, programs, clock, told } = world();
  await launcher.launch(GAME, TOKEN);
  clock.advance(61_500);
  const next = launcher.launch(OTHER, TOKEN);
  await settle();
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  clock.advance(STOP_GRACE_MS);
  assert.deepEqual(programs[0]?.signals, ["SIGTERM", "SIGKILL"]);
  await programs[0]?.end({ signal: "SIGKILL" });
  await next;
  assert.deepEqual(told, [`+${GAME.path}`, `-${GAME.path} 66500`, `+${OTHER.path}`]);
});

Deno.test("the end of the program is told by itself", async () => {
  const { launcher, programs, screen, told } = world();
  await launcher.launch(GAME, TOKEN);
  await programs[0]?.end();
  assert.equal(screen.current(), undefined);
  assert.deepEqual(told.at(-1), `-${GAME.path} 0`);
});

const REFUSED: [MediaFileState, string, RegExp][] = [
  ["missing", "not_found", /not there/],
  ["outside", "forbidden", /outside/],
  ["no_file", "forbidden", /pipe or a device/],
];
for (const [state, code, message] of REFUSED) {
  Deno.test(`a file that is ${state} is ${code}, and what runs goes on`, async () => {
    const { launcher, programs, files } = world();
    await launcher.launch(OTHER, TOKEN);
    files.state = state;
    await assert.rejects(launcher.launch(GAME, TOKEN), { code, message });
    assert.deepEqual([programs.length, programs[0]?.signals], [1, []]);
  });
  Deno.test(`a file that is ${state} when the screen is free is ${code}`, async () => {
    const { launcher, programs, files, screen } = world();
    await launcher.launch(OTHER, TOKEN);
    const next = assert.rejects(launcher.launch(GAME, TOKEN), { code });
    await settle();
    files.state = state;
    await programs[0]?.end();
    await next;
    assert.deepEqual([programs.length, screen.current()], [1, undefined]);
  });
}

Deno.test("what no source has, cannot be run or cannot be started is unavailable", async () => {
  const refused = world({ kind: "refused", reason: "it needs a shell" });
  await assert.rejects(refused.launcher.launch(GAME, TOKEN), {
    code: "unavailable",
    message: "The command of this system cannot be run: see the log",
  });
  assert.deepEqual(refused.warnings, ["Media cannot be launched"]);
  const missing = world({ kind: "command", steps: [parseCommandList(["missing", "${path}"])] });
  await assert.rejects(missing.launcher.launch(GAME, TOKEN), {
    code: "unavailable",
    message: "The program of this system cannot be started",
  });
  assert.equal(missing.screen.current(), undefined);
  const none = world();
  none.catalogue.replace([]);
  await assert.rejects(none.launcher.launch(GAME, TOKEN), { code: "unavailable" });
});

Deno.test("close() ends what was started, and starts nothing any more", async () => {
  const { launcher, programs } = world();
  await launcher.launch(GAME, TOKEN);
  const closed = launcher.close();
  assert.deepEqual(programs[0]?.signals, ["SIGTERM"]);
  await programs[0]?.end({ signal: "SIGTERM" });
  await closed;
  await assert.rejects(launcher.launch(GAME, TOKEN), { code: "unavailable" });
  assert.equal(programs.length, 1);
});

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

Deno.test("of two systems with one id and one folder a media is launched by its own", async () => {
  for (const own of ["snes", "sfc"]) {
    const { launcher, catalogue, programs } = world();
    catalogue.replace(
      catalogue.list().flatMap((system) =>
        ["snes", "sfc"].map((sourceName): LibrarySystem => ({
          ...system,
          sourceName,
          launch: { kind: "command", steps: [parseCommandList([sourceName, "${path}"])] },
        }))
      ),
    );
    await launcher.launch({ ...GAME, sourceName: own }, TOKEN);
    assert.deepEqual(programs.map(({ argv }) => argv), [[own, GAME.path]]);
  }
});

Deno.test("systemOf() finds the closest folder, and never that of another source", () => {
  const catalogue = new SystemCatalogue();
  const base = { id: "SNES", name: "", category: undefined, sourceName: "snes", launch: HTTP };
  const outer = { ...base, sourceKey: "a", folder: "/roms" };
  const inner = { ...base, sourceKey: "a", folder: "/roms/snes" };
  catalogue.replace([outer, inner, { ...base, sourceKey: "b", folder: "/" }]);
  const of = (media: Partial<IndexedMedia>): string | undefined =>
    catalogue.systemOf(sampleMedia("/roms/snes/x", { sourceKey: "a", ...media }))?.folder;
  assert.equal(of({}), "/roms/snes");
  assert.equal(of({ path: "/roms/x" }), "/roms");
  assert.equal(of({ path: "/roms/snes2/x" }), "/roms");
  assert.equal(of({ path: "/x" }), undefined);
  assert.equal(of({ path: "/x", sourceKey: "b" }), "/");
  assert.equal(of({ systemId: "NES" }), undefined);
  assert.equal(of({ sourceName: "sfc" }), undefined);
});

const HELD: [path: string, isHeld: boolean][] = [
  ["/card/../roms", true],
  ["/card/../roms/x", true],
  ["/card/../roms/..x/x..", true],
  ["/card/../romsx", false],
  ["/card/../roms/..", false],
  ["/card/../roms/x/../../etc", false],
  ["/card/../roms/./x", false],
  ["/card", false],
];
for (const [path, isHeld] of HELD) {
  Deno.test(`a system in /card/../roms ${isHeld ? "holds" : "does not hold"} ${path}`, () => {
    const { catalogue } = world();
    catalogue.replace(catalogue.list().map((one) => ({ ...one, folder: "/card/../roms" })));
    assert.equal(catalogue.holds(path), isHeld);
  });
}
