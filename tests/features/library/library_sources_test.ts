// Sources of every kind over files in memory, with the configurations of four firmwares.

import assert from "node:assert/strict";
import { createEmulationStation } from "../../../src/edges/platform/emulation_station.ts";
import { fillCommand } from "../../../src/features/library/command_template.ts";
import { MAX_ES_ADDITIONS } from "../../../src/features/library/emulationstation_config.ts";
import type { LibrarySettings } from "../../../src/features/library/library_settings.ts";
import {
  type LibrarySource,
  SourceAway,
  type SourceProblem,
} from "../../../src/features/library/library_source.ts";
import { launchesPrograms } from "../../../src/features/library/library_settings.ts";
import { librarySources } from "../../../src/features/library/library_sources.ts";
import type { FoundMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeEmulationStation } from "../../support/fake_emulation_station.ts";
import { MemoryFiles } from "../../support/memory_files.ts";
import { configOf } from "../../support/settings.ts";

const FOLDER = `[[library]]
  source = "folder"
  folder = "/roms/snes/"
  extensions = [".sfc", ".p8.png"]
  system = "snes"
  command = ["play", "--", "\${path}"]`;
const STATION = '[[library]]\nsource = "emulationstation"';
const HTTP = '[[library]]\nsource = "emulationstation_http"';

interface World {
  readonly source: LibrarySource;
  readonly files: MemoryFiles;
  readonly station: FakeEmulationStation;
  readonly problems: SourceProblem[];
  systems(): Promise<LibrarySystem[]>;
  media(system: LibrarySystem | undefined): Promise<FoundMedia[]>;
}

function world(
  toml: string,
  content: Readonly<Record<string, string | Uint8Array>>,
  station = new FakeEmulationStation(),
): World {
  const files = new MemoryFiles(content);
  const frontend = createEmulationStation({ fetch: station.fetch, clock: new FakeClock() });
  const [source] = librarySources(configOf(toml).libraries, { files, frontend });
  assert.ok(source !== undefined);
  const problems: SourceProblem[] = [];
  const options = {
    onProblem: (problem: SourceProblem): void => void problems.push(problem),
    signal: new AbortController().signal,
  };
  return {
    source,
    files,
    station,
    problems,
    systems: () => source.systems(options),
    async media(system): Promise<FoundMedia[]> {
      assert.ok(system !== undefined);
      const media: FoundMedia[] = [];
      for await (const one of source.media(system, options)) media.push(one);
      return media;
    },
  };
}

function fixture(path: string): string {
  return Deno.readTextFileSync(new URL(`fixtures/${path}`, import.meta.url));
}

function argvsOf({ launch }: LibrarySystem, path: string): string[][] {
  assert.equal(launch.kind, "command", JSON.stringify(launch));
  return launch.kind === "command" ? launch.steps.map((step) => fillCommand(step, { path })) : [];
}

Deno.test("a folder is one system whose files one program plays", async () => {
  const { systems, media, problems, source } = world(FOLDER, {
    "/roms/snes/A (USA).SFC": "abc",
    "/roms/snes/sub/b.p8.png": "",
    "/roms/snes/c.png": "",
    "/roms/snes/.d.sfc": "",
    "/roms/snes2/e.sfc": "",
  });
  const [system, ...others] = await systems();
  assert.ok(system !== undefined);
  const { launch, ...facts } = system;
  assert.deepEqual(facts, {
    id: "SNES",
    name: "Super Nintendo",
    category: "Console",
    sourceKey: "folder:snes:/roms/snes",
    sourceName: "snes",
    folder: "/roms/snes",
  });
  assert.deepEqual([others, source.key, problems], [[], facts.sourceKey, []]);
  assert.deepEqual(await media(system), [
    { path: "/roms/snes/A (USA).SFC", name: "A", bytes: 3, modifiedMs: 1_000, details: {} },
    { path: "/roms/snes/sub/b.p8.png", name: "b.p8", bytes: 0, modifiedMs: 1_000, details: {} },
  ]);
  assert.equal(launch.kind, "command");
  assert.deepEqual(argvsOf(system, "/roms/snes/-x $(y).sfc"), [
    ["play", "--", "/roms/snes/-x $(y).sfc"],
  ]);
});

Deno.test("a folder keeps a name and an id that are its owner's", async () => {
  const toml = FOLDER.replace('"snes"\n', '"MyBox"\n name = "My box"\n');
  const [system] = await world(toml, {}).systems();
  assert.deepEqual([system?.id, system?.name, system?.category], ["MyBox", "My box", undefined]);
  const [nameless] = await world(FOLDER.replace('"snes"', '"MyBox"'), {}).systems();
  assert.equal(nameless?.name, "MyBox");
});

