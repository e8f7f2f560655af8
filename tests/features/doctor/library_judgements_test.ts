import { judgeLibrary, MAX_NAMED_FAULTS } from "../../../src/features/doctor/library_judgements.ts";
import type {
  LibraryFacts,
  LibrarySourceFacts,
  LibrarySystemFacts,
} from "../../../src/features/doctor/doctor_facts.ts";
import { testJudgement } from "./rows.ts";

const SYSTEM: LibrarySystemFacts = {
  name: "snes",
  folder: "/roms/snes",
  state: "filled",
  launch: { kind: "command" },
  programs: [{ program: "/bin/play", state: "executable" }],
};

const FOLDER: LibrarySourceFacts = {
  name: "/roms/snes",
  kind: "folder",
  systems: [SYSTEM],
  problems: [],
};

const STATION: LibrarySourceFacts = {
  ...FOLDER,
  name: "EmulationStation",
  kind: "emulationstation",
};
const HTTP: LibrarySourceFacts = { ...STATION, kind: "emulationstation_http" };

function facts(sources: LibrarySourceFacts[], isFrontendAnswered?: boolean): LibraryFacts {
  return { sources, isFrontendAnswered };
}

function of(source: LibrarySourceFacts, ...systems: Partial<LibrarySystemFacts>[]): LibraryFacts {
  return facts([{ ...source, systems: systems.map((system) => ({ ...SYSTEM, ...system })) }]);
}

const MISSING = { programs: [{ program: "/bin/play", state: "missing" as const }] };
const REFUSED = { launch: { kind: "refused" as const, reason: "> needs a shell" } };

testJudgement(judgeLibrary, [
  ["none", facts([]), "ok", /^none configured/],
  ["a folder with files", facts([FOLDER]), "ok", /^1 of 1 systems have media/],
  [
    "a folder without a file",
    of(FOLDER, { state: "empty" }),
    "fail",
    /^\/roms\/snes has no file .*\. Correct/,
  ],
  ["a folder that is away", of(FOLDER, { state: "away" }), "fail", /^\/roms\/snes cannot be read/],
  [
    "a folder that is closed",
    of(FOLDER, { state: "closed" }),
    "fail",
    /^\/roms\/snes is closed to the service's user\. .*open the folder/,
  ],
  [
    "a closed folder beside one with files",
    of(STATION, {}, { state: "closed", folder: "/roms/nes" }),
    "fail",
    /^\/roms\/nes is closed/,
  ],
  [
    "a program that is missing",
    of(FOLDER, MISSING),
    "fail",
    /^system snes: \/bin\/play is not there/,
  ],
  [
    "a program that cannot be started",
    of(FOLDER, { programs: [{ program: "/bin/play", state: "not_executable" }] }),
    "fail",
    /^system snes: \/bin\/play is not executable/,
  ],
  ["no system", of(STATION), "fail", /^EmulationStation has no system/],
  [
    "systems without a file",
    of(STATION, { state: "empty" }, { state: "away" }),
    "fail",
    /^no system of EmulationStation has a file/,
  ],
  [
    "empty systems beside one with files, whatever their programs",
    of(STATION, {}, { state: "empty", ...MISSING, ...REFUSED }, { state: "away" }),
    "ok",
    /^1 of 3 systems have media/,
  ],
  [
    "a command that needs a shell",
    of(STATION, {}, { name: "tools", ...REFUSED }),
    "warn",
    /^system tools cannot be launched: > needs a shell\. Give/,
  ],
  ["a frontend that answers", facts([HTTP], true), "ok", /^1 of 1/],
  [
    "a frontend that does not answer",
    facts([{ ...HTTP, systems: [] }], false),
    "warn",
    /^no EmulationStation answers/,
  ],
  ["a frontend that is needed and does not answer", facts([STATION], false), "warn", /\. Start it/],
  [
    "files with mistakes",
    facts([{ ...STATION, problems: ["/a: it is cut"] }]),
    "warn",
    /^\/a: it is cut\. Correct these files and folders/,
  ],
  [
    "many faults",
    of(FOLDER, ...Array.from({ length: MAX_NAMED_FAULTS + 2 }, () => MISSING)),
    "fail",
    /^(system snes: [^;]*; ){5}and 2 more\. /,
  ],
]);
