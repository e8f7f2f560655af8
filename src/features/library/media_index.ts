// The index of all media, as the methods and the scanner see it. It is made of what the sources tell
// and can be made anew at any time; favourites and history lie elsewhere.

import type { FoundMedia, IndexedMedia } from "./media.ts";

/** How many media a page has at most. */
export const MAX_PAGE_MEDIA = 250;

/** How many a page has where nobody says. */
export const DEFAULT_PAGE_MEDIA = 100;

/** Which media are looked for; every field that is there must hold. Missing media never show. */
export interface MediaQuery {
  /** Words; each must be a part of the name, the last may be the beginning of one. */
  readonly text?: string;
  /** Ids of systems. */
  readonly systemIds?: readonly string[];
  /** The first letter of the name, as {@linkcode MediaIndex.letters} gives it. */
  readonly letter?: string;
  /** Only media in this folder and those below it; an absolute path without a final slash. */
  readonly below?: string;
  /** Only media whose path is among these. */
  readonly paths?: ReadonlySet<string>;
}

/** How a page is cut out. */
export interface PageOptions {
  readonly maxResults?: number;
  /** What the page before gave; bad_request where it is not one of ours. */
  readonly cursor?: string;
  readonly sort?: "name-asc" | "name-desc" | "filename-asc" | "filename-desc";
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
  /** All media in the folder and below it. */
  readonly totalMedia: number;
  readonly nextCursor: string | undefined;
}

/** The media of one letter. */
export interface LetterGroup {
  /** "A" to "Z", "#" for digits and signs, or the first character of another script. */
  readonly letter: string;
  readonly count: number;
  /** The cursor of its first media in a page sorted by name. */
  readonly cursor: string;
  /** How many media stand before it. */
  readonly offset: number;
}

/** Reads the index. */
export interface MediaIndex {
  /** How many media are there that are not missing. */
  total(): number;
  /** The same for each system that has any, by its id. */
  countBySystem(): ReadonlyMap<string, number>;
  /** One page of what is looked for. */
  search(query: MediaQuery, page: PageOptions): MediaPage;
  /** How many media a query finds. */
  count(query: MediaQuery): number;
  /** One page of a folder. */
  browse(folder: string, options: PageOptions & { systemIds?: readonly string[] }): FolderPage;
  /** The first letters of the names that a query finds, in the order of the names. */
  letters(query: MediaQuery): LetterGroup[];
  /** By its id, missing ones included. */
  find(mediaId: number): IndexedMedia | undefined;
  /** By its exact path, missing ones included. */
  findPath(path: string): IndexedMedia | undefined;
  /** The media of a system whose name fits a title best, or none; of equals that with the shortest path. */
  findTitle(systemId: string, title: string): IndexedMedia | undefined;
  /** How many media of a system have this very name, missing ones not counted. */
  countTitle(systemId: string, name: string): number;
  /** One of a system's media, chosen by a number from 0 up to but not including 1. */
  pick(systemId: string, fraction: number): IndexedMedia | undefined;
}

/** Writes the index; the scanner alone has it. Each call is one short transaction. */
export interface MediaIndexWriter {
  /** The number of a new scan; media that it does not see are missing when their system ends. */
  beginScan(): number;
  /** Adds or updates media that the scan has seen; how many were new or changed. */
  put(
    scan: number,
    system: { systemId: string; sourceKey: string },
    media: readonly FoundMedia[],
  ): number;
  /** Marks what the scan has not seen of a system as missing; a bounded number of rows at a time. */
  endSystem(scan: number, system: { systemId: string; sourceKey: string }): { isDone: boolean };
  /** Marks the media of systems that no source has any more as missing. */
  keepSystems(systems: readonly { systemId: string; sourceKey: string }[]): void;
}
