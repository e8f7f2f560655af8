// An index in memory or on the disk, and scans of lists instead of folders.

import { silentLogger } from "../../../src/base/log.ts";
import { LibraryDatabase } from "../../../src/edges/sqlite/library_database.ts";
import { SqliteMediaIndex } from "../../../src/edges/sqlite/media_index_store.ts";
import type { FoundMedia } from "../../../src/features/library/media.ts";
import type {
  MediaIndex,
  PageOptions,
  SystemKey,
} from "../../../src/features/library/media_index.ts";

/** An open index. */
export interface IndexWorld {
  readonly database: LibraryDatabase;
  readonly index: SqliteMediaIndex;
}

/** Opens an index. */
export function openIndex(path = ":memory:"): IndexWorld {
  const database = new LibraryDatabase({ path, log: silentLogger });
  return { database, index: new SqliteMediaIndex(database) };
}

/** Runs `test` with an index, which is closed afterwards. */
export function withIndex(test: (world: IndexWorld) => void, path?: string): void {
  const world = openIndex(path);
  try {
    test(world);
  } finally {
    world.database.close();
  }
}

/** A media as a source would find it; the name is that of the file where none is given. */
export function foundMedia(path: string, more: Partial<FoundMedia> = {}): FoundMedia {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const dot = file.lastIndexOf(".");
  const name = dot > 0 ? file.slice(0, dot) : file;
  return { path, name, bytes: 1, modifiedMs: 1, details: {}, ...more };
}

/** The key of a system of a list. */
export function listKey(systemId: string, more: Partial<SystemKey> = {}): SystemKey {
  return { systemId, sourceKey: "list", sourceName: systemId, ...more };
}

/** A whole pass over a system; how many media were new or changed. */
export function lookThrough(
  index: SqliteMediaIndex,
  systemId: string,
  media: readonly FoundMedia[],
  { outcome = "complete", ...more }: { outcome?: "complete" | "away" } & Partial<SystemKey> = {},
): number {
  const pass = index.beginSystem(listKey(systemId, more), 1);
  const changed = media.length === 0 ? 0 : pass.put(media);
  while (!pass.end(outcome).isDone);
  return changed;
}

/** The paths of all pages of a search, page by page. */
export function pagesOf(
  index: Pick<MediaIndex, "search">,
  query: Parameters<MediaIndex["search"]>[0],
  options: PageOptions = {},
): string[][] {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = index.search(query, { ...options, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.results.map(({ path }) => path));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}
