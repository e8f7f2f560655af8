// The index of all media in SQLite, as the methods read it and the scanner writes it.

import type { Logger } from "../../base/log.ts";
import type { IndexedMedia } from "../../features/library/media.ts";
import type {
  BrowseOptions,
  FolderPage,
  LetterGroup,
  MediaIndex,
  MediaIndexWriter,
  MediaPage,
  MediaQuery,
  PageOptions,
  StepResult,
  SystemKey,
  SystemPass,
} from "../../features/library/media_index.ts";
import { letterOf, sortKeyOf } from "../../features/library/media_name.ts";
import { countFolder, listFolder, pageSizeOf } from "./folder_listing.ts";
import { LIBRARY_FILE, LibraryDatabase } from "./library_database.ts";
import { encodeMediaCursor, parseMediaCursor } from "./media_cursor.ts";
import { planMedia, splitPath } from "./media_query.ts";
import { allRows, countMedia, countMediaBySystem, findMedia, listMedia } from "./media_rows.ts";
import { retireSystems, SqliteSystemPass } from "./system_pass.ts";
import { searchTitle } from "./title_search.ts";

/** An open index. */
export interface LibraryIndex {
  readonly index: MediaIndex;
  readonly writer: MediaIndexWriter;
  /** Calls `listener` after damage emptied the index, which needs a scan then; the result ends that. */
  onRemade(listener: () => void): () => void;
  /** Closes the file; safe to call twice. */
  close(): void;
}

/** Opens the index in a data folder that is there, or in memory for ":memory:"; never throws. */
export function openLibraryIndex(options: { dataDir: string; log: Logger }): LibraryIndex {
  const { dataDir, log } = options;
  const path = dataDir === ":memory:" ? dataDir : `${dataDir}/${LIBRARY_FILE}`;
  const database = new LibraryDatabase({ path, log });
  const index = new SqliteMediaIndex(database);
  return {
    index,
    writer: index,
    onRemade: (listener) => database.onRemade(listener),
    close: () => database.close(),
  };
}

/** The index over an open database. */
export class SqliteMediaIndex implements MediaIndex, MediaIndexWriter {
  readonly #database: LibraryDatabase;

  /** Reads and writes `database`, which remains the caller's to close. */
  constructor(database: LibraryDatabase) {
    this.#database = database;
  }

  /** How many media are there. */
  total(): number {
    return [...this.countBySystem().values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many of each system, those of all sources together. */
  countBySystem(query?: MediaQuery): ReadonlyMap<string, number> {
    return this.#database.read(() => {
      const plan = query && planMedia(this.#database, { query, sort: "name-asc" });
      if (query !== undefined && plan === undefined) return new Map();
      const rows = plan === undefined
        ? this.#database.prepare(
          "SELECT system_id, sum(here_count) AS n FROM system GROUP BY system_id HAVING n > 0",
        ).all()
        : countMediaBySystem(this.#database, plan);
      return new Map(rows.map((row) => [String(row["system_id"]), Number(row["n"])]));
    });
  }

  /** One page of what is looked for. */
  search(query: MediaQuery, page: PageOptions): MediaPage {
    const { sort = "name-asc", cursor: text } = page;
    const limit = pageSizeOf(page.maxResults);
    const cursor = text === undefined ? undefined : parseMediaCursor(text, sort);
    return this.#database.read(() => {
      const plan = planMedia(this.#database, { query, sort });
      if (plan === undefined) return { results: [], nextCursor: undefined };
      const found = listMedia(this.#database, plan, { sort, cursor, limit: limit + 1 });
      const last = found[limit - 1];
      return {
        results: found.slice(0, limit).map(({ media }) => media),
        nextCursor: found.length > limit && last !== undefined
          ? encodeMediaCursor(last.cursor)
          : undefined,
      };
    });
  }

  /** How many media a query finds. */
  count(query: MediaQuery): number {
    return this.#database.read(() => {
      const plan = planMedia(this.#database, { query, sort: "name-asc" });
      return plan === undefined ? 0 : countMedia(this.#database, plan);
    });
  }

  /** One page of a folder. */
  browse(folder: string, options: BrowseOptions): FolderPage {
    return this.#database.read(() => listFolder(this.#database, { folder, options }));
  }

  /** How many media a folder and those below it have. */
  countBelow(folder: string, systemIds?: readonly string[]): number {
    return this.#database.read(() => countFolder(this.#database, { folder, systemIds }).below);
  }

  /** The first letters of the names that a query finds. */
  letters(query: MediaQuery, sort: "name-asc" | "name-desc" = "name-asc"): LetterGroup[] {
    const groups = this.#database.read(() => this.#countLetters(query));
    if (sort === "name-desc") groups.reverse();
    const isReversed = sort === "name-desc";
    let offset = 0;
    return groups.map(({ letter, count, first, last }) => {
      const key = isReversed ? `${last}\u{10ffff}` : first;
      const cursor = encodeMediaCursor({ sort, among: "media", key, id: 0 });
      const group = { letter, count, cursor, offset };
      offset += count;
      return group;
    });
  }

  /** By its id, missing ones included. */
  find(mediaId: number): IndexedMedia | undefined {
    return this.#find("m.media_id = ?", mediaId);
  }

  /** By its exact path, missing ones included. */
  findPath(path: string): IndexedMedia | undefined {
    return this.#find(
      "m.folder_no = (SELECT folder_no FROM folder WHERE path = ?) AND m.file = ?",
      ...splitPath(path),
    );
  }

