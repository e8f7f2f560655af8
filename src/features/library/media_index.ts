// The index of all media, as the methods and the scanner see it. It is made of what the sources tell
// and can be made anew at any time; favourites and history lie elsewhere.

import type { FoundMedia, IndexedMedia, LibrarySystem } from "./media.ts";

/** How many media a page has at most. */
export const MAX_PAGE_MEDIA = 250;

/** How many a page has where nobody says. */
export const DEFAULT_PAGE_MEDIA = 100;

/** Which media are looked for; every field that is there must hold. Missing media never show. */
export interface MediaQuery {
  /** Words; each must be the beginning of a word of the name, or a part of it outside ASCII. */
  readonly text?: string;
  /** Ids of systems. */
  readonly systemIds?: readonly string[];
  /** The first letter of the name, as {@linkcode MediaIndex.letters} gives it; case is ignored. */
  readonly letter?: string;
  /** Only media that lie in this very folder; an absolute path without a final slash. */
  readonly folder?: string;
  /** Only media in this folder and those below it; an absolute path without a final slash. */
  readonly below?: string;
  /** Only media whose path is among these. */
  readonly paths?: ReadonlySet<string>;
}

/** The order of a page: by name or by file name, case and accents aside. */
export type MediaSort = "name-asc" | "name-desc" | "filename-asc" | "filename-desc";

/** How a page is cut out. */
export interface PageOptions {
  /**
   * How many entries; taken as {@linkcode MAX_PAGE_MEDIA} where it is more.
   * @default {DEFAULT_PAGE_MEDIA}
   */
  readonly maxResults?: number;
  /** What the page before gave; bad_request where it is not one of ours, or of another order. */
  readonly cursor?: string;
  /** @default {"name-asc"} */
  readonly sort?: MediaSort;
}

/** Options of {@linkcode MediaIndex.browse}. */
export interface BrowseOptions extends PageOptions {
  /** Ids of systems; folders without media of theirs are left out. */
  readonly systemIds?: readonly string[];
  /** Only folders and media whose name begins with it. */
  readonly letter?: string;
}

/** One page. Pages have no gap and no repeat while media come and go. */
export interface MediaPage {
  readonly results: readonly IndexedMedia[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/** An entry of a folder. */
export type FolderEntry =
  | {
    readonly kind: "folder";
    readonly path: string;
    readonly name: string;
    readonly mediaCount: number;
    readonly systemIds: readonly string[];
  }
  | { readonly kind: "media"; readonly media: IndexedMedia };

/** One page of a folder: folders first, then media. */
export interface FolderPage {
  readonly entries: readonly FolderEntry[];
  /** All media in the folder and below it, of the systems that were asked for. */
  readonly totalMedia: number;
  /** Those of them that lie in this very folder. */
  readonly directMedia: number;
  readonly nextCursor: string | undefined;
}

/** The media of one letter. */
export interface LetterGroup {
  /** "#" for signs, "0-9" for digits, "A" to "Z", or the first character of another script. */
  readonly letter: string;
  readonly count: number;
  /** Where a search or a folder in the same order goes on with the first of its media. */
  readonly cursor: string;
  /** How many media stand before it. */
  readonly offset: number;
}

/** Reads the index. */
export interface MediaIndex {
  /** How many media are there that are not missing. */
  total(): number;
  /** The same for each system that has any, by its id; with a query, of those that it finds. */
  countBySystem(query?: MediaQuery): ReadonlyMap<string, number>;
  /** One page of what is looked for. */
  search(query: MediaQuery, page: PageOptions): MediaPage;
  /** How many media a query finds. */
  count(query: MediaQuery): number;
  /** One page of a folder; an empty one where no media was ever in it. */
  browse(folder: string, options: BrowseOptions): FolderPage;
  /** How many media a folder and those below it have. */
  countBelow(folder: string, systemIds?: readonly string[]): number;
  /** The first letters of the names that a query finds, in the order of the names. */
  letters(query: MediaQuery, sort?: "name-asc" | "name-desc"): LetterGroup[];
  /** By its id, missing ones included. */
  find(mediaId: number): IndexedMedia | undefined;
  /** By its exact path, missing ones included. */
  findPath(path: string): IndexedMedia | undefined;
  /** The media of a system whose name fits a title best, or none; of equals that with the shortest path. */
  findTitle(systemId: string, title: string): IndexedMedia | undefined;
  /** How many media of a system have this very name, missing ones not counted. */
  countTitle(systemId: string, name: string): number;
  /** The paths of the media that their sources mark as favourites. */
  favoritePaths(): string[];
  /** One of a system's media, chosen by a number from 0 up to but not including 1. */
  pick(systemId: string, fraction: number): IndexedMedia | undefined;
}

/** What tells a system of one source from all others; several may have the same id. */
export interface SystemKey {
  readonly systemId: string;
  readonly sourceKey: string;
  readonly sourceName: string;
}

/** The key of a system. */
export function systemKeyOf({ id, sourceKey, sourceName }: LibrarySystem): SystemKey {
  return { systemId: id, sourceKey, sourceName };
}

/** Writes the index; the scanner alone has it. Each call is one short transaction. */
export interface MediaIndexWriter {
  /**
   * Marks the media of all systems but these as missing, a bounded number at a time: call it until it
   * is done. Those of sources that told of no system are kept as if their folders were away.
   */
  keepSystems(systems: readonly SystemKey[], silentSources: readonly string[]): StepResult;
  /** When each system was looked through last, in milliseconds since 1970; 0 for never. */
  scannedMs(system: SystemKey): number;
  /** Folders that have media in them, within one and itself included; the first of them by path. */
  foldersIn(folder: string, limit: number): string[];
  /**
   * Starts to look through a system, at a time in milliseconds since 1970. Until it ends, nothing of
   * it is missing that was not before.
   */
  beginSystem(system: SystemKey, nowMs: number): SystemPass;
}

/** Whether a step was the last one. */
export interface StepResult {
  readonly isDone: boolean;
}

/** One look through one system. */
export interface SystemPass {
  /**
   * Adds or updates media that are there; how many were new or changed. What another system has
   * already stays with that one.
   */
  put(media: readonly FoundMedia[]): number;
  /**
   * Marks what was not put as missing, a bounded number at a time: call it until it is done. "away"
   * says that the folder was not there: nothing is forgotten then, however long it takes.
   */
  end(outcome: "complete" | "away"): StepResult;
}
