import assert from "node:assert/strict";
import { LINE_RATE } from "../../../src/base/limited_log.ts";
import { STOP_GRACE_MS } from "../../../src/features/actions/exclusive_screen.ts";
import {
  parseCommandList,
  parseCommandTemplate,
} from "../../../src/features/library/command_template.ts";
import type { IndexedMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import type { MediaFileState } from "../../../src/features/library/media_launcher.ts";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { settle } from "../../support/fake_actions.ts";
import { sampleMedia } from "../../support/memory_index.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";
import { GAME, OTHER, TOKEN, world } from "./launcher_world.ts";

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
  const launch = { kind: "emulationstation_http" } as const;
  const base = { id: "SNES", name: "", category: undefined, sourceName: "snes", launch };
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

Deno.test("whoever launches again and again does not fill the log", async () => {
  const times = LINE_RATE.burst + 3;
  const refused = world({ kind: "refused", reason: "it needs a shell" });
  const broken = world({ kind: "command", steps: [parseCommandList(["missing", "${path}"])] });
  for (let n = 0; n < times; n++) {
    await assert.rejects(refused.launcher.launch(GAME, TOKEN));
    await assert.rejects(broken.launcher.launch(GAME, TOKEN));
  }
  assert.deepEqual(refused.warnings, Array(LINE_RATE.burst).fill("Media cannot be launched"));
  assert.deepEqual(
    broken.lines,
    Array(LINE_RATE.burst).fill("A program of a media cannot be run"),
  );
  const { launcher, programs, lines } = world();
  for (let n = 0; n < times; n++) {
    await launcher.launch(GAME, TOKEN);
    await programs.at(-1)?.end();
    await settle();
  }
  assert.deepEqual(lines, Array(LINE_RATE.burst).fill("Media launched"));
});
