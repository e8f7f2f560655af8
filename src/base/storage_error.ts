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

// SQLITE_IOERR_SHMSIZE: the index of a log could not get its length.
const NO_ROOM_FOR_INDEX = 4874;

// SQLITE_CORRUPT, SQLITE_NOTADB.
const DAMAGE_CODES: ReadonlySet<number> = new Set([11, 26]);

/** Whether a result code of SQLite, extended or not, says that the file is damaged. */
export function isSqliteDamage(errcode: number): boolean {
  return DAMAGE_CODES.has(errcode & 0xff);
}

/** Whether what was thrown says that there is no room on the disk. */
export function isStorageFull(thrown: unknown): boolean {
  return explainedText(thrown) === TEXTS.full ||
    (thrown as { errcode?: unknown } | undefined)?.errcode === NO_ROOM_FOR_INDEX;
}

/** AppError unavailable for what the disk did; everything else as it was thrown. */
export function explainStorageError(thrown: unknown): unknown {
  const text = thrown instanceof AppError ? undefined : explainedText(thrown);
  return text === undefined ? thrown : new AppError("unavailable", text, { cause: thrown });
}

function explainedText(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { errcode, code } = thrown as { errcode?: unknown; code?: unknown };
  return typeof errcode === "number"
    ? BY_SQLITE_CODE.get(errcode & 0xff)
    : BY_SYSTEM_CODE.get(String(code));
}
