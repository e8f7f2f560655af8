// What the doctor sees of real sources.

import assert from "node:assert/strict";
import { probesOfThisMachine } from "../../../src/app/diagnose.ts";
import { lookAtLibrary } from "../../../src/edges/doctor/library_look.ts";
import { createEmulationStation } from "../../../src/edges/platform/emulation_station.ts";
import { createLibraryFiles } from "../../../src/edges/platform/library_files.ts";
import type { LibraryFacts } from "../../../src/features/doctor/doctor_facts.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeEmulationStation } from "../../support/fake_emulation_station.ts";
import { configOf } from "../../support/settings.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "latchkey_test_" }));
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function look(
  toml: string,
  station = new FakeEmulationStation(),
  identity = { uid: Deno.uid() ?? -1, gids: [] as number[] },
): Promise<LibraryFacts> {
  return await lookAtLibrary(configOf(toml).libraries, {
    files: createLibraryFiles(undefined),
    frontend: createEmulationStation({ fetch: station.fetch, clock: new FakeClock() }),
    searchPath: Deno.env.get("PATH") ?? "",
    identity,
    signal: new AbortController().signal,
  });
}

const folderOf = (folder: string, program: string): string =>
  `[[library]]\nsource = "folder"\nfolder = "${folder}"\nsystem = "SNES"\n` +
  `extensions = [".zip"]\ncommand = ["${program}", "\${path}"]\n`;

Deno.test("lookAtLibrary() tells whether folders have files and programs are there", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/full`);
    await Deno.mkdir(`${folder}/empty`);
    await Deno.writeTextFile(`${folder}/full/a.zip`, "");
    await Deno.writeTextFile(`${folder}/empty/a.txt`, "");
    const { sources, isFrontendAnswered } = await look(
      folderOf(`${folder}/full`, "true") + folderOf(`${folder}/empty`, "no-such-player") +
        folderOf(`${folder}/none`, `${folder}/full/a.zip`),
    );
    assert.equal(isFrontendAnswered, undefined);
    assert.deepEqual(
      sources.map(({ name, systems: [system] }) => [
        name.slice(folder.length),
        system?.state,
        system?.programs.map(({ state }) => state),
      ]),
      [
        ["/full", "filled", ["executable"]],
        ["/empty", "empty", ["missing"]],
        ["/none", "away", ["not_executable"]],
      ],
    );
  });
});

Deno.test("lookAtLibrary() tells of folders that are closed to the service's user", async () => {
  await withFolder(async (folder) => {
    const STRANGER = { uid: 64_000, gids: [] };
    await Deno.chmod(folder, 0o711);
    await Deno.mkdir(`${folder}/roms/snes`, { recursive: true, mode: 0o755 });
    await Deno.writeTextFile(`${folder}/roms/snes/a.zip`, "");
    const state = async (): Promise<string | undefined> => {
      const { sources } = await look(folderOf(`${folder}/roms/snes`, "true"), undefined, STRANGER);
      return sources[0]?.systems[0]?.state;
    };
    assert.equal(await state(), "filled");
    for (
      const [closed, mode] of [["roms", 0o744], ["roms/snes", 0o711], ["roms/snes", 0o744]] as const
    ) {
      await Deno.chmod(`${folder}/${closed}`, mode);
      assert.equal(await state(), "closed", `${closed} ${mode.toString(8)}`);
      await Deno.chmod(`${folder}/${closed}`, 0o755);
    }
    await Deno.remove(`${folder}/roms/snes`, { recursive: true });
    assert.equal(await state(), "away");
  });
});

Deno.test("lookAtLibrary() reads es_systems.cfg, and asks the frontend where it is needed", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/snes`);
    await Deno.writeTextFile(`${folder}/snes/a.zip`, "");
    const write = (command: string): Promise<void> =>
      Deno.writeTextFile(
        `${folder}/es_systems.cfg`,
        `<systemList><system><name>snes</name><path>${folder}/snes</path>` +
          `<extension>.zip</extension><command>${command}</command></system></systemList>`,
      );
    const toml = `[[library]]\nsource = "emulationstation"\nconfig_folders = ["${folder}"]`;
    await write("true; no-such-player %ROM%; true");
    const commands = await look(toml);
    assert.deepEqual(commands, {
      sources: [{
        name: "EmulationStation",
        kind: "emulationstation",
        systems: [{
          name: "snes",
          folder: `${folder}/snes`,
          state: "filled",
          launch: { kind: "command" },
          programs: [
            { program: "true", state: "executable" },
            { program: "no-such-player", state: "missing" },
          ],
        }],
        problems: [],
      }],
      isFrontendAnswered: undefined,
    });
    await write("play %ROM% &gt; /dev/null");
    assert.deepEqual((await look(toml)).sources[0]?.systems[0]?.launch, {
      kind: "refused",
      reason: "> stands for redirections, which need a shell",
    });
    await write("play %CONTROLLERSCONFIG% %ROM%");
    assert.equal((await look(toml)).isFrontendAnswered, true);
    const away = new FakeEmulationStation();
    away.faults.set("*", "refuse");
    assert.equal((await look(toml, away)).isFrontendAnswered, false);
    await Deno.remove(`${folder}/snes/a.zip`);
    assert.equal((await look(toml, away)).isFrontendAnswered, undefined);
    await Deno.writeTextFile(`${folder}/es_systems.cfg`, "<systemList>");
    assert.deepEqual((await look(toml)).sources[0]?.problems, [
      `${folder}/es_systems.cfg: it is not well-formed: unclosed root tag`,
    ]);
  });
});