  /** The media of a system whose name fits a title best. */
  findTitle(systemId: string, title: string): IndexedMedia | undefined {
    return this.#database.read(() => searchTitle(this.#database, { systemId, title }));
  }

  /** How many media of a system have this very name. */
  countTitle(systemId: string, name: string): number {
    return this.#database.read(() =>
      Number(
        this.#database.prepare(
          `SELECT count(*) AS n FROM system s CROSS JOIN media m INDEXED BY media_of_system_by_name
           ON m.system_no = s.system_no
           WHERE s.system_id = ? AND m.presence = 0 AND m.sort_key = ? AND m.name = ?`,
        ).get(systemId, sortKeyOf(name), name)?.["n"],
      )
    );
  }

  /** The paths of the media that their sources mark as favourites. */
  favoritePaths(): string[] {
    return this.#database.read(() =>
      this.#database.prepare(
        `SELECT f.path || '/' || m.file AS path FROM details d
         JOIN media m ON m.media_id = d.media_id JOIN folder f ON f.folder_no = m.folder_no
         WHERE json_extract(d.json, '$.isFavorite') = 1 AND m.presence = 0`,
      ).all().map((row) => String(row["path"]))
    );
  }

  /** One of a system's media; all are as likely where the fraction is random. */
  pick(systemId: string, fraction: number): IndexedMedia | undefined {
    const count = this.countBySystem().get(systemId) ?? 0;
    const at = Math.max(0, Math.min(count - 1, Math.floor(fraction * count)));
    return this.#find(
      `m.presence = 0 AND m.media_id = (
         SELECT p.media_id FROM system x CROSS JOIN media p INDEXED BY media_of_system_by_name
         ON p.system_no = x.system_no WHERE x.system_id = ? AND p.presence = 0
         LIMIT 1 OFFSET ?)`,
      systemId,
      at,
    );
  }

  /** Marks the media of all systems but these as missing. */
  keepSystems(systems: readonly SystemKey[], silentSources: readonly string[] = []): StepResult {
    return retireSystems(this.#database, { systems, silentSources });
  }

  /** When a system was looked through last. */
  scannedMs({ systemId, sourceKey, sourceName }: SystemKey): number {
    return this.#database.read(() =>
      Number(
        this.#database.prepare(
          `SELECT scanned_ms FROM system
           WHERE system_id = ? AND source_key = ? AND source_name = ?`,
        ).get(systemId, sourceKey, sourceName)?.["scanned_ms"] ?? 0,
      )
    );
  }

  /** Folders that have media in them, within one and itself included. */
  foldersIn(folder: string, limit: number): string[] {
    return this.#database.read(() =>
      this.#database.prepare(
        `SELECT path FROM folder f WHERE (path = ?1 OR (path > ?1 || '/' AND path < ?1 || '0'))
         AND EXISTS (SELECT 1 FROM folder_count c WHERE c.folder_no = f.folder_no AND c.below > 0)
         ORDER BY path LIMIT ?2`,
      ).all(folder, limit).map((row) => String(row["path"]))
    );
  }

  /** Starts to look through a system. */
  beginSystem(system: SystemKey, nowMs: number): SystemPass {
    return new SqliteSystemPass(this.#database, { system, nowMs });
  }

  #find(sql: string, ...values: (string | number)[]): IndexedMedia | undefined {
    return this.#database.read(() => findMedia(this.#database, { sql, values }));
  }

  // Of equal first characters a sort key has one group, and groups lie together.
  #countLetters(query: MediaQuery): CountedLetter[] {
    const plan = planMedia(this.#database, { query, sort: "name-asc" });
    if (plan === undefined) return [];
    const { from, where } = allRows(plan);
    const rows = this.#database.prepare(
      `SELECT substr(m.sort_key, 1, 1) AS first, count(*) AS n FROM ${from.sql}
       WHERE ${where.sql} GROUP BY first ORDER BY first`,
    ).all(...from.values, ...where.values);
    const groups: CountedLetter[] = [];
    for (const row of rows) {
      const first = String(row["first"]);
      const letter = letterOf(first);
      const known = groups.at(-1);
      if (known?.letter === letter) {
        known.count += Number(row["n"]);
        known.last = first;
      } else {
        groups.push({ letter, count: Number(row["n"]), first, last: first });
      }
    }
    return groups;
  }
}

interface CountedLetter {
  readonly letter: string;
  count: number;
  /** Its lowest first character. */
  readonly first: string;
  /** Its highest. */
  last: string;
}
