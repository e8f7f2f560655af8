// The file of the library's index. It is derived data: what is damaged or of another version is made
// anew, and where no file can be had the index lies in memory. It asks for no durability, so that no
// commit waits for a card; after a loss of power the file is checked, and made anew where that hurt it.

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { asError } from "../../base/app_error.ts";
import { OPEN_TO_OTHERS } from "../../base/file_mode.ts";
import type { Logger } from "../../base/log.ts";
import { explainStorageError, isSqliteDamage } from "../../base/storage_error.ts";
import { LIBRARY_SCHEMA, LIBRARY_VERSION } from "./library_schema.ts";

/** The name of the index in the data folder. */
export const LIBRARY_FILE = "library.sqlite";

const FILE_MODE = 0o600;
const SIDE_FILES = ["-wal", "-shm", "-journal"];

// So small that no commit writes more than a megabyte into the file at once.
const CHECKPOINT_PAGES = 200;

/** Options of {@linkcode LibraryDatabase}. */
export interface LibraryDatabaseOptions {
  /** The file, or ":memory:". */
  readonly path: string;
  readonly log: Logger;
}

/** The database of the index; it replaces itself by an empty one where it is damaged. */
export class LibraryDatabase {
  readonly #path: string;
  readonly #log: Logger;
  readonly #statements = new Map<string, StatementSync>();
  readonly #remadeListeners = new Set<() => void>();
  #database: DatabaseSync;
  #generation = 0;

  /** Opens the file, makes it anew where it cannot be used, or takes memory; never throws. */
  constructor({ path, log }: LibraryDatabaseOptions) {
    this.#path = path;
    this.#log = log;
    this.#database = openLibrary(path, { log, isDamaged: false });
  }

  /** How often it was made anew since it was opened: ids of one generation mean nothing in another. */
  get generation(): number {
    return this.#generation;
  }

  /** Calls `listener` after it was made anew while in use; the result ends that. */
  onRemade(listener: () => void): () => void {
    this.#remadeListeners.add(listener);
    return () => this.#remadeListeners.delete(listener);
  }

  /** A statement, prepared once; for use within {@linkcode read} and {@linkcode write}. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  /** Runs `work`, once more over an empty index where the file turns out to be damaged. */
  read<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!this.#remadeFor(error)) throw error;
      return work();
    }
  }

  /**
   * Runs `work` in one transaction; a throw undoes all of it. Throws AppError unavailable where the
   * disk is full or fails.
   */
  write<Result>(work: () => Result): Result {
    try {
      this.prepare("BEGIN IMMEDIATE").run();
      const result = work();
      this.prepare("COMMIT").run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      this.#remadeFor(error);
      throw explainStorageError(error);
    }
  }

  /** Closes the file so that the next start need not check it; safe to call twice. */
  close(): void {
    if (!this.#database.isOpen) return;
    try {
      this.#database.exec("PRAGMA synchronous = FULL; UPDATE state SET is_open = 0");
    } catch (error) {
      this.#log.debug("The library's index is checked at the next start", {
        reason: asError(error).message,
      });
    }
    this.#statements.clear();
    this.#database.close();
  }

  #remadeFor(error: unknown): boolean {
    if (!isSqliteDamage(errcodeOf(error))) return false;
    warnRemade(this.#log, this.#path, error);
    this.#statements.clear();
    this.#database.close();
    this.#database = openLibrary(this.#path, { log: this.#log, isDamaged: true });
    this.#generation++;
    for (const listener of this.#remadeListeners) listener();
    return true;
  }
}

function openLibrary(
  path: string,
  { log, isDamaged }: { log: Logger; isDamaged: boolean },
): DatabaseSync {
  if (path !== ":memory:") {
    try {
      if (isDamaged) removeLibrary(path);
      return openOrRemake(path, log);
    } catch (error) {
      log.warn("The library's index lies in memory until the next start", {
        path,
        reason: asError(error).message,
      });
    }
  }
  return openFile(":memory:");
}

function openOrRemake(path: string, log: Logger): DatabaseSync {
  try {
    createFile(path);
    return openFile(path);
  } catch (error) {
    if (!(error instanceof OtherVersion)) warnRemade(log, path, error);
    removeLibrary(path);
    createFile(path);
    return openFile(path);
  }
}

function warnRemade(log: Logger, path: string, error: unknown): void {
  log.warn("The library's index cannot be used and is made anew", {
    path,
    reason: asError(error).message,
  });
}

class OtherVersion extends Error {}

function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = OFF");
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (one("SELECT count(*) FROM sqlite_schema") === 0) {
      database.exec(`BEGIN; ${LIBRARY_SCHEMA} PRAGMA user_version = ${LIBRARY_VERSION}; COMMIT`);
    }
    if (one("PRAGMA user_version") !== LIBRARY_VERSION) throw new OtherVersion();
    if (one("SELECT is_open FROM state") === 1) {
      const verdict = one("PRAGMA quick_check(1)");
      if (verdict !== "ok") throw new Error(String(verdict));
    }
    database.exec("UPDATE state SET is_open = 1");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// SQLite would create the file with the umask's mode, and its -wal and -shm with the file's.
function createFile(path: string): void {
  const existing = statSelf(path);
  if (existing !== undefined && !existing.isFile) throw new Error("It is not a regular file");
  Deno.openSync(path, { create: true, write: true, mode: FILE_MODE }).close();
  if (((existing?.mode ?? 0) & OPEN_TO_OTHERS) !== 0) Deno.chmodSync(path, FILE_MODE);
}

function statSelf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeLibrary(path: string): void {
  for (const file of [path, ...SIDE_FILES.map((suffix) => path + suffix)]) {
    try {
      Deno.removeSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function errcodeOf(error: unknown): number {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : 0;
}
