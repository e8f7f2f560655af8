// Backing a device up into a sealed file, and putting it back: the stores, the settings and the
// sealing together. A restore checks everything before it touches anything.

import { AuditLog } from "../audit/audit_log.ts";
import { type BackupContent, encodeBackup, parseBackup } from "../backup/backup_content.ts";
import { openSealedFile, sealFile } from "../backup/sealed_file.ts";
import { utf8 } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { silentLogger } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { parseConfig, parseOverlay } from "../config/config.ts";
import { privateFiles } from "../platform/private_files.ts";
import { SETTINGS_FILE } from "../settings/settings_file.ts";
import {
  readLiveRecords,
  readRecords,
  type RestoreCounts,
  restoreRecords,
} from "../sqlite/backup_store.ts";
import { findDatabase, openStores } from "../sqlite/stores.ts";
import { LockedError } from "../sqlite/write_lock.ts";
import { VERSION } from "../version.ts";

/** Options of {@linkcode createBackup}. */
export interface CreateBackupOptions {
  /** The folder with the device's state. */
  dataDir: string;
  /** Seals the file. */
  passphrase: string;
  /** What the owner's configuration file says, if there is one. */
  configText: string | undefined;
  /** What the file of changed settings says, if there is one. */
  settingsText: string | undefined;
}

/** Options of {@linkcode restoreBackup}. */
export interface RestoreBackupOptions {
  /** The sealed file. */
  file: Uint8Array;
  /** Its passphrase. */
  passphrase: string;
  /** The folder for the device's state, which the backup's configuration may name. */
  dataDir: (configText: string | undefined) => string;
}

/** What a restore did. */
export interface RestoreResult extends RestoreCounts {
  /** When the backup was made, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What the configuration file said, if there was one. */
  readonly configText: string | undefined;
}

/**
 * A sealed file with all that is needed to go on elsewhere. The service may run. Throws AppError, and
 * DatabaseUnusableError where the database cannot be used.
 */
export async function createBackup(
  options: CreateBackupOptions,
): Promise<{ file: Uint8Array; clients: number; keys: number }> {
  const { dataDir, passphrase, configText, settingsText } = options;
  const path = findDatabase(dataDir);
  if (path === undefined) throw new AppError("not_found", "There is nothing to back up yet");
  const records = readStores(dataDir, path);
  const content: BackupContent = {
    ...records,
    createdAtMs: systemClock.wallMs(),
    program: VERSION,
    configText,
    settingsText,
  };
  const file = await sealFile(encodeBackup(content), { passphrase, random: systemRandom });
  return { file, clients: records.clients.length, keys: records.keys.length };
}

function readStores(dataDir: string, path: string): ReturnType<typeof readRecords> {
  try {
    const stores = openStores({ dataDir, log: silentLogger });
    try {
      const records = readRecords(stores.database);
      auditOf(stores).record("backup_created", { clients: records.clients.length });
      return records;
    } finally {
      stores.close();
    }
  } catch (error) {
    // A running service has it open; then it is only read.
    if (error instanceof LockedError) return readLiveRecords(path);
    throw error;
  }
}

/**
 * Puts a backup back. Throws AppError, LockedError while the service runs and DatabaseUnusableError;
 * then nothing was changed.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoreResult> {
  const { file, passphrase } = options;
  const content = parseBackup(await openSealedFile(file, passphrase));
  const { createdAtMs, configText, settingsText } = content;
  checkSettings(content);
  const dataDir = options.dataDir(configText);
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    const counts = restoreRecords(stores.database, content);
    if (settingsText !== undefined) {
      privateFiles.write(`${dataDir}/${SETTINGS_FILE}`, utf8(settingsText));
    }
    auditOf(stores).record("backup_restored", { ...counts });
    return { ...counts, createdAtMs, configText };
  } finally {
    stores.close();
  }
}

function checkSettings({ settingsText, configText }: BackupContent): void {
  try {
    if (settingsText !== undefined) parseOverlay({ file: SETTINGS_FILE, text: settingsText });
    if (configText !== undefined) {
      parseConfig(configText, { file: "config.toml", env: { HOME: "/", isRoot: false } });
    }
  } catch (cause) {
    throw new AppError("bad_request", "The backup's settings cannot be used by this version", {
      cause,
    });
  }
}

function auditOf(stores: ReturnType<typeof openStores>): AuditLog {
  return new AuditLog({ store: stores.audit, clock: systemClock, log: silentLogger });
}
