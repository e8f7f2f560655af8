// A folder of the index as a page: its folders first, then its media. What each folder holds is kept
// beside it, so that nothing below is read.

import type { SQLInputValue } from "node:sqlite";
import {
  type BrowseOptions,
  DEFAULT_PAGE_MEDIA,
  type FolderEntry,
  type FolderPage,
  MAX_PAGE_MEDIA,
  type MediaSort,
} from "../../features/library/media_index.ts";
import { letterRange } from "../../features/library/media_name.ts";
import type { LibraryDatabase } from "./library_database.ts";
import { encodeMediaCursor, type MediaCursor, parseMediaCursor } from "./media_cursor.ts";
import { joinParts, pageOrder, planMedia, type SqlPart, systemNumbers } from "./media_query.ts";
import { listMedia } from "./media_rows.ts";

/** How many media a folder has, itself and with those below. */
export interface FolderTotals {
  readonly direct: number;
  readonly below: number;
}

/** Counts a folder, of some systems or of all. */
export function countFolder(
  database: LibraryDatabase,
  { folder, systemIds }: { folder: string; systemIds?: readonly string[] | undefined },
): FolderTotals {
  const ofSystems = systemTest(database, systemIds);
  const row = database.prepare(
    `SELECT coalesce(sum(c.direct), 0) AS direct, coalesce(sum(c.below), 0) AS below
     FROM folder f JOIN folder_count c ON c.folder_no = f.folder_no
     WHERE f.path = ? AND ${ofSystems.sql}`,
  ).get(folder, ...ofSystems.values);
  return { direct: Number(row?.["direct"] ?? 0), below: Number(row?.["below"] ?? 0) };
}

/** One page of a folder. */
export function listFolder(
  database: LibraryDatabase,
  { folder, options }: { folder: string; options: BrowseOptions },
): FolderPage {
  const { systemIds, letter, sort = "name-asc" } = options;
  const limit = pageSizeOf(options.maxResults);
  const cursor = options.cursor === undefined ? undefined : parseMediaCursor(options.cursor, sort);
  const found: { entry: FolderEntry; cursor: MediaCursor }[] = [];
  if (cursor?.among !== "media") {
    found.push(
      ...listFolders(database, { folder, systemIds, letter, sort, cursor, limit: limit + 1 }),
    );
  }
  if (found.length <= limit) {
    const query = {
      folder,
      ...(systemIds === undefined ? {} : { systemIds }),
      ...(letter === undefined ? {} : { letter }),
    };
    const plan = planMedia(database, { query, sort });
    const after = cursor?.among === "media" ? cursor : undefined;
    const media = plan === undefined
      ? []
      : listMedia(database, plan, { sort, cursor: after, limit: limit + 1 - found.length });
    for (const { media: one, cursor: place } of media) {
      found.push({ entry: { kind: "media", media: one }, cursor: place });
    }
  }
  const totals = countFolder(database, { folder, systemIds });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    entries: page.map(({ entry }) => entry),
    totalMedia: totals.below,
    directMedia: totals.direct,
    nextCursor: found.length > limit && last !== undefined
      ? encodeMediaCursor(last.cursor)
      : undefined,
  };
}

/** The size of a page that was asked for. */
export function pageSizeOf(maxResults: number = DEFAULT_PAGE_MEDIA): number {
  return Math.max(1, Math.min(MAX_PAGE_MEDIA, Math.floor(maxResults)));
}

interface FoldersOptions {
  readonly folder: string;
  readonly systemIds: readonly string[] | undefined;
  readonly letter: string | undefined;
  readonly sort: MediaSort;
  readonly cursor: MediaCursor | undefined;
  readonly limit: number;
}

// Folders have one name, so both sorts are the same for them.
function listFolders(
  database: LibraryDatabase,
  { folder, systemIds, letter, sort, cursor, limit }: FoldersOptions,
): { entry: FolderEntry; cursor: MediaCursor }[] {
  const range = letter === undefined ? undefined : letterRange(letter);
  if (letter !== undefined && range === undefined) return [];
  const byName = sort.endsWith("desc") ? "name-desc" : "name-asc";
  const { after, orderBy } = pageOrder(byName, { cursor, table: "f", id: "folder_no" });
  const ofSystems = systemTest(database, systemIds);
  const where = joinParts([
    { sql: "f.parent_no = (SELECT folder_no FROM folder WHERE path = ?)", values: [folder] },
    range === undefined
      ? { sql: "1", values: [] }
      : { sql: "f.sort_key >= ? AND f.sort_key < ?", values: [range.from, range.below] },
    after,
    {
      sql: `EXISTS (SELECT 1 FROM folder_count c WHERE c.folder_no = f.folder_no AND c.below > 0
        AND ${ofSystems.sql})`,
      values: ofSystems.values,
    },
  ]);
  const page = `SELECT folder_no, path, name, sort_key FROM folder f INDEXED BY folder_by_name
    WHERE ${where.sql} ORDER BY ${orderBy} LIMIT ?`;
  const rows = database.prepare(
    `SELECT f.*, sum(c.below) AS n,
       (SELECT json_group_array(DISTINCT s.system_id ORDER BY s.system_id) FROM folder_count c
        JOIN system s USING (system_no)
        WHERE c.folder_no = f.folder_no AND c.below > 0 AND ${ofSystems.sql}) AS systems
     FROM (${page}) f JOIN folder_count c ON c.folder_no = f.folder_no WHERE ${ofSystems.sql}
     GROUP BY f.folder_no ORDER BY ${orderBy}`,
  ).all(...ofSystems.values, ...where.values, limit, ...ofSystems.values);
  return rows.map((row) => ({
    entry: {
      kind: "folder",
      path: String(row["path"]),
      name: String(row["name"]),
      mediaCount: Number(row["n"]),
      systemIds: JSON.parse(String(row["systems"])) as string[],
    },
    cursor: { sort, among: "folders", key: String(row["sort_key"]), id: Number(row["folder_no"]) },
  }));
}

function systemTest(database: LibraryDatabase, systemIds: readonly string[] | undefined): SqlPart {
  if (systemIds === undefined) return { sql: "1", values: [] };
  const values: SQLInputValue[] = [systemNumbers(database, systemIds)];
  return { sql: "c.system_no IN (SELECT value FROM json_each(?))", values };
}
