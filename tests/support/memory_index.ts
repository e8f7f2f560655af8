// An index of media in memory, as plain and slow as can be: what the real one must agree with.

import { fileName } from "../../src/features/library/file_title.ts";
import type { IndexedMedia } from "../../src/features/library/media.ts";
import type {
  FolderEntry,
  MediaIndex,
  MediaQuery,
  PageOptions,
} from "../../src/features/library/media_index.ts";
import { isBelow } from "../../src/features/library/system_catalogue.ts";

/** A media with what a test wants otherwise. */
export function sampleMedia(path: string, more: Partial<IndexedMedia> = {}): IndexedMedia {
  return {
    mediaId: 1,
    systemId: "SNES",
    sourceKey: "folder:/roms/snes",
    sourceName: "snes",
    path,
    name: fileName(path).replace(/\.[^.]*$/, ""),
    details: {},
    isMissing: false,
    ...more,
  };
}

/** An index of these media. */
export function memoryIndex(all: readonly IndexedMedia[]): MediaIndex {
  const there = (): IndexedMedia[] => all.filter(({ isMissing }) => !isMissing);
  const find = (query: MediaQuery): IndexedMedia[] => there().filter((media) => fits(media, query));
  const nameOrder = (a: IndexedMedia, b: IndexedMedia): number => a.name < b.name ? -1 : 1;
  return {
    total: () => there().length,
    countBySystem: (query = {}) =>
      new Map(
        [...Map.groupBy(find(query), ({ systemId }) => systemId)]
          .map(([id, own]) => [id, own.length]),
      ),
    search: (query, page) => {
      const { entries, nextCursor } = cut(find(query).toSorted(nameOrder), page);
      return { results: entries, nextCursor };
    },
    count: (query) => find(query).length,
    browse: (folder, options) => {
      const { systemIds } = options;
      const query = systemIds === undefined ? {} : { systemIds };
      const below = find({ ...query, below: folder });
      const direct = find({ ...query, folder });
      const children = Map.groupBy(
        below.filter((media) => !direct.includes(media)),
        ({ path }) => path.slice(folder.length + 1).split("/")[0] ?? "",
      );
      const folders = [...children].map(([name, own]): FolderEntry => ({
        kind: "folder",
        path: `${folder}/${name}`,
        name,
        mediaCount: own.length,
        systemIds: [...new Set(own.map(({ systemId }) => systemId))],
      }));
      const media = direct.toSorted(nameOrder)
        .map((one): FolderEntry => ({ kind: "media", media: one }));
      return {
        ...cut([...folders, ...media], options),
        totalMedia: below.length,
        directMedia: direct.length,
      };
    },
    countBelow: (folder, systemIds) =>
      find({ below: folder, ...(systemIds === undefined ? {} : { systemIds }) }).length,
    letters: (query) => {
      const found = find(query).toSorted(nameOrder);
      return [...Map.groupBy(found, ({ name }) => letterOf(name))].map(([letter, own]) => {
        const offset = own[0] === undefined ? 0 : found.indexOf(own[0]);
        return { letter, count: own.length, cursor: String(offset), offset };
      });
    },
    find: (mediaId) => all.find((media) => media.mediaId === mediaId),
    findPath: (path) => all.find((media) => media.path === path),
    findTitle: (systemId, title) => {
      const own = find({ systemIds: [systemId] });
      return own.find(({ name }) => name === title) ??
        own.find(({ name }) => name.toLowerCase().startsWith(title.toLowerCase()));
    },
    countTitle: (systemId, title) =>
      find({ systemIds: [systemId] }).filter(({ name }) => name === title).length,
    favoritePaths: () =>
      there().filter(({ details }) => details.isFavorite === true).map(({ path }) => path),
    pick: (systemId, fraction) => {
      const own = find({ systemIds: [systemId] });
      return own[Math.floor(fraction * own.length)];
    },
  };
}

function fits(media: IndexedMedia, query: MediaQuery): boolean {
  const { text = "", systemIds, letter, folder, below, paths } = query;
  const name = media.name.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => name.includes(word)) &&
    (systemIds?.includes(media.systemId) ?? true) &&
    (letter === undefined || letterOf(media.name) === letter.toUpperCase()) &&
    (folder === undefined || media.path === `${folder}/${fileName(media.path)}`) &&
    (below === undefined || isBelow(media.path, below)) &&
    (paths?.has(media.path) ?? true);
}

function letterOf(name: string): string {
  return name.slice(0, 1).toUpperCase();
}

function cut<Entry>(
  entries: readonly Entry[],
  { cursor = "0", maxResults = 100 }: PageOptions,
): { entries: Entry[]; nextCursor: string | undefined } {
  const end = Number(cursor) + maxResults;
  return {
    entries: entries.slice(Number(cursor), end),
    nextCursor: end < entries.length ? String(end) : undefined,
  };
}
