// What [[library]] tables may say.

import assert from "node:assert/strict";
import {
  describeLibraryProblems,
  LIBRARY_SOURCES,
  type LibrarySettings,
  MAX_EXTENSIONS,
  MAX_LIBRARIES,
  MAX_SYSTEM_NAME_CHARS,
} from "../../../src/features/library/library_settings.ts";

const FOLDER: LibrarySettings = {
  source: "folder",
  folder: "/roms/snes",
  extensions: [".sfc"],
  system: "SNES",
  name: undefined,
  command: ["play", "${path}"],
  configFolders: [],
  imageFolders: [],
  exclude: [],
};

const FRONTEND: LibrarySettings = {
  source: "emulationstation",
  folder: undefined,
  extensions: [],
  system: undefined,
  name: undefined,
  command: [],
  configFolders: [],
  imageFolders: [],
  exclude: [],
};

const SOUND: [string, LibrarySettings[]][] = [
  ["nothing", []],
  ["a folder", [FOLDER]],
  ["two systems in a folder", [FOLDER, { ...FOLDER, system: "NES" }]],
  ["a system in two folders", [FOLDER, { ...FOLDER, folder: "/roms2/snes" }]],
  ["EmulationStation beside a folder", [FRONTEND, FOLDER]],
  ["its HTTP API", [{ ...FRONTEND, source: "emulationstation_http" }]],
  ["places and exclusions", [{
    ...FRONTEND,
    configFolders: ["/x"],
    imageFolders: ["/y"],
    exclude: ["ports"],
  }]],
  ["a script beside the file", [{
    ...FOLDER,
    command: ["sh", "-c", 'play "$1"', "sh", "${path}"],
  }]],
  ["the name of the file alone", [{ ...FOLDER, command: ["mame", "--", "${name}"] }]],
  ["the most there can be", [{
    ...FOLDER,
    name: "x".repeat(MAX_SYSTEM_NAME_CHARS),
    system: "x".repeat(MAX_SYSTEM_NAME_CHARS),
    extensions: Array.from({ length: MAX_EXTENSIONS }, (_, at) => `.${at}`),
  }]],
  [
    "as many sources as there can be",
    Array.from({ length: MAX_LIBRARIES }, (_, at) => ({ ...FOLDER, system: `S${at}` })),
  ],
];
for (const [what, libraries] of SOUND) {
  Deno.test(`describeLibraryProblems() takes ${what}`, () => {
    assert.deepEqual(describeLibraryProblems(libraries), []);
  });
}

const PATH = 'expected an absolute path, such as "/roms/snes"';
const ID = `expected 1 to ${MAX_SYSTEM_NAME_CHARS} letters, digits, "_", "+", "-" or "."`;
const NAME = `expected 1 to ${MAX_SYSTEM_NAME_CHARS} characters`;
const EXTENSIONS = `expected 1 to ${MAX_EXTENSIONS} extensions, such as ".zip"`;

const WRONG: [string, LibrarySettings[], [number, string, string][]][] = [
  ["no folder", [{ ...FOLDER, folder: undefined }], [[0, "folder", PATH]]],
  ["a relative folder", [{ ...FOLDER, folder: "roms" }], [[0, "folder", PATH]]],
  ["a NUL in a folder", [{ ...FOLDER, folder: "/a\0b" }], [[0, "folder", PATH]]],
  ["no system", [{ ...FOLDER, system: undefined }], [[0, "system", ID]]],
  ["an id with a slash", [{ ...FOLDER, system: "a/b" }], [[0, "system", ID]]],
  ["an id that is too long", [{ ...FOLDER, system: "x".repeat(65) }], [[0, "system", ID]]],
  ["an empty name", [{ ...FOLDER, name: " " }], [[0, "name", NAME]]],
  ["a name that is too long", [{ ...FOLDER, name: "x".repeat(65) }], [[0, "name", NAME]]],
  ["no extension", [{ ...FOLDER, extensions: [] }], [[0, "extensions", EXTENSIONS]]],
  [
    "too many extensions",
    [{ ...FOLDER, extensions: Array.from({ length: MAX_EXTENSIONS + 1 }, () => ".x") }],
    [[0, "extensions", EXTENSIONS]],
  ],
  ["no command", [{ ...FOLDER, command: [] }], [[0, "command", "expected a program"]]],
  ["an empty program", [{ ...FOLDER, command: ["", "${path}"] }], [
    [0, "command", "expected a program"],
  ]],
  ["a program that is the file", [{ ...FOLDER, command: ["${path}"] }], [
    [0, "command", "the program itself cannot be filled"],
  ]],
  ["a command that plays nothing", [{ ...FOLDER, command: ["play", "$path"] }], [
    [0, "command", "no argument has ${path}, so no file would be played"],
  ]],
  ["the same twice", [FOLDER, FOLDER], [
    [1, "folder", "another source has this folder and system"],
  ]],
  ["a script that has the file within", [{ ...FOLDER, command: ["sh", "-c", "play ${name}"] }], [
    [
      0,
      "command",
      "the file's name would become part of a script: give it as an argument of its own",
    ],
  ]],
  ["keys of another kind", [{ ...FRONTEND, folder: "/x", command: ["x"] }], [
    [0, "folder", 'a source of the kind "emulationstation" has no such key'],
    [0, "command", 'a source of the kind "emulationstation" has no such key'],
  ]],
  ["keys of another kind in a folder", [{
    ...FOLDER,
    configFolders: ["/x"],
    imageFolders: ["/y"],
    exclude: ["a"],
  }], [
    [0, "config_folders", 'a source of the kind "folder" has no such key'],
    [0, "image_folders", 'a source of the kind "folder" has no such key'],
    [0, "exclude", 'a source of the kind "folder" has no such key'],
  ]],
  ["a relative place", [{ ...FRONTEND, configFolders: ["/a", "b"] }], [
    [0, "config_folders", "expected absolute paths"],
  ]],
  ["a relative place of pictures", [{ ...FRONTEND, imageFolders: ["/a", "~/b"] }], [
    [0, "image_folders", "expected absolute paths"],
  ]],
  ["EmulationStation twice", [FRONTEND, { ...FRONTEND, source: "emulationstation_http" }], [
    [1, "source", "another source is EmulationStation already"],
  ]],
  [
    "too many sources",
    Array.from({ length: MAX_LIBRARIES + 1 }, (_, at) => ({ ...FOLDER, system: `S${at}` })),
    [[MAX_LIBRARIES, "source", `expected at most ${MAX_LIBRARIES} sources`]],
  ],
];
for (const [what, libraries, problems] of WRONG) {
  Deno.test(`describeLibraryProblems() tells of ${what}`, () => {
    assert.deepEqual(
      describeLibraryProblems(libraries).map(({ index, key, text }) => [index, key, text]),
      problems,
    );
  });
}

Deno.test("LIBRARY_SOURCES are the documented kinds", () => {
  assert.deepEqual(LIBRARY_SOURCES, ["folder", "emulationstation", "emulationstation_http"]);
});