Deno.test("lookAtLibrary() tells of folders of pictures that are missing or closed", async () => {
  await withFolder(async (folder) => {
    const STRANGER = { uid: 64_000, gids: [] };
    await Deno.chmod(folder, 0o711);
    await Deno.mkdir(`${folder}/covers`, { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/es_systems.cfg`, "<systemList></systemList>");
    const toml = `[[library]]\nsource = "emulationstation"\nconfig_folders = ["${folder}"]\n` +
      `image_folders = ["${folder}/covers", "${folder}/none"]`;
    const problems = async (): Promise<readonly string[] | undefined> =>
      (await look(toml, undefined, STRANGER)).sources[0]?.problems;
    const none = `${folder}/none: its pictures cannot be read`;
    assert.deepEqual(await problems(), [none]);
    await Deno.chmod(`${folder}/covers`, 0o711);
    assert.deepEqual(await problems(), [`${folder}/covers: its pictures cannot be read`, none]);
  });
});

Deno.test("lookAtLibrary() asks the frontend for its systems", async () => {
  const toml = '[[library]]\nsource = "emulationstation_http"\nconfig_folders = ["/none"]';
  const games = [{ path: "/none/snes/a.zip", name: "A" }];
  const station = new FakeEmulationStation([{ name: "snes", fullname: "SNES", games }]);
  const { sources, isFrontendAnswered } = await look(toml, station);
  assert.equal(isFrontendAnswered, true);
  assert.deepEqual(sources[0]?.systems.map(({ name, state }) => [name, state]), [["snes", "away"]]);
  station.faults.set("*", "html");
  const away = await look(toml, station);
  assert.deepEqual([away.sources[0]?.systems, away.isFrontendAnswered], [[], false]);
});

Deno.test("probesOfThisMachine() looks at the library of the configuration", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.zip`, "");
    const probes = probesOfThisMachine({
      config: configOf(`[service]\ndata_dir = "${folder}"\n${folderOf(folder, "true")}`),
      configFile: undefined,
      configProblems: [],
    });
    const { sources } = await probes.library(new AbortController().signal);
    assert.equal(sources[0]?.systems[0]?.state, "filled");
  });
});
