// Backing a device up into a sealed file, and putting it back: the stores, the settings and the
// sealing together. A restore checks everything before it touches anything.

import { lchownSync } from "node:fs";
import { type AuditDetails, AuditLog } from "../features/access/audit_log.ts";
import {
  type AuditHead,
  type BackupContent,
  encodeBackup,
  parseBackup,
} from "../features/backup/backup_content.ts";
import { checkPassphrase, openSealedFile, sealFile } from "../features/backup/sealed_file.ts";
import { utf8 } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import { AppError } from "../base/app_error.ts";
import { silentLogger } from "../base/log.ts";
import { isOwnFile } from "../base/own_files.ts";
import { systemRandom } from "../base/random.ts";
import { parseConfig, parseOverlay } from "../edges/config/config.ts";
import { privateFiles } from "../edges/platform/private_files.ts";
import { SETTINGS_FILE } from "../features/settings/settings_file.ts";
import {
  readLiveRecords,
  readRecords,
  type RestoreCounts,
  restoreRecords,
} from "../edges/sqlite/backup_store.ts";
import { findDatabase, openStores, type Stores } from "../edges/sqlite/stores.ts";
import { LockedError } from "../base/locked_error.ts";
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
  /** The newest entry of the audit log at the backup, as `audit --verify` takes it. */
  readonly auditAnchor: string | undefined;
  /** When the backup was made, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What the configuration file said, if there was one. */
  readonly configText: string | undefined;
}

/**
 * A sealed file with all that is needed to go on elsewhere. The service may run; then nobody but it
 * writes, so that the audit log does not tell of the backup. Throws AppError, and
 * DatabaseUnusableError where the database cannot be used.
 */
export async function createBackup(
  options: CreateBackupOptions,
): Promise<{ file: Uint8Array; clients: number; keys: number; auditAnchor: string | undefined }> {
  const { dataDir, passphrase, configText, settingsText } = options;
  checkPassphrase(passphrase);
  const path = findDatabase(dataDir);
  if (path === undefined) throw new AppError("not_found", "Nothing to back up yet");
  const records = await readStores(dataDir, path);
  const content: BackupContent = {
    ...records,
    createdAtMs: systemClock.wallMs(),
    program: VERSION,
    configText,
    settingsText,
  };
  const file = await sealFile(encodeBackup(content), { passphrase, random: systemRandom });
  const { clients, keys, auditHead } = records;
  const auditAnchor = anchorText(auditHead);
  return { file, clients: clients.length, keys: keys.length, auditAnchor };
}

async function readStores(
  dataDir: string,
  path: string,
): Promise<ReturnType<typeof readRecords>> {
  try {
    const stores = openStores({ dataDir, log: silentLogger });
    try {
      const records = readRecords(stores.database);
      await recordBackup(stores, "backup_created", { clients: records.clients.length });
      return records;
    } finally {
      stores.close();
      giveToOwner(dataDir);
    }
  } catch (error) {
    // A running service has it open; then it is only read.
    if (error instanceof LockedError) return readLiveRecords(path);
    throw error;
  }
}

/**
 * Puts a backup back. Throws AppError, LockedError while the service runs and DatabaseUnusableError;
 * then nothing was changed. A process that is killed leaves all of the records or none; putting the
 * same backup back once more completes it.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoreResult> {
  const { file, passphrase } = options;
  const content = parseBackup(await openSealedFile(file, passphrase));
  const { createdAtMs, configText } = content;
  checkSettings(content);
  const dataDir = options.dataDir(configText);
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    const counts = restoreAll(stores.database, { content, dataDir });
    await recordBackup(stores, "backup_restored", { ...counts });
    const auditAnchor = anchorText(content.auditHead);
    return { ...counts, auditAnchor, createdAtMs, configText };
  } finally {
    stores.close();
    giveToOwner(dataDir);
  }
}

// The settings are on the disk before the records change, so that a full disk spoils neither.
function restoreAll(
  database: Stores["database"],
  { content, dataDir }: { content: BackupContent; dataDir: string },
): RestoreCounts {
  const { settingsText } = content;
  const nowMs = systemClock.wallMs();
  if (settingsText === undefined) return restoreRecords(database, { records: content, nowMs });
  const place = `${dataDir}/${SETTINGS_FILE}`;
  const staged = `${place}.restored`;
  try {
    privateFiles.write(staged, utf8(settingsText));
    const counts = restoreRecords(database, { records: content, nowMs });
    Deno.renameSync(staged, place);
    return counts;
  } catch (error) {
    privateFiles.remove(staged);
    throw error;
  }
}

// Who restores is often root, and the service another user, who could not read what root made.
function giveToOwner(folder: string): void {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = Deno.statSync(folder);
  if (uid === null || gid === null) return;
  for (const { name } of Deno.readDirSync(folder)) {
    if (!isOwnFile(name)) continue;
    const path = `${folder}/${name}`;
    const file = Deno.lstatSync(path);
    // A link in another user's folder may lead to what is not theirs.
    if (file.isFile && file.nlink === 1 && file.uid === 0) lchownSync(path, uid, gid);
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

async function recordBackup(
  stores: Stores,
  event: "backup_created" | "backup_restored",
  details: AuditDetails,
): Promise<void> {
  const { audit: store, auditRefusals: refusals, auditAnchor: anchor } = stores;
  const anchored = anchor === undefined ? {} : { anchor };
  const log = silentLogger;
  const audit = new AuditLog({ store, refusals, ...anchored, clock: systemClock, log });
  audit.record(event, details);
  await audit.settled();
}

function anchorText(head: AuditHead | undefined): string | undefined {
  return head && `${head.id}:${head.hash.toHex()}`;
}
