// Judgements on what must survive a restart: the data folder and the database in it.

import { formatMode, OPEN_TO_OTHERS, STICKY } from "../../base/file_mode.ts";
import { fail, type Finding, ok, warn } from "./check.ts";
import type { DatabaseFacts, FolderFacts } from "./doctor_facts.ts";

/** Below this much free space the service cannot be relied on, in bytes. */
export const MIN_FREE_BYTES: number = 16 * 1024 * 1024;

/** Below this much free space the owner should make some, in bytes. */
export const SCARCE_FREE_BYTES: number = 64 * 1024 * 1024;

const OWNERS_RIGHTS = 0o700;

/** Judges the data folder. */
export function judgeDataFolder({ path, uid, state }: FolderFacts): Finding {
  if (state.kind === "not_a_folder") {
    return fail(`${path} is no folder`, "Move it away, or name another data_dir in [service]");
  }
  if (state.kind === "missing") {
    return state.canCreate
      ? ok(`${path} is made at the first start`)
      : fail(`${path} cannot be made`, "Make it yourself, owned by the service's user, mode 0700");
  }
  const { mode, ownerUid, freeBytes, isReadOnly, foreignName } = state;
  if ((mode & STICKY) !== 0) {
    return fail(`${path} is shared by all users`, "Name a folder of its own as data_dir");
  }
  // Root may use any folder, and the service may run as the folder's owner at other times.
  if (uid !== 0 && ownerUid !== uid) {
    return fail(`${path} belongs to user ${ownerUid}, not to ${uid}`, `chown -R ${uid} ${path}`);
  }
  const isOpen = (mode & OPEN_TO_OTHERS) !== 0;
  if (isOpen && foreignName !== undefined) {
    return fail(
      `${path} has mode ${formatMode(mode)} and holds ${
        JSON.stringify(foreignName)
      }, which is not ` +
        "latchkey's: the service does not start with it",
      `Name a folder of its own as data_dir in [service], or close this one: chmod 700 ${path}`,
    );
  }
  if (isOpen || (mode & OWNERS_RIGHTS) !== OWNERS_RIGHTS) {
    return fail(`${path} has mode ${formatMode(mode)}, not 0700`, `chmod 700 ${path}`);
  }
  if (isReadOnly) {
    return fail(`${path} is on a read-only disk`, "Mount it writable, or name another data_dir");
  }
  const free = `${Math.floor(freeBytes / (1024 * 1024))} MiB free`;
  if (freeBytes < MIN_FREE_BYTES) return fail(`${path}: ${free}`, "Make space on its disk");
  if (freeBytes < SCARCE_FREE_BYTES) return warn(`${path}: ${free}`, "Make space on its disk");
  return ok(`${path}, mode 0700, ${free}`);
}

/** Judges the database. */
export function judgeDatabase({ path, state }: DatabaseFacts): Finding {
  const restore = 'Put a backup in its place, or move it and its "-wal" and "-shm" away';
  switch (state.kind) {
    case "none":
      return ok("none yet, it is made at the first start");
    case "unfinished":
      return warn("it was not closed in order", "Start the service, which puts it in order");
    case "too_large":
      return warn(
        `${Math.floor(state.bytes / (1024 * 1024))} MiB are too many to check here`,
        `Check it while the service is stopped: sqlite3 ${path} "PRAGMA quick_check"`,
      );
    case "unreadable":
      return state.isDamage
        ? fail(`${path} is damaged`, restore)
        : fail(`${path} cannot be opened: ${state.reason}`, "See to its owner and mode (0600)");
    case "read": {
      const { verdict, version, newestVersion, tables, hasOwnTables } = state;
      if (verdict !== "ok") return fail(`${path} is damaged`, restore);
      if (version > newestVersion) {
        return fail(
          `${path} has version ${version}, this program knows ${newestVersion}`,
          "Install the newer latchkey again",
        );
      }
      if (!hasOwnTables || (version === 0 && tables > 0)) {
        return fail(`${path} has the tables of another program`, restore);
      }
      if (version < newestVersion) return ok(`sound, brought up to date at the next start`);
      return ok(`sound, version ${version}`);
    }
  }
}
