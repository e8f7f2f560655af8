// The connections and handles with which a service writes its database without waiting for the disk,
// and the steps of a checkpoint between two of which the caller waits for a sync.
//
// SQLite itself syncs nothing here (synchronous=OFF), so two of its promises are kept by other means:
//
// - A page reaches the database file only after the log that has it is on the disk. `reader` holds a
//   read transaction, and a checkpoint copies no further than what its snapshot saw; the caller takes
//   the snapshot, waits for a sync of the log, and only then has it copied.
// - The log begins anew only when the database file is on the disk, and its new beginning is there
//   before anything follows it. Otherwise a power cut could leave the old header with old frames
//   behind it and newer ones behind those, and recovery would put old pages over newer ones. `reader`
//   is always within a transaction, which keeps everybody (another process too) from starting the
//   log anew but restart(); and every log begins with a transaction of one frame alone, which is
//   synced before the next. Until then the disk has that frame or the one that was there, whole or
//   torn: whole it is a log that says what the database file says already, torn it is an empty one.

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Logger } from "../../base/log.ts";
import { BUSY_TIMEOUT_MS, openDatabase } from "./database.ts";
import { FileWatch } from "./file_watch.ts";
import type { Migration } from "./migrations.ts";

/** A file whose content is to be on the disk. */
export interface SyncedFile {
  /** Waits for the disk on another thread. */
  syncData(): Promise<void>;
  /** Waits for the disk. */
  syncDataSync(): void;
  /** How long the file is, in bytes. */
  size(): number;
  /** Cuts it to a length, in bytes; of the log alone. */
  cut(bytes: number): void;
  /** Closes the file. */
  close(): void;
}

/** Opens a file that is there. */
export type OpenSyncedFile = (path: string) => SyncedFile;

const LOG_HEADER_BYTES = 32;

const FRAME_HEADER_BYTES = 24;

const ANY_ROW = "SELECT 1 FROM sqlite_schema LIMIT 1";

/** Options of {@linkcode openWalConnections}. */
export interface WalConnectionsOptions {
  /** The database file. */
  path: string;
  /** All migrations, oldest first. */
  migrations: readonly Migration[];
  /** Opens the files that are synced. */
  openFile: OpenSyncedFile;
  log: Logger;
}

/** An open database whose log its owner syncs. */
export class WalConnections {
  /** Reads and writes; nothing that it commits is on the disk before the log was synced. */
  readonly main: DatabaseSync;
  /** Whether the files are still those that were opened. */
  readonly watch: FileWatch;
  readonly #reader: DatabaseSync;
  readonly #files: Files;
  readonly #statements: Readonly<
    Record<
      "sizes" | "copy" | "begin" | "end" | "snapshot" | "startMark" | "dataVersion",
      StatementSync
    >
  >;
  /** The bytes of one frame of the log. */
  readonly #frameBytes: number;
  /** Whether the folder's entry of the log is on the disk. */
  #isNamed = false;