for (const toml of [FOLDER, STATION]) {
  Deno.test(`media() says that the folder is away: ${toml.split("\n")[1]}`, async () => {
    const { systems, media } = world(toml, {
      "/etc/emulationstation/es_systems.cfg": fixture("arkos/es_systems.cfg"),
    });
    await assert.rejects(media((await systems())[0]), SourceAway);
  });
}

Deno.test("ArkOS: every step of a command, and Options needs a shell", async () => {
  const { systems, media, problems } = world(STATION, {
    "/etc/emulationstation/es_systems.cfg": fixture("arkos/es_systems.cfg"),
    "/roms/snes/Zelda (USA).SFC": "abc",
    "/roms/snes/hidden.zip": "",
    "/roms/snes/Metroid.zip": "",
    "/roms/snes/readme.txt": "",
    "/roms/snes/gamelist.xml": `<gameList>
      <game><path>./Zelda (USA).SFC</path><name>The Legend of Zelda</name><genre>RPG</genre></game>
      <game><path>./hidden.zip</path><hidden>true</hidden></game>
      <game><path>./gone.zip</path><name>Gone</name></game></gameList>`,
  });
  const [snes, psp, options] = await systems();
  assert.ok(snes !== undefined && psp !== undefined);
  const path = "/roms/snes/a b.zip";
  assert.deepEqual(argvsOf(snes, path), [
    ["sudo", "perfmax", path],
    [
      "nice",
      "-n",
      "-19",
      "/usr/local/bin/retroarch",
      "-L",
      "/home/ark/.config/retroarch/cores/snes9x_libretro.so",
      path,
    ],
    ["sudo", "perfnorm"],
  ]);
  assert.deepEqual(argvsOf(psp, path)[1], [
    "nice",
    "-n",
    "-19",
    "/usr/local/bin/ppsspp.sh",
    "standalone-1.17",
    path,
  ]);
  assert.deepEqual(
    [snes, psp, options].map((one) => [one?.id, one?.sourceName, one?.folder, one?.category]),
    [
      ["SNES", "snes", "/roms/snes", "Console"],
      ["PSP", "psp", "/roms/psp", "Handheld"],
      ["options", "options", "/opt/system", undefined],
    ],
  );
  assert.deepEqual(options?.launch, {
    kind: "refused",
    reason: "> stands for redirections, which need a shell",
  });
  assert.deepEqual(await media(snes), [
    {
      path: "/roms/snes/Zelda (USA).SFC",
      name: "The Legend of Zelda",
      bytes: 3,
      modifiedMs: 1_000,
      details: { genre: "RPG" },
    },
    { path: "/roms/snes/Metroid.zip", name: "Metroid", bytes: 0, modifiedMs: 1_000, details: {} },
  ]);
  assert.deepEqual(problems, []);
});

Deno.test("ROCKNIX: games go through EmulationStation, ports start by themselves", async () => {
  const { systems } = world(STATION, {
    "/storage/.config/emulationstation/es_systems.cfg": fixture("rocknix/es_systems.cfg"),
  });
  const [gb, ports, tools] = await systems();
  assert.deepEqual([gb?.id, gb?.launch], ["Gameboy", { kind: "emulationstation_http" }]);
  assert.ok(ports !== undefined);
  assert.deepEqual(argvsOf(ports, "/storage/roms/ports/x y.sh"), [
    ["/usr/bin/runemu.sh", "/storage/roms/ports/x y.sh", "-Pports", "--core=", "--emulator="],
  ]);
  assert.deepEqual(tools?.launch, {
    kind: "refused",
    reason: "> stands for redirections, which need a shell",
  });
});

Deno.test("Batocera: everything goes through EmulationStation", async () => {
  const { systems } = world(`${STATION}\nexclude = ["megadrive"]`, {
    "/usr/share/emulationstation/es_systems.cfg": fixture("batocera/es_systems.cfg"),
  });
  assert.deepEqual((await systems()).map(({ id, launch }) => [id, launch.kind]), [
    ["SNES", "emulationstation_http"],
  ]);
});

