// All stores of one data folder, under one lock and in one file.

import type { AuditStore } from "../../features/access/audit_log.ts";
import type { AuditAnchor } from "../../features/access/anchor_keeper.ts";
import type { Clock } from "../../base/clock.ts";
import { isStorageFull } from "../../base/storage_error.ts";
import type { TimeMarkStore } from "../../base/lasting_clock.ts";
import type { Logger } from "../../base/log.ts";
import type { ClientStore } from "../../features/access/client.ts";
import type { RemovedClients } from "../../features/access/removed_clients.ts";
import type { KeyStore } from "../../features/access/api_key.ts";
import type { LimitStore } from "../../features/models/limit_store.ts";
import type { UsageOutbox, UsageStore } from "../../features/models/usage.ts";
import type { FavoriteStore } from "../../features/library/favorites.ts";
import type { HistoryStore } from "../../features/library/run_history.ts";
import type { PhoneSettingsStore } from "../../features/settings/phone_settings.ts";
import type { ReplayLedger } from "../../features/session/replay_ledger.ts";
import { SqliteFavoriteStore } from "./favorite_store.ts";
import { SqlitePhoneSettingsStore } from "./phone_settings_store.ts";
import { SqliteHistoryStore } from "./run_history_store.ts";
import { fileAnchor } from "./audit_anchor.ts";
import { SqliteAuditStore } from "./audit_store.ts";
import { SqliteClientStore } from "./client_store.ts";
import { DatabaseUnusableError, ensurePrivateFolder, openDatabase } from "./database.ts";
import { FileWatch } from "./file_watch.ts";
import { SqliteKeyStore } from "./key_store.ts";
import { SqliteLimitStore } from "./sqlite_limit_store.ts";
import { MIGRATIONS } from "./migrations.ts";
import { ServedDatabase } from "./served_database.ts";
import { SqliteReplayLedger } from "./sqlite_replay_ledger.ts";
import { SqliteTimeMark } from "./time_mark.ts";
import { SqliteTombstones } from "./tombstones.ts";
import type { SqlDatabase } from "./sql_database.ts";
import { guardTransactions, inTransaction } from "./transaction.ts";
import { SqliteUsageOutbox, SqliteUsageStore } from "./usage_store.ts";
import { takeWriteLock } from "./write_lock.ts";

/** The name of the database in the data folder. */
export const DATABASE_FILE = "latchkey.sqlite";

/** The open stores. */
export interface Stores {
  /** The database that all of them lie in, for a backup and a restore. */
  readonly database: SqlDatabase & { readonly isOpen: boolean };
  readonly clients: ClientStore;
  /** The clients that were removed. */
  readonly removedClients: RemovedClients;
  /** The salts they have used. */
  readonly ledger: ReplayLedger;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  /** The latest time that the device has seen. */
  readonly timeMark: TimeMarkStore;
  /** Refusals, in a ring of their own. */
  readonly auditRefusals: AuditStore;
  /** Where the newest entry of the audit log is remembered; undefined for stores in memory. */
  readonly auditAnchor?: AuditAnchor;
  /** What keys have used of the model gateway. */
  readonly usage: UsageStore;
  /** Usage on its way to a store elsewhere. */
  readonly usageOutbox: UsageOutbox;
  /** The limits of keys. */
  readonly limits: LimitStore;
  /** What was run. */
  readonly history: HistoryStore;
  readonly favorites: FavoriteStore;
  /** What the phone's app has set for itself. */
  readonly phoneSettings: PhoneSettingsStore;
  /** Runs `work` in one transaction of all stores; a throw undoes all of it. */
  transact<Result>(work: () => Result): Result;
  /**
   * Resolves when a transaction does not get in the way of a checkpoint: for who can wait and writes
   * often. Rejects with AppError unavailable.
   */
  ready(): Promise<void>;
  /**
   * Resolves once all that was written before the call is on the disk; rejects with AppError
   * unavailable where that cannot be said. Nobody is told of a write before.
   */
  durable(): Promise<void>;
  /** Calls `listener` when what was written and not yet on the disk may be gone. */
  onReopened(listener: () => void): void;
  /** Whether something can be kept: the database is still the file in the folder, and the disk works. */
  isUsable(): boolean;
  /** Writes everything out and gives the folder free; safe to call twice. */
  close(): void;
}

