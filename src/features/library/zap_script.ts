// The part of ZapScript that means something here: a media by its path, its title or its place in a
// system, a system, a random media, and a stop. All else, and any chain of commands, is refused as a
// whole. What the library writes for a media is read back as that media alone.

import { AppError } from "../../base/app_error.ts";
import { isOneLine, MAX_RUN_CHARACTERS } from "../actions/run_text.ts";

/** What a text asks for. */
export type Script =
  /** The file with this absolute path. */
  | { readonly kind: "path"; readonly path: string }
  /** The media of a system with this title, or the one that fits it best. */
  | { readonly kind: "title"; readonly systemId: string; readonly title: string }
  /** A file by its path within a system's folder. */
  | { readonly kind: "file"; readonly systemId: string; readonly file: string }
  /** What was played of a system. */
  | { readonly kind: "system"; readonly systemId: string }
  /** Any media of a system. */
  | { readonly kind: "random"; readonly systemId: string }
  /** The end of what has the screen. */
  | { readonly kind: "stop" }
  /** Nothing of ZapScript. */
  | { readonly kind: "none" };

const COMMAND = /^\*\*([a-z0-9_.]{1,32})(?::(.*)|\s*)$/i;
const FILE_URL = "file://";
const CHAIN = "||";

/** What a text of one line asks for; bad_request names the command that is not supported. */
export function parseZapScript(text: string): Script {
  if (text.includes(CHAIN)) throw unsupported(`${CHAIN} (a chain of commands)`);
  if (!text.startsWith("**")) return parseTarget(text);
  const [, name = "", argument = ""] = COMMAND.exec(text) ?? [];
  const command = name.toLowerCase();
  const value = argument.trim();
  switch (command) {
    case "":
      throw new AppError("bad_request", "text: expected a command after **");
    case "stop":
      return { kind: "stop" };
    case "launch":
      return parseLaunch(argument.trimStart());
    case "launch.system":
      return { kind: "system", systemId: needed(value, command) };
    case "launch.random":
      return { kind: "random", systemId: needed(value, command) };
    default:
      throw unsupported(`**${command}`);
  }
}

/** The text that launches the file with this absolute path. */
export function pathScript(path: string): string {
  if (path.startsWith("/") && isOneLine(path) && !path.includes(CHAIN)) return path;
  // Nothing more than must be, so that the text of a long path is not three times as long.
  return FILE_URL + path.replace(/[%|\p{Cc}\u2028\u2029]/gu, encodeURIComponent);
}

/** Whether the text of a path is short enough to be run. */
export function isRunnablePath(path: string): boolean {
  return path.length * 3 + FILE_URL.length <= MAX_RUN_CHARACTERS ||
    [...pathScript(path)].length <= MAX_RUN_CHARACTERS;
}

/** The text that launches a system's media by its title; undefined where no text says just that. */
export function titleScript(systemId: string, title: string): string | undefined {
  const text = `@${systemId}/${title}`;
  if (!isOneLine(text) || text.includes(CHAIN) || withoutTags(title) !== title) return undefined;
  const script = parseTarget(text);
  const isSame = script.kind === "title" && script.systemId === systemId && script.title === title;
  return isSame ? text : undefined;
}

/** A title without the tags `(type:value)` at its end. */
export function withoutTags(title: string): string {
  return title.replace(/(?:\s*\([\w.-]+:[^()]*\))+$/, "");
}

function parseLaunch(argument: string): Script {
  const script = parseTarget(argument);
  if (script.kind === "none") {
    throw new AppError("bad_request", "**launch: expected a path, @SYSTEM/Title or SYSTEM/file");
  }
  return script;
}

function parseTarget(text: string): Script {
  if (text.startsWith("/")) return { kind: "path", path: text };
  if (text.toLowerCase().startsWith(FILE_URL)) return { kind: "path", path: pathIn(text) };
  const slash = text.indexOf("/");
  const place = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  if (slash < 1 || rest === "") return { kind: "none" };
  if (!text.startsWith("@")) return { kind: "file", systemId: place, file: rest };
  const title = rest.trim();
  if (place === "@" || title === "") return { kind: "none" };
  return { kind: "title", systemId: place.slice(1), title };
}

function pathIn(url: string): string {
  try {
    const path = decodeURIComponent(url.slice(FILE_URL.length));
    if (path.startsWith("/") && !path.includes("\0")) return path;
  } catch {
    // It is refused below.
  }
  throw new AppError("bad_request", "text: expected file:// and a percent-encoded path");
}

function needed(value: string, command: string): string {
  if (value !== "") return value;
  throw new AppError("bad_request", `**${command}: expected the id of a system`);
}

function unsupported(command: string): AppError {
  return new AppError("bad_request", `Not supported: ${command}`);
}