Deno.test("Knulli: the owner's es_systems_*.cfg change and add systems", async () => {
  const { systems, problems } = world(STATION, {
    "/usr/share/emulationstation/es_systems.cfg": fixture("knulli/es_systems.cfg"),
    "/userdata/system/configs/emulationstation/es_systems_homebrew.cfg": fixture(
      "knulli/es_systems_homebrew.cfg",
    ),
    "/userdata/system/configs/emulationstation/es_systems_more.txt": "no",
  });
  const [gba, mine] = await systems();
  assert.deepEqual([gba?.id, gba?.name, gba?.folder, gba?.launch.kind], [
    "GBA",
    "Game Boy Advance & homebrew",
    "/userdata/roms/gba",
    "emulationstation_http",
  ]);
  assert.ok(mine !== undefined);
  assert.deepEqual([mine.id, mine.name], ["mygames", "My games"]);
  assert.deepEqual(argvsOf(mine, "/x y.sh"), [["/userdata/system/play.sh", "/x y.sh"]]);
  assert.deepEqual(problems, []);
});

const system = (name: string, path: string): string =>
  `<systemList><system><name>${name}</name><path>${path}</path><command>p %ROM%</command>` +
  "<extension>.zip</extension></system></systemList>";

Deno.test("of several es_systems_*.cfg in a folder the last by name counts", async () => {
  const { systems } = world(STATION, {
    "/etc/emulationstation/es_systems_b.cfg": system("s", "/roms/b"),
    "/etc/emulationstation/es_systems_c.cfg": system("s", "/roms/c"),
    "/etc/emulationstation/es_systems_a.cfg": system("s", "/roms/a"),
    "/usr/share/emulationstation/es_systems_a.cfg": system("t", "/roms/t"),
  });
  assert.deepEqual((await systems()).map(({ folder }) => folder), ["/roms/c", "/roms/t"]);
});

Deno.test("of several es_systems.cfg the user's own counts", async () => {
  const content: Record<string, string> = {};
  const places = [
    "/usr/share/emulationstation",
    "/etc/emulationstation",
    "/storage/.config/emulationstation",
    "/userdata/system/configs/emulationstation",
    "/home/ann/.emulationstation",
  ];
  for (const [at, place] of places.entries()) {
    content[`${place}/es_systems.cfg`] = system(`s${at}`, "/roms");
    const found = await world(STATION, content).systems();
    assert.deepEqual(found.map(({ sourceName }) => sourceName), [`s${at}`]);
  }
  const given = await world(`${STATION}\nconfig_folders = ["/etc/emulationstation"]`, content)
    .systems();
  assert.deepEqual(given.map(({ sourceName }) => sourceName), ["s1"]);
});

Deno.test("systems without a folder and files that are none are told", async () => {
  const { systems, problems } = world(STATION, {
    "/home/ann/.emulationstation/es_systems.cfg": "no xml",
    "/home/ann/.emulationstation/es_systems_b.cfg": system("b", "~/roms/b"),
    "/home/ann/.emulationstation/es_systems_a.cfg": system("a", "./roms/a"),
  });
  assert.deepEqual((await systems()).map(({ folder }) => folder), ["/home/ann/roms/b"]);
  assert.deepEqual(problems.map(({ path, message }) => [path, message]), [
    [
      "/home/ann/.emulationstation/es_systems.cfg",
      "it is not well-formed: non-whitespace before first tag.",
    ],
    ["/home/ann/.emulationstation/es_systems.cfg", "it has no <systemList>"],
    ["./roms/a", "the system a has no absolute <path>"],
  ]);
});

Deno.test("only so many es_systems_*.cfg are read", async () => {
  const content: Record<string, string> = {};
  for (let at = 0; at <= MAX_ES_ADDITIONS; at++) {
    content[`/etc/emulationstation/es_systems_${1_000 + at}.cfg`] = system(`s${at}`, "/r");
  }
  const { systems, problems } = world(STATION, content);
  assert.equal((await systems()).length, MAX_ES_ADDITIONS);
  assert.deepEqual(problems.map(({ path }) => path), ["/etc/emulationstation"]);
});

Deno.test("no es_systems.cfg anywhere is a problem", async () => {
  const { systems, problems } = world(`${STATION}\nconfig_folders = ["/a", "/b"]`, {});
  assert.deepEqual(await systems(), []);
  assert.deepEqual(problems, [{ path: "/a", message: "no es_systems.cfg is in /a, /b" }]);
});

Deno.test("the gamelist beside the games counts, else that of the configuration", async () => {
  const list = (name: string): string =>
    `<gameList><game><path>./a.zip</path><name>${name}</name></game></gameList>`;
  const content: Record<string, string> = {
    "/etc/emulationstation/es_systems.cfg": system("s", "/roms/s"),
    "/roms/s/a.zip": "",
  };
  const titleOf = async (): Promise<string | undefined> => {
    const { systems, media } = world(STATION, content);
    return (await media((await systems())[0]))[0]?.name;
  };
  assert.equal(await titleOf(), "a");
  content["/etc/emulationstation/gamelists/s/gamelist.xml"] = list("etc");
  assert.equal(await titleOf(), "etc");
  content["/home/ann/.emulationstation/gamelists/s/gamelist.xml"] = list("home");
  assert.equal(await titleOf(), "home");
  content["/roms/s/gamelist.xml"] = list("beside");
  assert.equal(await titleOf(), "beside");
});

