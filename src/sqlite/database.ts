// Opening a database file so that nothing is ever lost or leaked by it: modes, pragmas, a check
// for damage, migrations. A file that cannot be used stays as it is, byte for byte.

import { DatabaseSync } from "node:sqlite";
import { asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { migrate, type Migration } from "./migrations.ts";

/** How long a statement waits for another process's lock, in milliseconds. */
export const BUSY_TIMEOUT_MS = 500;

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A database that must not be used; the message tells the owner why and what to do. */
export class DatabaseUnusableError extends Error {
  /** An error about the file at `path`. */
  constructor(path: string, reason: string, options: ErrorOptions = {}) {
    super(`Cannot use ${path}: ${reason}`, options);
    this.name = "DatabaseUnusableError";
  }
}

/** Options of {@linkcode openDatabase}. */
export interface OpenDatabaseOptions {
  /** The file, or ":memory:". */
  path: string;
  /** All migrations, oldest first. */
  migrations: readonly Migration[];
  /** The log. */
  log: Logger;
}

/** Opens and migrates a database; throws DatabaseUnusableError and changes nothing otherwise. */
export function openDatabase(options: OpenDatabaseOptions): DatabaseSync {
  const { path, migrations, log } = options;
  if (path !== ":memory:") {
    createFile(path);
    inspect(path, migrations.length);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    migrate(database, { path, migrations, log });
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof DatabaseUnusableError) throw error;
    throw new DatabaseUnusableError(path, `it cannot be opened (${asError(error).message})`, {
      cause: error,
    });
  }
}

/** Makes sure a folder is there and closed to others. */
export function createFolder(path: string): void {
  Deno.mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  Deno.chmodSync(path, FOLDER_MODE);
}

// SQLite would create the file with the umask's mode, and its -wal and -shm with the file's.
function createFile(path: string): void {
  const existing = statWithoutFollowing(path);
  if (existing !== undefined && !existing.isFile) {
    throw new DatabaseUnusableError(path, "it is not a regular file");
  }
  if (existing === undefined) {
    Deno.openSync(path, { createNew: true, write: true, mode: FILE_MODE }).close();
  } else {
    Deno.chmodSync(path, FILE_MODE);
  }
}

function statWithoutFollowing(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

// Looked at through a connection that cannot write: even closing a writing one would move what is
// in the -wal file into a damaged database.
function inspect(path: string, newestVersion: number): void {
  let version: number;
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      const verdict = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
      if (verdict !== "ok") throw new Error(String(verdict));
      version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    } finally {
      database.close();
    }
  } catch (error) {
    throw new DatabaseUnusableError(
      path,
      "the database is damaged. Nothing was changed. Move the file away to start afresh " +
        "(every client must pair again), or put a backup in its place",
      { cause: error },
    );
  }
  if (version > newestVersion) {
    throw new DatabaseUnusableError(
      path,
      `it was written by a newer latchkey (database version ${version}, this one knows ` +
        `${newestVersion}). Install that version again, or move the file away to start afresh`,
    );
  }
}
