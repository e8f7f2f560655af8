// Opening a database file so that nothing is ever lost or leaked by it: modes, pragmas, a check
// for damage, migrations. A file that cannot be used stays as it is, byte for byte.

import { fileUrl } from "../../base/file_url.ts";
import { isSqliteDamage } from "../../base/storage_error.ts";
import { formatMode, OPEN_TO_OTHERS, STICKY } from "../../base/file_mode.ts";
import { DatabaseSync } from "node:sqlite";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { isOwnFile } from "../../base/own_files.ts";
import { migrate, type Migration } from "./migrations.ts";

/** How long a statement waits for another process's lock, in milliseconds. */
export const BUSY_TIMEOUT_MS = 500;

/** The size of a page of a new database, in bytes; an older one keeps its own. */
export const PAGE_BYTES = 1024;

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

// What SQLite keeps beside a file: the log and its index, and the journal of before the log.
const SIDE_FILES = ["-wal", "-shm", "-journal"];

const PRAGMAS = [
  // Of a new one only. What is written at a time is small, and pages of 4 KiB would double it.
  `page_size = ${PAGE_BYTES}`,
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
];

const SQLITE_READONLY_ROLLBACK = 776;

const START_AFRESH = 'move it and any "-wal" and "-shm" beside it away to start afresh (every ' +
  "client must pair again)";

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
    // Statements, because errors of exec() do not say which they are.
    for (const pragma of PRAGMAS) database.prepare(`PRAGMA ${pragma}`).get();
  } catch (error) {
    database?.close();
    throw cannotOpen(path, error);
  }
  try {
    migrate(database, { path, migrations, log });
    return database;
  } catch (error) {
    database.close();
    throw new DatabaseUnusableError(
      path,
      "it cannot be brought to this version's shape, and was left as it was. Make sure that the " +
        "disk is not full, or install the version before",
      { cause: error },
    );
  }
}

/**
 * Makes sure a folder is there and closed to others. One that others can read is closed only where it
 * holds nothing but this program's files; otherwise throws DatabaseUnusableError and changes nothing.
 */
export function ensurePrivateFolder(path: string, log: Logger): void {
  makeFolder(path);
  const mode = Deno.statSync(path).mode ?? 0;
  if ((mode & STICKY) !== 0) {
    throw new DatabaseUnusableError(
      path,
      "other users share this folder. Name one of its own as data_dir in [service]",
    );
  }
  if ((mode & OPEN_TO_OTHERS) === 0) return;
  const foreign = [...Deno.readDirSync(path)].find(({ name }) => !isOwnFile(name));
  if (foreign !== undefined) {
    throw new DatabaseUnusableError(
      path,
      `other users can read this folder, and it holds what is not latchkey's (${
        JSON.stringify(foreign.name)
      }). Name a folder of its own as data_dir in [service], or close this one: chmod 700 ${path}`,
    );
  }
  Deno.chmodSync(path, FOLDER_MODE);
  log.warn("Closed the data folder to other users", { path, modeBefore: formatMode(mode) });
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    // The system's own words would name the call and not what to do.
    const isDenied = error instanceof Deno.errors.PermissionDenied;
    const why = isDenied ? "this user may not make this folder" : "no folder can be made there";
    throw new DatabaseUnusableError(path, `${why}. Name another one as data_dir in [service]`, {
      cause: error,
    });
  }
}

// SQLite would create the file with the umask's mode, and its -wal and -shm with the file's.
function createFile(path: string): void {
  for (const file of [path, ...SIDE_FILES.map((suffix) => path + suffix)]) {
    const existing = statWithoutFollowing(file);
    if (existing === undefined) continue;
    if (!existing.isFile) throw new DatabaseUnusableError(file, "it is not a regular file");
    if (((existing.mode ?? 0) & OPEN_TO_OTHERS) !== 0) Deno.chmodSync(file, FILE_MODE);
  }
  // SQLite would throw away a log without the file that it belongs to.
  if (sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0) {
    throw damaged(path, new Error("It is empty or missing, but its log is not"));
  }
  Deno.openSync(path, { create: true, write: true, mode: FILE_MODE }).close();
}

function statWithoutFollowing(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function sizeOf(path: string): number {
  return statWithoutFollowing(path)?.size ?? 0;
}

function inspect(path: string, newestVersion: number): void {
  const { verdict, version, tables } = readFindings(path);
  if (verdict !== "ok") throw damaged(path, new Error(verdict));
  if (version > newestVersion) {
    throw new DatabaseUnusableError(
      path,
      `it was written by a newer latchkey (database version ${version}, this one knows ` +
        `${newestVersion}). Install that version again, or ${START_AFRESH}`,
    );
  }
  if (version === 0 && tables > 0) {
    throw new DatabaseUnusableError(path, "it is a database of another program. Move it away");
  }
}

interface Findings {
  readonly verdict: string;
  readonly version: number;
  readonly tables: number;
}

function readFindings(path: string): Findings {
  // SQLite takes one byte for an empty file, and would write over it.
  if (Deno.statSync(path).size === 1) throw damaged(path, new Error("A file of one byte"));
  try {
    return query(path, { readOnly: true });
  } catch (error) {
    if (errcodeOf(error) !== SQLITE_READONLY_ROLLBACK) throw whyUnreadable(path, error);
  }
  // The power failed within a transaction before the file had its log, at its very first start
  // say. Only a connection that writes can put back what the journal kept.
  try {
    return query(path, { readOnly: false });
  } catch (error) {
    throw whyUnreadable(path, error);
  }
}

// Even closing a connection that writes would move what is in the -wal into a damaged database, and
// one that only reads leaves an empty -wal behind where there was none, unless told that nobody
// writes. The platform takes the URL that tells it from who has all permissions: a service that opens
// its database again has not, and its log is there.
function query(path: string, options: { readOnly: boolean }): Findings {
  const isAlone = SIDE_FILES.every((suffix) => statWithoutFollowing(path + suffix) === undefined);
  const place = options.readOnly && isAlone ? unwrittenUrl(path) : path;
  const database = new DatabaseSync(place, { ...options, timeout: BUSY_TIMEOUT_MS });
  try {
    const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    return {
      verdict: String(one("PRAGMA quick_check(1)")),
      version: Number(one("PRAGMA user_version")),
      tables: Number(one("SELECT count(*) FROM sqlite_schema")),
    };
  } finally {
    database.close();
  }
}

function unwrittenUrl(path: string): URL {
  const url = fileUrl(path, Deno.cwd());
  url.searchParams.set("immutable", "1");
  return url;
}

function whyUnreadable(path: string, error: unknown): DatabaseUnusableError {
  return isSqliteDamage(errcodeOf(error)) ? damaged(path, error) : cannotOpen(path, error);
}

function damaged(path: string, cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError(
    path,
    `the database is damaged. Nothing was changed. Put a backup in its place, or ${START_AFRESH}`,
    { cause },
  );
}

function cannotOpen(path: string, cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError(path, `it cannot be opened (${asError(cause).message})`, {
    cause,
  });
}

function errcodeOf(error: unknown): number {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : 0;
}