for (const toml of [STATION, HTTP]) {
  Deno.test(`a system tells where else its list of games may lie: ${toml.split("\n")[1]}`, async () => {
    const { systems } = world(toml, {
      "/usr/share/emulationstation/es_systems.cfg": fixture("batocera/es_systems.cfg"),
      "/home/ann/.emulationstation/gamelists/": "",
      "/etc/emulationstation/gamelists/snes/gamelist.xml": "<gameList/>",
    }, fakeStation());
    const snes = (await systems()).find(({ sourceName }) => sourceName === "snes");
    assert.deepEqual(snes?.listFolders, [
      "/home/ann/.emulationstation/gamelists/snes",
      "/etc/emulationstation/gamelists/snes",
    ]);
  });
}

Deno.test("a gamelist that is a link out of the system's folder is not read", async () => {
  const { systems, media, files } = world(STATION, {
    "/etc/emulationstation/es_systems.cfg": system("s", "/roms/s"),
    "/roms/s/a.zip": "",
    "/roms/s/mine.xml": "<gameList><game><path>./a.zip</path><name>Mine</name></game></gameList>",
    "/root/other.xml": "<gameList><game><path>./a.zip</path><name>Other</name></game></gameList>",
  });
  const [found] = await systems();
  for (const [target, name] of [["/roms/s/mine.xml", "Mine"], ["/root/other.xml", "a"]] as const) {
    files.links.set("/roms/s/gamelist.xml", target);
    assert.equal((await media(found))[0]?.name, name);
  }
});

Deno.test("a gamelist that is cut tells so, and no file is lost", async () => {
  const { systems, media, problems } = world(STATION, {
    "/etc/emulationstation/es_systems.cfg": system("s", "/roms/s"),
    "/roms/s/a.zip": "",
    "/roms/s/b.zip": "",
    "/roms/s/gamelist.xml":
      "<gameList><game><path>./a.zip</path><name>A!</name></game><game><path>./b",
  });
  const names = (await media((await systems())[0])).map(({ name }) => name);
  assert.deepEqual(names, ["A!", "b"]);
  assert.deepEqual(problems, [{
    path: "/roms/s/gamelist.xml",
    message: "it is not well-formed: unclosed root tag",
  }]);
});

Deno.test("media() ends its walk where nobody wants more", async () => {
  const { source, files, systems } = world(STATION, {
    "/etc/emulationstation/es_systems.cfg": system("s", "/roms/s"),
    "/roms/s/a.zip": "",
    "/roms/s/b.zip": "",
  });
  const [first] = await systems();
  assert.ok(first !== undefined);
  const options = { onProblem: () => {}, signal: new AbortController().signal };
  for await (const _media of source.media(first, options)) break;
  assert.equal(files.walks, 0);
});

Deno.test("names and ids of systems are lines of a bounded length", async () => {
  const name = `s\n${"x".repeat(100)}`;
  const { systems } = world(STATION, {
    "/etc/emulationstation/es_systems.cfg": system(name, "/roms/odd")
      .replace("<path>", `<fullname>${name}</fullname><path>`),
  });
  const [found] = await systems();
  assert.equal(found?.name.length, 64);
  assert.match(found?.id ?? "", /^s x{62}$/);
});

const ZELDA = {
  path: "/userdata/roms/snes/Zelda.zip",
  name: "Zelda",
  desc: "A link",
  releasedate: "19911121T000000",
  image: "/systems/snes/games/id0/media/image",
};

function fakeStation(): FakeEmulationStation {
  return new FakeEmulationStation([
    {
      name: "snes",
      fullname: "Super Nintendo",
      games: [
        ZELDA,
        { path: "/userdata/roms/snes/hidden.zip", name: "Hidden", hidden: "true" },
        { path: "/userdata/roms/snes/gone.zip", name: "Gone" },
        { path: "/etc/passwd", name: "Outside" },
        { path: "/userdata/roms/snes/../../../etc/passwd", name: "Outside" },
      ],
    },
    { name: "ports", fullname: "Ports", games: [] },
  ]);
}

