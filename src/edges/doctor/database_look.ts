// The doctor's look at the database: strictly reading, also while the service writes. SQLite would
// leave side files behind even where it only reads, unless it is told not to (sqlite/database.ts
// has the ways in which a service opens it).

import { DatabaseSync } from "node:sqlite";
import { fileUrl } from "../../base/file_url.ts";
import { asError } from "../../base/app_error.ts";
import { isSqliteDamage } from "../../base/storage_error.ts";
import type { DatabaseFacts, TableFacts } from "../../features/doctor/doctor_facts.ts";
import type { ApiKey, DoorScope } from "../../features/access/api_key.ts";
import { statIfThere } from "./file_look.ts";

/** The largest database that is read whole, in bytes; larger ones take too long without a break. */
export const MAX_CHECKED_BYTES: number = 128 * 1024 * 1024;

/** What a device's database is, told by the edge that it belongs to. */
export interface DatabaseForm {
  /** Its name in the data folder. */
  readonly file: string;
  /** The version that its tables have by now. */
  readonly newestVersion: number;
  /** How long to wait for another process that has it, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Reads tables of that version; undefined where one is not as it should be. Writes nothing. */
  lookAtTables(database: DatabaseSync): TableFacts | undefined;
}

/** What was found in a database. */
export interface DatabaseLook {
  /** What it is like. */
  readonly facts: DatabaseFacts;
  /** Its API keys; undefined where it has none of this version. */
  readonly keys: readonly ApiKey[] | undefined;
  /** The latest time that the device has kept; undefined where it cannot be told. */
  readonly markMs?: number | undefined;
  /** The scopes for which other hosts need a key. */
  readonly required: readonly DoorScope[];
}

/** Looks at the database of a data folder. */
export async function lookAtDatabase(dataDir: string, form: DatabaseForm): Promise<DatabaseLook> {
  const path = `${dataDir}/${form.file}`;
  const without = (state: DatabaseFacts["state"]): DatabaseLook => ({
    facts: { path, state },
    keys: undefined,
    required: [],
  });
  const bytes = await sizeOf(path);
  const [logBytes, indexBytes, journalBytes] = await Promise.all(
    ["-wal", "-shm", "-journal"].map((suffix) => sizeOf(path + suffix)),
  );
  if (bytes === undefined) {
    const isWhole = logBytes === undefined || logBytes === 0;
    return isWhole ? { ...without({ kind: "none" }), keys: [] } : without(lostItsFile());
  }
  // SQLite takes one byte for an empty file.
  if (bytes === 1) return without({ kind: "unreadable", reason: "one byte", isDamage: true });
  // Only a connection that writes can put these in order, as the service does at its start.
  if (journalBytes !== undefined) return without({ kind: "unfinished" });
  if (logBytes !== undefined && logBytes > 0 && indexBytes === undefined) {
    return without(bytes === 0 ? lostItsFile() : { kind: "unfinished" });
  }
  if (bytes > MAX_CHECKED_BYTES) return without({ kind: "too_large", bytes });
  try {
    return read(path, { form, hasLog: indexBytes !== undefined });
  } catch (error) {
    const { errcode } = error as { errcode?: unknown };
    const isDamage = typeof errcode === "number" && isSqliteDamage(errcode);
    return without({ kind: "unreadable", reason: asError(error).message, isDamage });
  }
}

// SQLite throws away a log without the file that it belongs to.
function lostItsFile(): DatabaseFacts["state"] {
  return {
    kind: "unreadable",
    reason: "it is empty or missing, but its log is not",
    isDamage: true,
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statIfThere(path))?.size;
}

function read(path: string, options: { form: DatabaseForm; hasLog: boolean }): DatabaseLook {
  const { form: { newestVersion, busyTimeoutMs, lookAtTables }, hasLog } = options;
  const url = fileUrl(path, Deno.cwd());
  url.searchParams.set(hasLog ? "readonly_shm" : "immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true, timeout: busyTimeoutMs });
  try {
    const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    const verdict = String(one("PRAGMA quick_check(1)"));
    const version = Number(one("PRAGMA user_version"));
    const tables = Number(one("SELECT count(*) FROM sqlite_schema"));
    const isNewest = verdict === "ok" && version === newestVersion;
    const found = isNewest ? lookAtTables(database) : undefined;
    const { keys, required = [], markMs } = found ?? {};
    const hasOwnTables = !isNewest || found !== undefined;
    const state = { kind: "read", verdict, version, newestVersion, tables, hasOwnTables } as const;
    return { facts: { path, state }, keys, markMs, required };
  } finally {
    database.close();
  }
}
