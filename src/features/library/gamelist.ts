// gamelist.xml of a system: what EmulationStation and scrapers have written of its games.

import { MAX_TITLE_CHARS, oneLine } from "./file_title.ts";
import { IMAGE_TYPES, type MediaDetails } from "./media.ts";
import { readXml } from "./xml_reader.ts";

/** The file's name in the folder of a system. */
export const GAMELIST_FILE = "gamelist.xml";

/** How many games are kept. */
export const MAX_GAMELIST_GAMES = 100_000;

/** How much of a gamelist is read, in bytes. */
export const MAX_GAMELIST_BYTES: number = 128 * 1024 * 1024;

/** How long a description may be, in characters. */
export const MAX_DESCRIPTION_CHARS = 2_000;

/** How long any other text of a game may be, in characters. */
export const MAX_DETAIL_CHARS = 128;

/** How long the path of a picture may be, in characters: no system opens a longer one. */
export const MAX_IMAGE_PATH_CHARS = 4096;

/** What a gamelist says of a game. */
export interface GamelistGame {
  readonly name: string | undefined;
  readonly isHidden: boolean;
  readonly details: MediaDetails;
}

/** Options of {@linkcode readGamelist}. */
export interface GamelistOptions {
  /** The folder of the system. */
  folder: string;
  /** The user's home folder, which `~/` stands for. */
  home: string | undefined;
  onProblem: (message: string) => void;
}

/** The games of a gamelist by the absolute paths of their files. */
export async function readGamelist(
  chunks: AsyncIterable<Uint8Array>,
  options: GamelistOptions,
): Promise<Map<string, GamelistGame>> {
  const { onProblem } = options;
  const games = new Map<string, GamelistGame>();
  let fields: Record<string, string> = {};
  let isFull = false;
  await readXml(chunks, {
    onProblem,
    listener: {
      close([root, game, field, ...deeper], text): void {
        if (root !== "gameList" || game !== "game" || deeper.length > 0) return;
        if (field !== undefined) {
          fields[field] ??= text;
          return;
        }
        const path = resolveGamePath(fields["path"], options);
        if (path !== undefined && games.size < MAX_GAMELIST_GAMES) {
          games.set(path, gameOf(fields, options));
        } else if (path !== undefined && !isFull) {
          isFull = true;
          onProblem(`it has more than ${MAX_GAMELIST_GAMES} games`);
        }
        fields = {};
      },
    },
  });
  return games;
}

/** A path as gamelists write it, absolute; undefined where it leads nowhere. */
export function resolveGamePath(
  written: string | undefined,
  { folder, home }: { folder: string; home: string | undefined },
): string | undefined {
  const path = written?.trim() ?? "";
  if (path === "" || path.includes("\0")) return undefined;
  if (path.startsWith("/")) return normalPath(path);
  if (path.startsWith("~/")) {
    return home === undefined ? undefined : normalPath(home + path.slice(1));
  }
  return normalPath(`${folder}/${path}`);
}

// Without "." and "..", as the walk writes paths.
function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function gameOf(
  fields: Readonly<Record<string, string>>,
  places: { folder: string; home: string | undefined },
): GamelistGame {
  return {
    name: lineOf(fields["name"], MAX_TITLE_CHARS),
    isHidden: isTrue(fields["hidden"]),
    details: detailsOf(fields, (path) => resolveGamePath(path, places)),
  };
}

/** What the fields of a game say, as gamelists and EmulationStation's HTTP API name them. */
export function detailsOf(
  fields: Readonly<Record<string, string>>,
  resolvePath: (path: string) => string | undefined,
): MediaDetails {
  const details = {
    description: lineOf(fields["desc"], MAX_DESCRIPTION_CHARS),
    images: imagesOf(fields, resolvePath),
    releaseDate: dateOf(fields["releasedate"]),
    developer: lineOf(fields["developer"], MAX_DETAIL_CHARS),
    publisher: lineOf(fields["publisher"], MAX_DETAIL_CHARS),
    genre: lineOf(fields["genre"], MAX_DETAIL_CHARS),
    players: lineOf(fields["players"], MAX_DETAIL_CHARS),
    isFavorite: isTrue(fields["favorite"]) ? true : undefined,
  };
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  ) as MediaDetails;
}

function imagesOf(
  fields: Readonly<Record<string, string>>,
  resolvePath: (path: string) => string | undefined,
): MediaDetails["images"] {
  const found = IMAGE_TYPES.flatMap((type) => {
    const path = resolvePath(fields[type] ?? "");
    return path === undefined || path.length > MAX_IMAGE_PATH_CHARS ? [] : [[type, path] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Whether a field says yes. */
export function isTrue(field: string | undefined): boolean {
  return /^\s*(?:true|1|yes)\s*$/i.test(field ?? "");
}

function lineOf(text: string | undefined, maxChars: number): string | undefined {
  const line = oneLine(text ?? "", maxChars);
  return line === "" ? undefined : line;
}

// 19950311T000000; scrapers write zeros for what they do not know.
function dateOf(text = ""): string | undefined {
  const [, year, month, day] = /^\s*(\d{4})(\d{2})(\d{2})T/.exec(text) ?? [];
  const date = `${year}-${month}-${day}`;
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date) ? undefined : date;
}