Deno.test("over HTTP the frontend tells systems and games, and launches them", async () => {
  const { systems, media, problems } = world(`${HTTP}\nexclude = ["ports"]`, {
    "/usr/share/emulationstation/es_systems.cfg": fixture("batocera/es_systems.cfg"),
    "/userdata/roms/snes/Zelda.zip": "abc",
    "/userdata/roms/snes/hidden.zip": "",
    "/etc/passwd": "",
    "/userdata/roms/snes/gamelist.xml":
      "<gameList><game><path>./Zelda.zip</path><image>./zelda.png</image></game></gameList>",
  }, fakeStation());
  const [snes, ...others] = await systems();
  assert.deepEqual(snes, {
    id: "SNES",
    name: "Super Nintendo",
    category: "Console",
    sourceKey: "emulationstation_http",
    sourceName: "snes",
    folder: "/userdata/roms/snes",
    listFolders: [],
    launch: { kind: "emulationstation_http" },
  });
  assert.deepEqual(others, []);
  assert.deepEqual(await media(snes), [{
    path: "/userdata/roms/snes/Zelda.zip",
    name: "Zelda",
    bytes: 3,
    modifiedMs: 1_000,
    details: {
      description: "A link",
      releaseDate: "1991-11-21",
      images: { image: "/userdata/roms/snes/zelda.png" },
    },
  }]);
  assert.deepEqual(problems, []);
});

Deno.test("over HTTP a system lies where its games lie, where no file says so", async () => {
  const station = new FakeEmulationStation([
    {
      name: "snes",
      fullname: "SNES",
      games: ["a/x.zip", "a/b/y.zip", "ab/z.zip"].map((name) => ({ path: `/r/s/${name}`, name })),
    },
    { name: "empty", fullname: "Empty", games: [] },
  ]);
  const { systems, problems } = world(HTTP, {}, station);
  assert.deepEqual((await systems()).map(({ folder }) => folder), ["/r/s"]);
  assert.deepEqual(problems, [{ path: "empty", message: "its games lie in no folder" }]);
});

Deno.test("over HTTP a system whose games are not told for once is away, and not gone", async () => {
  const games = [{ path: "/r/s/x.zip", name: "X" }];
  const station = new FakeEmulationStation([{ name: "snes", fullname: "SNES", games }]);
  const { systems, media, problems } = world(HTTP, { "/r/s/x.zip": "" }, station);
  const before = await systems();
  for (const fault of ["html", "cut"] as const) {
    station.faults.set("/systems/snes/games", fault);
    assert.deepEqual(await systems(), before);
    await assert.rejects(media(before[0]), SourceAway);
  }
  assert.deepEqual(problems, []);
  station.faults.clear();
  assert.equal((await media((await systems())[0])).length, 1);
});

Deno.test("over HTTP what no text could launch is left out, and told", async () => {
  const path = `/r/s/${"d/".repeat(1022)}x.zip`;
  const games = [{ path, name: "X" }, { path: "/r/s/y.zip", name: "Y" }];
  const station = new FakeEmulationStation([{ name: "snes", fullname: "SNES", games }]);
  const { systems, media, problems } = world(HTTP, { [path]: "", "/r/s/y.zip": "" }, station);
  assert.deepEqual((await media((await systems())[0])).map(({ name }) => name), ["Y"]);
  assert.deepEqual(problems, [{ path, message: "its path is too long to be launched" }]);
});

Deno.test("over HTTP nothing is deleted where the frontend does not answer", async () => {
  const { systems, media, station, problems } = world(HTTP, {
    "/userdata/roms/snes/Zelda.zip": "abc",
  }, fakeStation());
  const snes = (await world(HTTP, {
    "/usr/share/emulationstation/es_systems.cfg": fixture("batocera/es_systems.cfg"),
  }, station).systems())[0];
  for (const fault of ["refuse", "html", "cut"] as const) {
    station.faults.set("*", fault);
    await assert.rejects(media(snes), SourceAway);
    assert.deepEqual(await systems(), []);
  }
  assert.deepEqual(problems[0], {
    path: "127.0.0.1:1234",
    message: "no EmulationStation answers",
  });
  station.faults.clear();
  assert.equal((await media(snes)).length, 1);
  await assert.rejects(world(HTTP, {}, station).media(snes), SourceAway);
});

Deno.test("launchesPrograms() is so where a source does more than ask the frontend", () => {
  const of = (toml: string): readonly LibrarySettings[] => configOf(toml).libraries;
  assert.equal(launchesPrograms(of("")), false);
  assert.equal(launchesPrograms(of(HTTP)), false);
  assert.equal(launchesPrograms(of(STATION)), true);
  assert.equal(launchesPrograms(of(`${HTTP}\n${FOLDER}`)), true);
});
