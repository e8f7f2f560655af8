// One look through one system. What it sees is remembered in memory, so that a card on which nothing
// changed costs no write; each call is one transaction, so that a kill at any moment leaves the index
// whole, and the system is looked through again.

import { AppError } from "../../base/app_error.ts";
import type { FoundMedia } from "../../features/library/media.ts";
import type { StepResult, SystemKey, SystemPass } from "../../features/library/media_index.ts";
import { searchTextOf, sortKeyOf } from "../../features/library/media_name.ts";
import { FolderTable } from "./folder_table.ts";
import type { LibraryDatabase } from "./library_database.ts";
import { PRESENCE } from "./library_schema.ts";
import { indexedWordsOf, splitPath } from "./media_query.ts";

/** How many media one step marks as missing, or forgets. */
export const MEDIA_PER_STEP = 100;

/** How many media are remembered whose files were removed; the oldest are forgotten beyond. */
export const MAX_GONE_MEDIA = 10_000;

/** Options of {@linkcode SqliteSystemPass}. */
export interface SystemPassOptions {
  readonly system: SystemKey;
  /** The time, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** A pass over the index's database. */
export class SqliteSystemPass implements SystemPass {
  readonly #database: LibraryDatabase;
  readonly #nowMs: number;
  readonly #generation: number;
  readonly #systemNo: number;
  readonly #seen = new NumberSet();
  #markedUpTo = 0;

  /** A pass that has seen nothing. */
  constructor(database: LibraryDatabase, { system, nowMs }: SystemPassOptions) {
    this.#database = database;
    this.#nowMs = nowMs;
    this.#systemNo = database.write(() => numberOfSystem(database, system));
    this.#generation = database.generation;
  }

  /** Adds or updates media; how many were new or changed. */
  put(media: readonly FoundMedia[]): number {
    return this.#write(() => {
      const folders = new FolderTable(this.#database);
      const changed = media.filter((one) => this.#putOne(one, folders)).length;
      folders.flush();
      return changed;
    });
  }