  /** Takes over connections whose log is empty, and its files. */
  constructor(parts: { main: DatabaseSync; reader: DatabaseSync; files: Files; watch: FileWatch }) {
    const { main, reader, files, watch } = parts;
    this.main = main;
    this.watch = watch;
    this.#reader = reader;
    this.#files = files;
    main.exec("PRAGMA synchronous = OFF");
    main.exec("PRAGMA wal_autocheckpoint = 0");
    reader.exec("PRAGMA cache_size = 8");
    const one = (sql: string): number => Number(Object.values(main.prepare(sql).get() ?? {})[0]);
    this.#frameBytes = one("PRAGMA page_size") + FRAME_HEADER_BYTES;
    const version = one("PRAGMA user_version");
    this.#statements = {
      sizes: main.prepare("PRAGMA wal_checkpoint(NOOP)"),
      copy: main.prepare("PRAGMA wal_checkpoint(PASSIVE)"),
      // Changes the first page and nothing in it.
      startMark: main.prepare(`PRAGMA user_version = ${version}`),
      // Changes where another connection has committed.
      dataVersion: main.prepare("PRAGMA data_version"),
      begin: reader.prepare("BEGIN"),
      snapshot: reader.prepare(ANY_ROW),
      end: reader.prepare("COMMIT"),
    };
    this.#statements.startMark.run();
    this.#takeSnapshot();
  }

  /** How long the log is that began with the last restart, in bytes. */
  logBytes(): number {
    return this.#sizes().log * this.#frameBytes;
  }

  /** Whether the database file has all that the log has. */
  isCopied(): boolean {
    const { log, checkpointed } = this.#sizes();
    return log === checkpointed;
  }

  /** Lets the next {@linkcode WalConnections.copy} go up to what is committed now. */
  moveSnapshot(): void {
    // Of a log that is copied as a whole a new snapshot would not keep others from starting it anew.
    if (this.isCopied()) return;
    this.#statements.end.run();
    this.#takeSnapshot();
  }

  /** Copies from the log into the database file, up to the snapshot, which must be on the disk. */
  copy(): void {
    this.#statements.copy.get();
  }

  /** Starts the log anew where it is copied as a whole and the database file is on the disk. */
  restartLog(): void {
    this.#statements.end.run();
    try {
      this.#statements.startMark.run();
    } finally {
      this.#takeSnapshot();
    }
  }

  /**
   * Cuts the file of the log to `maxBytes` where it is longer and the log is not. The beginning of the
   * log must be on the disk: the old one with fewer frames behind it would be an older state.
   */
  cutLog(maxBytes: number): void {
    const { blockingLog } = this.#files;
    const version = this.#dataVersion();
    if (blockingLog.size() <= maxBytes) return;
    if (LOG_HEADER_BYTES + this.logBytes() > maxBytes) return;
    this.main.exec("BEGIN IMMEDIATE");
    try {
      // Within a transaction nothing can be counted, and nobody else writes.
      if (this.#dataVersion() === version) blockingLog.cut(maxBytes);
    } finally {
      this.main.exec("COMMIT");
    }
  }

  /** Waits until the log is on the disk, on another thread. */
  async syncLog(): Promise<void> {
    // SQLite would do it with its first sync of a new file.
    if (!this.#isNamed) await this.#files.folder.syncData().catch(() => {});
    await this.#files.log.syncData();
    this.#isNamed = true;
  }

  /** Waits until the log is on the disk. */
  syncLogNow(): void {
    this.#files.blockingLog.syncDataSync();
  }

  /** Waits until the database file is on the disk, on another thread. */
  syncFile(): Promise<void> {
    return this.#files.database.syncData();
  }

  /** Waits until the database file is on the disk. */
  syncFileNow(): void {
    this.#files.blockingDatabase.syncDataSync();
  }

  /** Brings everything onto the disk and closes; throws where that failed. */
  close(): void {
    try {
      this.#statements.end.run();
      // What a checkpoint has copied may not be on the disk yet, and its log is about to go.
      this.#files.blockingLog.syncDataSync();
      this.#files.blockingDatabase.syncDataSync();
      this.main.exec("PRAGMA synchronous = FULL");
      // Closing alone would not tell of a disk that fails.
      this.main.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
      this.#reader.close();
    } finally {
      this.abandon();
    }
  }

  /**
   * Closes after a failed sync and leaves the log as it is. Closing would copy the log without a look
   * at its checksums, unless another connection is left; the last one can only read, and copies
   * nothing.
   */
  abandon(): void {
    this.main.close();
    if (this.#reader.isOpen) this.#reader.close();
    // After SQLite: closing its file before would end the locks that it holds there.
    for (const file of Object.values(this.#files)) file.close();
  }

  #dataVersion(): number {
    return Number(this.#statements.dataVersion.get()?.["data_version"]);
  }

  #takeSnapshot(): void {
    this.#statements.begin.run();
    this.#statements.snapshot.get();
  }

  #sizes(): { log: number; checkpointed: number } {
    const { log, checkpointed } = this.#statements.sizes.get() ?? {};
    return { log: Number(log), checkpointed: Number(checkpointed) };
  }
}

// Each twice: a descriptor takes one operation at a time.
type Files = Readonly<
  Record<"log" | "blockingLog" | "database" | "blockingDatabase" | "folder", SyncedFile>
>;

/** Opens and migrates a database for a service; throws DatabaseUnusableError. */
export function openWalConnections(options: WalConnectionsOptions): WalConnections {
  const { path, openFile, log } = options;
  using opened = new DisposableStack();
  // Closed in reverse where something fails: as abandon() does it.
  const last = opened.use(new DisposableStack());
  const main = opened.use(openDatabase(options));
  const open = (file: string): SyncedFile => last.adopt(openFile(file), (it) => it.close());
  const files: Files = {
    database: open(path),
    blockingDatabase: open(path),
    log: open(`${path}-wal`),
    blockingLog: open(`${path}-wal`),
    folder: open(path.slice(0, path.lastIndexOf("/") + 1) || "."),
  };
  const reader = last.use(new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS }));
  // A connection counts as one that is left only once it has read.
  reader.prepare(ANY_ROW).get();
  const wasEmpty = main.prepare("PRAGMA wal_checkpoint(NOOP)").get()?.["log"] === 0;
  // What a process that was killed has copied already is not copied again.
  if (!wasEmpty) files.blockingDatabase.syncDataSync();
  // With syncs still: what was left in the log is in the file from here on.
  main.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
  const connections = new WalConnections({ main, reader, files, watch: new FileWatch(path, log) });
  // Nothing may follow old frames that could still be there.
  if (!wasEmpty) connections.syncLogNow();
  last.move();
  opened.move();
  return connections;
}

/** Opens a file or a folder of the file system. */
export function openSyncedFile(path: string): SyncedFile {
  const file = Deno.openSync(path, { read: true, write: path.endsWith("-wal") });
  return {
    syncData: () => file.syncData(),
    syncDataSync: () => file.syncDataSync(),
    size: () => file.statSync().size,
    cut: (bytes) => file.truncateSync(bytes),
    close: () => file.close(),
  };
}
