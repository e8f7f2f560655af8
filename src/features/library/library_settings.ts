// The tables [[library]] of the configuration, and what is wrong with them.

import { FOLDER_PLACES, hasScriptOfFile, parseCommandList } from "./command_template.ts";

/** The kind of a source. */
export type LibrarySourceKind = "folder" | "emulationstation" | "emulationstation_http";

/** The kinds of sources. */
export const LIBRARY_SOURCES: readonly LibrarySourceKind[] = [
  "folder",
  "emulationstation",
  "emulationstation_http",
];

/** Where systems and media come from. */
export interface LibrarySettings {
  /** What it is. */
  readonly source: LibrarySourceKind;
  /** Of a folder: its absolute path. */
  readonly folder: string | undefined;
  /** Of a folder: the extensions of its files, such as ".sfc", with the dot, in lower case. */
  readonly extensions: readonly string[];
  /** Of a folder: the id of its system. */
  readonly system: string | undefined;
  /** Of a folder: the name of its system for people; that of the id where undefined. */
  readonly name: string | undefined;
  /** Of a folder: the program that plays a file and its arguments, with `${path}` for the file. */
  readonly command: readonly string[];
  /** Of EmulationStation: where its configuration lies; the usual places where empty. */
  readonly configFolders: readonly string[];
  /** Of EmulationStation: folders of pictures beside those of the systems, absolute. */
  readonly imageFolders: readonly string[];
  /** Of EmulationStation: its own names of systems that are left out. */
  readonly exclude: readonly string[];
}

/** The most sources that a device has. */
export const MAX_LIBRARIES = 128;

/** The longest id or name of a system, in characters. */
export const MAX_SYSTEM_NAME_CHARS = 64;

/** The most extensions of a folder. */
export const MAX_EXTENSIONS = 128;

/** One thing that is wrong with a source. */
export interface LibraryProblem {
  /** Which source, from 0. */
  readonly index: number;
  /** The key of its table. */
  readonly key: string;
  /** What to say about it. */
  readonly text: string;
}

type OwnProblem = Omit<LibraryProblem, "index">;

/** The key in the file of each setting that not every kind of source has, with those that do. */
const KEYS_OF_KINDS = {
  folder: ["folder", ["folder"]],
  extensions: ["extensions", ["folder"]],
  system: ["system", ["folder"]],
  name: ["name", ["folder"]],
  command: ["command", ["folder"]],
  configFolders: ["config_folders", ["emulationstation", "emulationstation_http"]],
  imageFolders: ["image_folders", ["emulationstation", "emulationstation_http"]],
  exclude: ["exclude", ["emulationstation", "emulationstation_http"]],
} as const satisfies Partial<
  Record<keyof LibrarySettings, readonly [string, readonly LibrarySourceKind[]]>
>;

/** Everything that is wrong with some sources; nothing where all can be used. */
export function describeLibraryProblems(libraries: readonly LibrarySettings[]): LibraryProblem[] {
  const tooMany = libraries.length <= MAX_LIBRARIES
    ? []
    : [{ index: MAX_LIBRARIES, key: "source", text: `expected at most ${MAX_LIBRARIES} sources` }];
  return [
    ...tooMany,
    ...libraries.flatMap((library, index) =>
      [
        ...describeStrangeKeys(library),
        ...(library.source === "folder"
          ? describeFolder(library, libraries.slice(0, index))
          : describeFrontend(library, libraries.slice(0, index))),
      ].map((problem) => ({ index, ...problem }))
    ),
  ];
}

/**
 * Whether media of these sources may be launched by starting programs, and not through a frontend
 * alone: the service keeps the right to start programs for them.
 */
export function launchesPrograms(libraries: readonly LibrarySettings[]): boolean {
  return libraries.some(({ source }) => source !== "emulationstation_http");
}

/** Whether media of these sources may be launched through a frontend. */
export function hasFrontend(libraries: readonly LibrarySettings[]): boolean {
  return libraries.some(({ source }) => source !== "folder");
}

function describeStrangeKeys(library: LibrarySettings): OwnProblem[] {
  return Object.entries(KEYS_OF_KINDS).flatMap(([name, [key, kinds]]): OwnProblem[] => {
    const value = library[name as keyof typeof KEYS_OF_KINDS];
    const isSet = value !== undefined && value.length > 0;
    if (!isSet || (kinds as readonly string[]).includes(library.source)) return [];
    return [{ key, text: `a source of the kind "${library.source}" has no such key` }];
  });
}

function describeFolder(
  library: LibrarySettings,
  earlier: readonly LibrarySettings[],
): OwnProblem[] {
  const { folder, system, name, extensions, command } = library;
  const problems: OwnProblem[] = [];
  if (folder === undefined || !isAbsolute(folder)) {
    problems.push({ key: "folder", text: 'expected an absolute path, such as "/roms/snes"' });
  }
  if (system === undefined || !isSystemId(system)) {
    const text = `expected 1 to ${MAX_SYSTEM_NAME_CHARS} letters, digits, "_", "+", "-" or "."`;
    problems.push({ key: "system", text });
  }
  if (name !== undefined && (name.trim() === "" || name.length > MAX_SYSTEM_NAME_CHARS)) {
    problems.push({ key: "name", text: `expected 1 to ${MAX_SYSTEM_NAME_CHARS} characters` });
  }
  if (extensions.length === 0 || extensions.length > MAX_EXTENSIONS) {
    const text = `expected 1 to ${MAX_EXTENSIONS} extensions, such as ".zip"`;
    problems.push({ key: "extensions", text });
  }
  problems.push(...describeCommandOf(command));
  if (earlier.some((other) => other.folder === folder && other.system === system)) {
    problems.push({ key: "folder", text: "another source has this folder and system" });
  }
  return problems;
}

function describeCommandOf(command: readonly string[]): OwnProblem[] {
  const [program = ""] = command;
  const text = program === ""
    ? "expected a program"
    : FOLDER_PLACES.test(program)
    ? "the program itself cannot be filled"
    : !command.some((argument) => FOLDER_PLACES.test(argument))
    ? "no argument has ${path}, so no file would be played"
    : hasScriptOfFile(parseCommandList(command))
    ? "the file's name would become part of a script: give it as an argument of its own"
    : undefined;
  return text === undefined ? [] : [{ key: "command", text }];
}

function describeFrontend(
  library: LibrarySettings,
  earlier: readonly LibrarySettings[],
): OwnProblem[] {
  const problems: OwnProblem[] = [];
  for (const name of ["configFolders", "imageFolders"] as const) {
    if (library[name].every(isAbsolute)) continue;
    problems.push({ key: KEYS_OF_KINDS[name][0], text: "expected absolute paths" });
  }
  // Both tell the same media.
  if (earlier.some(({ source }) => source !== "folder")) {
    problems.push({ key: "source", text: "another source is EmulationStation already" });
  }
  return problems;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") && !path.includes("\0");
}

function isSystemId(text: string): boolean {
  return /^[\w+.-]+$/.test(text) && text.length <= MAX_SYSTEM_NAME_CHARS;
}
