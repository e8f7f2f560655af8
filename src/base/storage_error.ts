// Failures of the disk in words that the owner can act upon. They name no path and come from no peer,
// so that a caller may see them; the original stays as the cause.

import { AppError } from "./app_error.ts";

const TEXTS = {
  full: "No space left on the device",
  readOnly: "The device's storage is read-only",
  failing: "The device's storage fails",
} as const;

// SQLite's primary result codes: SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL.
const BY_SQLITE_CODE: ReadonlyMap<number, string> = new Map([
  [8, TEXTS.readOnly],
  [10, TEXTS.failing],
  [13, TEXTS.full],
]);

const BY_SYSTEM_CODE: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", TEXTS.full],
  ["EDQUOT", TEXTS.full],
  ["EROFS", TEXTS.readOnly],
  ["EIO", TEXTS.failing],
]);

// SQLITE_CORRUPT, SQLITE_NOTADB.
const DAMAGE_CODES: ReadonlySet<number> = new Set([11, 26]);

/** Whether a result code of SQLite, extended or not, says that the file is damaged. */
export function isSqliteDamage(errcode: number): boolean {
  return DAMAGE_CODES.has(errcode & 0xff);
}

/** AppError unavailable for what the disk did; everything else as it was thrown. */
export function explainStorageError(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null || thrown instanceof AppError) return thrown;
  const { errcode, code } = thrown as { errcode?: unknown; code?: unknown };
  const text = typeof errcode === "number"
    ? BY_SQLITE_CODE.get(errcode & 0xff)
    : BY_SYSTEM_CODE.get(String(code));
  return text === undefined ? thrown : new AppError("unavailable", text, { cause: thrown });
}
