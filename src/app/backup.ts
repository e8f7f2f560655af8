// Backing a device up into a sealed file, and putting it back: the stores, the settings and the
// sealing together. A restore checks everything before it touches anything.

import { lchownSync } from "node:fs";
import { AuditLog } from "../features/access/audit_log.ts";
import {
  type AuditHead,
  type BackupContent,
  encodeBackup,
  parseBackup,
} from "../features/backup/backup_content.ts";
import { checkPassphrase, openSealedFile, sealFile } from "../features/backup/sealed_file.ts";
import { systemClock } from "../base/clock.ts";
import { AppError } from "../base/app_error.ts";
import { silentLogger } from "../base/log.ts";
import { isOwnFile } from "../base/own_files.ts";
import { systemRandom } from "../base/random.ts";
import { parseConfig, parseOverlay } from "../edges/config/config.ts";
import type { ConfigReader } from "../edges/config/config_source.ts";
import { isTooLate } from "../features/doctor/device_judgements.ts";
import { LiveSettings } from "../features/settings/live_settings.ts";
import { SETTINGS_FILE } from "../features/settings/settings_file.ts";
import {
  type DatabaseContent,
  readForBackup,
  readLive,
  type RestoreCounts,
  restoreRecords,
} from "../edges/sqlite/backup_store.ts";
import { findDatabase, openStores, type Stores } from "../edges/sqlite/stores.ts";
import { LockedError } from "../base/locked_error.ts";
import { RELEASE_DATE, VERSION } from "../version.ts";
import { auditChanges } from "./audit_changes.ts";
import { compareSettings, type RestoredSettings, withSettings } from "./restored_settings.ts";

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
  /** The device's configuration, which the backup's may become. */
  configuration: (configText: string | undefined) => ConfigReader;
}

/** What a restore did. */
export interface RestoreResult extends RestoreCounts {
  /** The newest entry of the audit log at the backup, as `audit --verify` takes it. */
  readonly auditAnchor: string | undefined;
  /** When the backup was made, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What became of its changed settings; undefined where it has none. */
  readonly settings: RestoredSettings | undefined;
  /** The names of the settings that are others now. */
  readonly changedSettings: readonly string[];
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
  const { records, timeMarkMs } = await readStores(dataDir, path);
  const content: BackupContent = {
    ...records,
    // Of a device whose clock starts in 1970, the latest time that it has kept.
    createdAtMs: Math.max(systemClock.wallMs(), timeMarkMs),
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
): Promise<DatabaseContent> {
  try {
    const stores = openStores({ dataDir, log: silentLogger });
    try {
      const kept = readForBackup(stores.database);
      const audit = auditLogOf(stores);
      audit.record("backup_created", { clients: kept.records.clients.length });
      await audit.settled();
      return kept;
    } finally {
      stores.close();
      giveToOwner(dataDir);
    }
  } catch (error) {
    // A running service has it open; then it is only read.
    if (error instanceof LockedError) return readLive(path);
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
  const { createdAtMs, configText, settingsText } = content;
  checkSettings(content);
  const source = options.configuration(configText);
  const before = source.readWithout();
  const { dataDir } = before.service;
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    const settings = compareSettings(dataDir, settingsText);
    const after = settings?.kind === "taken" ? source.readWith(settings.text) : before;
    const nowMs = systemClock.wallMs();
    // A wild time was no more than a look at a clock: it must not end all keys.
    const seenMs = isTooLate(createdAtMs, RELEASE_DATE) ? 0 : createdAtMs;
    const counts = withSettings(
      settings,
      () => restoreRecords(stores.database, { records: content, nowMs, seenMs }),
    );
    const { changed } = new LiveSettings(before).replace(after);
    const audit = auditLogOf(stores);
    audit.record("backup_restored", { ...counts });
    auditChanges(audit, { changed, before, after, by: "restore" });
    await audit.settled();
    const auditAnchor = anchorText(content.auditHead);
    return { ...counts, auditAnchor, createdAtMs, settings, changedSettings: changed, configText };
  } finally {
    stores.close();
    giveToOwner(dataDir);
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

function auditLogOf(stores: Stores): AuditLog {
  const { audit: store, auditRefusals: refusals, auditAnchor: anchor } = stores;
  const anchored = anchor === undefined ? {} : { anchor };
  return new AuditLog({ store, refusals, ...anchored, clock: systemClock, log: silentLogger });
}

function anchorText(head: AuditHead | undefined): string | undefined {
  return head && `${head.id}:${head.hash.toHex()}`;
}