/** The path of the database in a folder; undefined where there is none. */
export function findDatabase(dataDir: string): string | undefined {
  const path = `${dataDir}/${DATABASE_FILE}`;
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens the stores in a folder for a command: each write is on the disk when it returns. Throws
 * LockedError or DatabaseUnusableError.
 */
export function openStores(options: { dataDir: string; log: Logger }): Stores {
  const { dataDir, log } = options;
  return withLock(options, (path, unlock) => {
    const database = openDatabase({ path, migrations: MIGRATIONS, log });
    const watch = new FileWatch(path, log);
    guardTransactions(database, { before: () => watch.check() });
    return {
      database,
      ...prepareStores(database, path),
      auditAnchor: fileAnchor(dataDir),
      isUsable: () => watch.isThere(),
      close(): void {
        if (!database.isOpen) return;
        database.close();
        unlock();
      },
    };
  });
}

/**
 * Opens the stores in a folder for a service: writes do not wait for the disk, whoever tells of one
 * does. Throws LockedError or DatabaseUnusableError.
 */
export function openServedStores(
  options: { dataDir: string; clock: Clock; log: Logger },
): Stores {
  const { dataDir, clock, log } = options;
  return withLock(options, (path, unlock) => {
    const served = new ServedDatabase({ path, clock, log });
    const { database } = served;
    try {
      return {
        database,
        ...prepareStores(database, path),
        auditAnchor: fileAnchor(dataDir),
        ready: () => served.ready(),
        durable: () => served.durable(),
        onReopened: (listener) => served.onReopened(listener),
        isUsable: () => served.isUsable(),
        close(): void {
          if (!database.isOpen) return;
          try {
            served.close();
          } finally {
            unlock();
          }
        },
      };
    } catch (error) {
      served.close();
      throw error;
    }
  });
}

function withLock(
  { dataDir, log }: { dataDir: string; log: Logger },
  open: (path: string, unlock: () => void) => Stores,
): Stores {
  try {
    ensurePrivateFolder(dataDir, log);
    const unlock = takeWriteLock(dataDir);
    try {
      return open(`${dataDir}/${DATABASE_FILE}`, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  } catch (error) {
    throw explainFullDisk(error, dataDir);
  }
}

// Each step would tell of it in words of its own.
function explainFullDisk(error: unknown, dataDir: string): unknown {
  const isFull = (one: unknown): boolean =>
    isStorageFull(one) || (one instanceof Error && isFull(one.cause));
  if (!isFull(error)) return error;
  return new DatabaseUnusableError(
    dataDir,
    "the disk that it is on is full. Nothing is lost: make room there and start again",
    { cause: error },
  );
}

/**
 * Stores over an open database, one in memory say, each of whose writes is durable when it returns.
 * Throws DatabaseUnusableError where a table is not as this version knows it, and closes the database.
 */
export function prepareStores(
  database: SqlDatabase & { close?(): void },
  path: string,
): Omit<Stores, "close" | "isUsable" | "database"> {
  try {
    return {
      clients: new SqliteClientStore(database),
      removedClients: new SqliteTombstones(database),
      ledger: new SqliteReplayLedger(database),
      keys: new SqliteKeyStore(database),
      audit: new SqliteAuditStore(database),
      auditRefusals: new SqliteAuditStore(database, "audit_refusals"),
      timeMark: new SqliteTimeMark(database),
      usage: new SqliteUsageStore(database),
      usageOutbox: new SqliteUsageOutbox(database),
      limits: new SqliteLimitStore(database),
      history: new SqliteHistoryStore(database),
      favorites: new SqliteFavoriteStore(database),
      phoneSettings: new SqlitePhoneSettingsStore(database),
      transact: (work) => inTransaction(database, work),
      ready: () => Promise.resolve(),
      durable: () => Promise.resolve(),
      onReopened: () => {},
    };
  } catch (error) {
    database.close?.();
    throw new DatabaseUnusableError(
      path,
      "its tables are not those of its version. Put a backup in its place",
      { cause: error },
    );
  }
}