  /** Marks what was not put as missing. */
  end(outcome: "complete" | "away"): StepResult {
    // A folder that is there and empty is where the card of a system is mounted.
    const isAway = outcome === "away" || this.#seen.isEmpty;
    const presence = isAway ? PRESENCE.away : PRESENCE.gone;
    return this.#write(() => {
      const rows = this.#database.prepare(
        `SELECT media_id, folder_no, presence FROM media INDEXED BY media_of_system
         WHERE system_no = ? AND media_id > ? ORDER BY media_id LIMIT ?`,
      ).all(this.#systemNo, this.#markedUpTo, MEDIA_PER_STEP);
      const folders = new FolderTable(this.#database);
      for (const row of rows) {
        this.#markedUpTo = Number(row["media_id"]);
        if (!isAway && this.#seen.has(this.#markedUpTo)) continue;
        markMissing(this.#database, { row, systemNo: this.#systemNo, presence, folders });
      }
      folders.flush();
      if (rows.length === MEDIA_PER_STEP) return { isDone: false };
      this.#database.prepare("UPDATE system SET scanned_ms = ? WHERE system_no = ?")
        .run(this.#nowMs, this.#systemNo);
      return { isDone: forgetGone(this.#database) < MEDIA_PER_STEP };
    });
  }

  #write<Result>(work: () => Result): Result {
    return this.#database.write(() => {
      if (this.#database.generation !== this.#generation) {
        throw new AppError("unavailable", "The library's index was made anew");
      }
      return work();
    });
  }

  #putOne(found: FoundMedia, folders: FolderTable): boolean {
    const [folder, file] = splitPath(found.path);
    const folderNo = folders.numberOf(folder);
    const known = this.#database.prepare(
      `SELECT media_id, system_no, fingerprint, presence, search_text FROM media
       WHERE folder_no = ? AND file = ?`,
    ).get(folderNo, file);
    const fingerprint = fingerprintOf(found);
    if (known === undefined) {
      this.#seen.add(this.#insert(found, { folderNo, file, fingerprint }));
      folders.add({ folderNo, systemNo: this.#systemNo, count: 1 });
      return true;
    }
    const mediaId = Number(known["media_id"]);
    const isHere = known["presence"] === PRESENCE.here;
    const isOurs = known["system_no"] === this.#systemNo;
    if (isHere && !isOurs) return false;
    this.#seen.add(mediaId);
    if (isHere && known["fingerprint"] === fingerprint) return false;
    this.#update(found, { mediaId, fingerprint, searchText: String(known["search_text"]) });
    if (!isHere) folders.add({ folderNo, systemNo: this.#systemNo, count: 1 });
    return true;
  }

  #insert(
    { name, details }: FoundMedia,
    { folderNo, file, fingerprint }: { folderNo: number; file: string; fingerprint: number },
  ): number {
    const searchText = searchTextOf(name);
    const { lastInsertRowid } = this.#database.prepare(
      `INSERT INTO media
         (system_no, folder_no, file, name, sort_key, file_key, search_text, fingerprint)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      this.#systemNo,
      folderNo,
      file,
      name,
      sortKeyOf(name),
      sortKeyOf(file),
      searchText,
      fingerprint,
    );
    const mediaId = Number(lastInsertRowid);
    this.#writeWords(mediaId, searchText);
    this.#writeDetails(mediaId, details);
    return mediaId;
  }

  #update(
    { name, details }: FoundMedia,
    known: { mediaId: number; fingerprint: number; searchText: string },
  ): void {
    const { mediaId, fingerprint } = known;
    const searchText = searchTextOf(name);
    this.#database.prepare(
      `UPDATE media SET system_no = ?, name = ?, sort_key = ?, search_text = ?, fingerprint = ?,
         presence = ${PRESENCE.here} WHERE media_id = ?`,
    ).run(this.#systemNo, name, sortKeyOf(name), searchText, fingerprint, mediaId);
    if (searchText !== known.searchText) {
      this.#database.prepare("DELETE FROM media_words WHERE rowid = ?").run(mediaId);
      this.#writeWords(mediaId, searchText);
    }
    this.#writeDetails(mediaId, details);
  }

  #writeWords(mediaId: number, searchText: string): void {
    this.#database.prepare("INSERT INTO media_words (rowid, words) VALUES (?, ?)")
      .run(mediaId, indexedWordsOf(searchText));
  }

  #writeDetails(mediaId: number, details: FoundMedia["details"]): void {
    const json = JSON.stringify(details);
    if (json === "{}") {
      this.#database.prepare("DELETE FROM details WHERE media_id = ?").run(mediaId);
    } else {
      this.#database.prepare("INSERT OR REPLACE INTO details (media_id, json) VALUES (?, ?)")
        .run(mediaId, json);
    }
  }
}

/** Marks media of systems that are not among these as missing, and forgets systems without media. */
export function retireSystems(
  database: LibraryDatabase,
  { systems, silentSources }: {
    systems: readonly SystemKey[];
    silentSources: readonly string[];
  },
): StepResult {
  return database.write(() => {
    const kept = JSON.stringify(systems.map((system) => numberOfSystem(database, system)));
    const silent = JSON.stringify(silentSources);
    const rows = database.prepare(
      `SELECT m.media_id, m.folder_no, m.system_no, m.presence,
         s.source_key IN (SELECT value FROM json_each(?2)) AS is_silent
       FROM system s CROSS JOIN media m INDEXED BY media_of_system ON m.system_no = s.system_no
       WHERE s.system_no NOT IN (SELECT value FROM json_each(?1))
         AND m.presence NOT IN (${PRESENCE.gone}, iif(is_silent, ${PRESENCE.away}, ${PRESENCE.gone}))
       LIMIT ?3`,
    ).all(kept, silent, MEDIA_PER_STEP);
    const folders = new FolderTable(database);
    for (const row of rows) {
      const systemNo = Number(row["system_no"]);
      const presence = row["is_silent"] === 1 ? PRESENCE.away : PRESENCE.gone;
      markMissing(database, { row, systemNo, presence, folders });
    }
    folders.flush();
    if (rows.length === MEDIA_PER_STEP) return { isDone: false };
    database.prepare(
      `DELETE FROM system WHERE system_no NOT IN (SELECT value FROM json_each(?))
       AND NOT EXISTS (SELECT 1 FROM media m WHERE m.system_no = system.system_no)`,
    ).run(kept);
    return { isDone: forgetGone(database) < MEDIA_PER_STEP };
  });
}

function numberOfSystem(
  database: LibraryDatabase,
  { systemId, sourceKey, sourceName }: SystemKey,
): number {
  const row = database.prepare(
    `INSERT INTO system (system_id, source_key, source_name) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET system_id = excluded.system_id RETURNING system_no`,
  ).get(systemId, sourceKey, sourceName);
  return Number(row?.["system_no"]);
}

function markMissing(
  database: LibraryDatabase,
  { row, systemNo, presence, folders }: {
    row: Record<string, unknown>;
    systemNo: number;
    presence: number;
    folders: FolderTable;
  },
): void {
  const before = row["presence"];
  if (before === presence || before === PRESENCE.gone) return;
  database.prepare("UPDATE media SET presence = ? WHERE media_id = ?")
    .run(presence, Number(row["media_id"]));
  if (before !== PRESENCE.here) return;
  folders.add({ folderNo: Number(row["folder_no"]), systemNo, count: -1 });
}

// How many were forgotten.
function forgetGone(database: LibraryDatabase): number {
  const rows = database.prepare(
    `SELECT media_id, folder_no FROM media INDEXED BY media_gone WHERE presence = ${PRESENCE.gone}
     ORDER BY media_id LIMIT (SELECT max(0, min(?, count(*) - ?)) FROM media INDEXED BY media_gone
       WHERE presence = ${PRESENCE.gone})`,
  ).all(MEDIA_PER_STEP, MAX_GONE_MEDIA);
  const folders = new FolderTable(database);
  for (const row of rows) {
    const mediaId = Number(row["media_id"]);
    database.prepare("DELETE FROM media WHERE media_id = ?").run(mediaId);
    database.prepare("DELETE FROM details WHERE media_id = ?").run(mediaId);
    database.prepare("DELETE FROM media_words WHERE rowid = ?").run(mediaId);
    folders.removeEmpty(Number(row["folder_no"]));
  }
  return rows.length;
}

// FNV-1a over two halves, 53 bits in all: enough to tell that a media did not change.
function fingerprintOf({ name, bytes, modifiedMs, details }: FoundMedia): number {
  const text = [name, bytes, modifiedMs, JSON.stringify(details)].join("\0");
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x85ebca6b);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** Positive numbers, a bit for each: a system of 50,000 media takes some kilobytes. */
class NumberSet {
  #bits = new Uint8Array(1024);
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  add(number: number): void {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (number & 7));
    this.#isEmpty = false;
  }

  has(number: number): boolean {
    return ((this.#bits[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0;
  }
}
