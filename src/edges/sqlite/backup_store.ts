// Everything of a database that a backup keeps, and its way back: what the device has learned since
// is never taken back by an older backup.

import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { BackupRecords, UsedSalts } from "../../features/backup/backup_content.ts";
import { SALT_BYTES } from "../../protocol/v1/key_schedule.ts";
import { fileUrl } from "../../base/file_url.ts";
import { concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/app_error.ts";
import { MAX_CLIENTS } from "../../features/access/client.ts";
import { SqliteAuditStore } from "./audit_store.ts";
import { SqliteClientStore } from "./client_store.ts";
import { BUSY_TIMEOUT_MS } from "./database.ts";
import { SqliteFavoriteStore } from "./favorite_store.ts";
import { SqliteKeyStore } from "./key_store.ts";
import { MIGRATIONS } from "./migrations.ts";
import { SqliteTombstones } from "./tombstones.ts";
import { SqliteTimeMark } from "./time_mark.ts";
import type { SqlDatabase } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** What a restore did. */
export interface RestoreCounts {
  /** Clients that the device did not have. */
  readonly clients: number;
  /** API keys that it did not have. */
  readonly keys: number;
  /** Salts that it did not know. */
  readonly salts: number;
  /** Clients and keys of the backup that were removed here, and stay away. */
  readonly stayRemoved: number;
  /** Clients removed and keys revoked here, because the backup says that they were removed. */
  readonly removed: number;
}

/**
 * The records of a database that a running service has open; it is only read. Throws conflict where
 * that service is of a version with other tables.
 */
export function readLive(path: string): DatabaseContent {
  const database = new DatabaseSync(fileUrl(path, Deno.cwd()), {
    readOnly: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  try {
    const { user_version: version } = database.prepare("PRAGMA user_version").get() ?? {};
    if (version !== MIGRATIONS.length) {
      throw new AppError("conflict", "The running service is of another version: restart it first");
    }
    return readForBackup(database);
  } finally {
    database.close();
  }
}

/** What a database has for a backup. */
export interface DatabaseContent {
  readonly records: BackupRecords;
  /** The latest time that the device has kept, in milliseconds since 1970; 0 for none. */
  readonly timeMarkMs: number;
}

/** What an open database has for a backup. */
export function readForBackup(database: SqlDatabase): DatabaseContent {
  return { records: readRecords(database), timeMarkMs: new SqliteTimeMark(database).read() };
}

/** The records of an open database, all of one moment. */
export function readRecords(database: SqlDatabase): BackupRecords {
  database.exec("BEGIN");
  try {
    return {
      clients: new SqliteClientStore(database).list(),
      salts: readSalts(database),
      keys: new SqliteKeyStore(database).list(),
      requiredKeys: new SqliteKeyStore(database).required(),
      removed: new SqliteTombstones(database).list(),
      auditHead: new SqliteAuditStore(database).head(),
      favorites: new SqliteFavoriteStore(database).list(),
    };
  } finally {
    database.exec("COMMIT");
  }
}

function readSalts(database: SqlDatabase): UsedSalts[] {
  const salts = new Map<string, Uint8Array[]>();
  for (const row of database.prepare("SELECT client_id, salt FROM salts").iterate()) {
    const clientId = String(row["client_id"]);
    const own = salts.get(clientId) ?? [];
    own.push(row["salt"] as Uint8Array);
    salts.set(clientId, own);
  }
  return database.prepare("SELECT client_id, used FROM salt_counts ORDER BY client_id").all()
    .map((row: Record<string, SQLOutputValue>) => {
      const clientId = String(row["client_id"]);
      return {
        clientId,
        salts: concatBytes(...salts.get(clientId) ?? []),
        used: Number(row["used"]),
      };
    });
}

/**
 * Puts records back, all of them or none: clients and keys that the device does not have, every
 * salt, and favourites as long as there is room. A client that it has keeps its name and role, a key
 * its revocation. Where either side asked other hosts for a key, the device does. What either side
 * removed stays removed: of clients nothing is left, a key that is here is revoked at `nowMs`. Keys
 * end by `seenMs` at the earliest, so that none lives again where the clock is behind. Throws conflict
 * where the device would have too many clients, or another client has one's token.
 */
export function restoreRecords(
  database: SqlDatabase,
  { records, nowMs, seenMs }: { records: BackupRecords; nowMs: number; seenMs: number },
): RestoreCounts {
  return inTransaction(database, () => {
    const mark = new SqliteTimeMark(database);
    mark.write(Math.max(mark.read(), seenMs));
    const removed = removeHere(database, { records, nowMs });
    const left = withoutRemoved(database, records);
    new SqliteKeyStore(database).require(records.requiredKeys);
    new SqliteFavoriteStore(database).addMissing(records.favorites);
    return {
      clients: restoreClients(database, left),
      keys: restoreKeys(database, left),
      salts: restoreSalts(database, left),
      stayRemoved: records.clients.length + records.keys.length - left.clients.length -
        left.keys.length,
      removed,
    };
  });
}

// A key stays as a revoked one: taking the last key away must not open a door.
function removeHere(
  database: SqlDatabase,
  { records, nowMs }: { records: BackupRecords; nowMs: number },
): number {
  const tombstones = new SqliteTombstones(database);
  const clients = new SqliteClientStore(database);
  const keys = new SqliteKeyStore(database);
  tombstones.merge(records.removed);
  const dead = clients.list().filter((client) => tombstones.hasClient(client));
  const statement = database.prepare("DELETE FROM clients WHERE client_id = ?");
  for (const { clientId } of dead) statement.run(clientId);
  const revoked = records.removed.keys.filter((keyId) => keys.revoke(keyId, nowMs));
  return dead.length + revoked.length;
}

function withoutRemoved(database: SqlDatabase, records: BackupRecords): BackupRecords {
  const tombstones = new SqliteTombstones(database);
  const clients = records.clients.filter((client) => !tombstones.hasClient(client));
  const ids = new Set(clients.map(({ clientId }) => clientId));
  return {
    ...records,
    clients,
    salts: records.salts.filter(({ clientId }) => ids.has(clientId)),
    keys: records.keys.filter(({ keyId }) => !tombstones.hasKey(keyId)),
  };
}

function restoreClients(database: SqlDatabase, { clients }: BackupRecords): number {
  const store = new SqliteClientStore(database);
  const missing = clients.filter(({ clientId }) => store.findById(clientId) === undefined);
  if (store.count() + missing.length > MAX_CLIENTS) {
    throw new AppError("conflict", `The device would have more than ${MAX_CLIENTS} clients`);
  }
  for (const client of missing) {
    if (store.findByToken(client.authToken) !== undefined) {
      throw new AppError("conflict", "The device has another client with the same token");
    }
    store.add(client);
  }
  return missing.length;
}

function restoreKeys(database: SqlDatabase, { keys }: BackupRecords): number {
  const store = new SqliteKeyStore(database);
  const missing = keys.filter(({ keyId }) => store.find(keyId) === undefined);
  for (const key of missing) store.add(key);
  // Whichever side took a key back, it stays so.
  for (const { keyId, revokedAtMs } of keys) {
    if (revokedAtMs !== undefined) store.revoke(keyId, revokedAtMs);
  }
  const used = keys.flatMap(({ keyId, lastUsedAtMs }) =>
    lastUsedAtMs === undefined || !missing.some((key) => key.keyId === keyId)
      ? []
      : [[keyId, lastUsedAtMs] as const]
  );
  const statement = database.prepare("UPDATE api_keys SET last_used_at_ms = ? WHERE key_id = ?");
  for (const [keyId, atMs] of used) statement.run(atMs, keyId);
  return missing.length;
}

function restoreSalts(database: SqlDatabase, { salts }: BackupRecords): number {
  const insert = database.prepare("INSERT OR IGNORE INTO salts (client_id, salt) VALUES (?, ?)");
  const raise = database.prepare(
    `INSERT INTO salt_counts (client_id, used) VALUES (?1, max(?2, ${COUNT_OF_SALTS}))
     ON CONFLICT (client_id) DO UPDATE SET used = max(used, ?2, ${COUNT_OF_SALTS})`,
  );
  let added = 0;
  for (const { clientId, salts: own, used } of salts) {
    for (let at = 0; at < own.length; at += SALT_BYTES) {
      added += Number(insert.run(clientId, own.slice(at, at + SALT_BYTES)).changes);
    }
    raise.run(clientId, used);
  }
  return added;
}

const COUNT_OF_SALTS = "(SELECT count(*) FROM salts WHERE client_id = ?1)";
