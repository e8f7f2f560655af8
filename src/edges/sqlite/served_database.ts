// The database of a running service. A commit is written and not yet on the disk; whoever answers
// because of it waits for durable() first, off the event loop and together with others
// (sync_queue.ts). The log is brought into the file by checkpoints of its own (wal_connections.ts),
// which begin when it has grown, whether or not anybody waits.
// After a failed sync nothing is taken until the database was opened again beneath its stores.

import { AppError, asError } from "../../base/app_error.ts";
import { type Clock, settledWithin } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { type Migration, MIGRATIONS } from "./migrations.ts";
import { ReopenedDatabase } from "./reopened_database.ts";
import { rewriteLog } from "./rewritten_log.ts";
import { FAILED_MESSAGE, STALLED_MESSAGE, SYNC_LIMIT_MS, SyncQueue } from "./sync_queue.ts";
import { guardTransactions } from "./transaction.ts";
import {
  type OpenSyncedFile,
  openSyncedFile,
  openWalConnections,
  type WalConnections,
} from "./wal_connections.ts";

/** How long the log grows until it is brought into the database file, in bytes. */
export const CHECKPOINT_BYTES: number = 2 * 1024 * 1024;

/**
 * How many times as long the log may get where others write through every checkpoint; then it is
 * brought into the database file with the disk waited for in place. A log that another process or one
 * large write made longer is cut to that once it begins anew.
 */
export const MAX_LOG_FACTOR = 4;

/** How long after a failed sync the database is opened again, in milliseconds; then twice as long. */
export const REOPEN_MS = 1_000;

/** The longest time between two tries, in milliseconds. */
export const MAX_REOPEN_MS = 60_000;

/** Options of {@linkcode ServedDatabase}. */
export interface ServedDatabaseOptions {
  /** The database file. */
  path: string;
  clock: Clock;
  log: Logger;
  /**
   * All migrations, oldest first.
   * @default {MIGRATIONS}
   */
  migrations?: readonly Migration[];
  /**
   * Opens the files that are synced.
   * @default those of the file system
   */
  openFile?: OpenSyncedFile;
  /**
   * How long the log grows until it is brought into the database file, in bytes.
   * @default {CHECKPOINT_BYTES}
   */
  checkpointBytes?: number;
}

/** A database that is written without waiting for the disk. */
export class ServedDatabase {
  /** The database for the stores; it stays the same when it is opened again. */
  readonly database: ReopenedDatabase;
  readonly #options: ServedDatabaseOptions;
  readonly #checkpointBytes: number;
  readonly #queue: SyncQueue;
  readonly #listeners: (() => void)[] = [];
  #connections: WalConnections | undefined;
  /** Resolves when the log was started anew. */
  #gate: Promise<void> | undefined;
  #isCheckpointing = false;
  #nextCheckpointBytes: number;
  /** Whether the log begins with a frame that is not on the disk yet. */
  #isStartUnsynced = false;
  #cancelReopening = (): void => {};
  #isClosed = false;

  /** Opens and migrates the file; throws DatabaseUnusableError. */
  constructor(options: ServedDatabaseOptions) {
    this.#options = options;
    this.#checkpointBytes = options.checkpointBytes ?? CHECKPOINT_BYTES;
    this.#nextCheckpointBytes = this.#checkpointBytes;
    this.#connections = this.#open();
    this.database = new ReopenedDatabase(this.#connections.main);
    const { clock, log } = options;
    this.#queue = new SyncQueue({
      sync: async () => {
        await this.#connections?.syncLog();
        this.#isStartUnsynced = false;
      },
      clock,
      onStalled: () => log.error(STALLED_MESSAGE, { seconds: SYNC_LIMIT_MS / 1000 }),
      onRecovered: () => log.info("The device's storage answers again"),
      onFailed: (error) => this.#failed(error),
    });
    guardTransactions(this.database, {
      before: () => this.#beforeTransaction(),
      committed: () => {
        this.#queue.committed();
        this.#bringInIfGrown();
      },
    });
  }

  /** Whether something can be kept at this moment. */
  isUsable(): boolean {
    return this.#queue.refusal === undefined && this.#connections?.watch.isThere() === true;
  }

  /** Calls `listener` each time that the database was opened again: unsynced commits may be gone. */
  onReopened(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Resolves once all that was committed before the call is on the disk; rejects with AppError
   * unavailable where that cannot be said.
   */
  async durable(): Promise<void> {
    await this.#queue.durable();
    void this.#checkpointIfDue();
  }

  /**
   * Resolves when a transaction does not get in the way of a checkpoint; rejects with AppError
   * unavailable where that takes too long. Whoever cannot wait may write all the same, and waits for
   * the disk where it must.
   */
  async ready(): Promise<void> {
    while (this.#gate !== undefined) {
      const gate = this.#gate;
      await settledWithin(this.#options.clock, { work: gate, limitMs: SYNC_LIMIT_MS });
      if (this.#gate === gate) throw new AppError("unavailable", STALLED_MESSAGE);
    }
  }

  /** Brings everything onto the disk and closes; safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelReopening();
    const connections = this.#connections;
    this.#connections = undefined;
    try {
      if (this.#queue.hasFailed) connections?.abandon();
      else connections?.close();
      this.#queue.close();
    } catch (error) {
      this.#queue.close(error);
      throw error;
    } finally {
      this.database.replace(undefined);
    }
  }

  get #maxLogBytes(): number {
    return this.#checkpointBytes * MAX_LOG_FACTOR;
  }

  #open(): WalConnections {
    const { path, log, migrations = MIGRATIONS, openFile = openSyncedFile } = this.#options;
    return openWalConnections({ path, migrations, openFile, log });
  }

  #beforeTransaction(): void {
    const connections = this.#connections;
    const { refusal } = this.#queue;
    if (refusal !== undefined) throw refusal;
    if (connections === undefined) throw new AppError("unavailable", FAILED_MESSAGE);
    connections.watch.check();
    if (!this.#isStartUnsynced) return;
    try {
      connections.syncLogNow();
      this.#isStartUnsynced = false;
    } catch (error) {
      this.#queue.fail(error);
      throw this.#queue.refusal ?? error;
    }
  }

  // Nobody need wait for what made it grow; that it cannot be synced is told by the queue.
  #bringInIfGrown(): void {
    if (this.#isGrown()) this.durable().catch(() => {});
  }

  #isGrown(): boolean {
    const connections = this.#connections;
    if (connections === undefined || this.#isCheckpointing) return false;
    return !this.database.isTransaction && connections.logBytes() >= this.#nextCheckpointBytes;
  }

  async #checkpointIfDue(): Promise<void> {
    const connections = this.#connections;
    if (connections === undefined || !this.#isGrown()) return;
    this.#isCheckpointing = true;
    try {
      await this.#checkpoint(connections);
    } catch (error) {
      // The log has it all; a disk without room for the file to grow is the usual reason.
      this.#options.log.warn("Cannot bring the log into the database, will try again", {
        error: asError(error),
      });
    } finally {
      this.#isCheckpointing = false;
      this.#nextCheckpointBytes = this.#checkpointBytes + this.#leftBytes();
    }
  }

  // What cannot be copied now, because another process reads an older state, say.
  #leftBytes(): number {
    if (this.#connections === undefined || this.database.isTransaction) return 0;
    const bytes = this.#connections.logBytes();
    return bytes < this.#checkpointBytes ? 0 : bytes;
  }

  // Most of it while others go on; what they wrote meanwhile with the gate closed.
  async #checkpoint(connections: WalConnections): Promise<void> {
    if (!await this.#copy(connections)) return;
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    try {
      if (!await this.#copy(connections)) return;
      if (!connections.isCopied()) {
        if (connections.logBytes() < this.#maxLogBytes) return;
        if (!this.#copyNow(connections)) return;
      }
      this.#isStartUnsynced = true;
      connections.restartLog();
      this.#queue.committed();
      if (!await this.#queue.durable().then(() => true, () => false)) return;
      if (connections === this.#connections) connections.cutLog(this.#maxLogBytes);
    } finally {
      this.#gate = undefined;
      gate.resolve();
    }
  }

  /** False where the disk failed, or the database is another one by now. */
  async #copy(connections: WalConnections): Promise<boolean> {
    connections.moveSnapshot();
    if (!await this.#queue.attempt(() => connections.syncLog())) return false;
    if (connections !== this.#connections) return false;
    connections.copy();
    if (!await this.#queue.attempt(() => connections.syncFile())) return false;
    return connections === this.#connections;
  }

  // Nobody gets in between, and everybody waits.
  #copyNow(connections: WalConnections): boolean {
    try {
      connections.syncLogNow();
      connections.moveSnapshot();
      connections.copy();
      connections.syncFileNow();
      return connections.isCopied();
    } catch (error) {
      this.#queue.fail(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    this.#options.log.error("Cannot bring the database onto the disk, opening it again", {
      error: asError(error),
    });
    this.#reopenIn(REOPEN_MS);
  }

  #reopenIn(delayMs: number): void {
    this.#cancelReopening = this.#options.clock.after(delayMs, () => void this.#reopen(delayMs));
  }

  async #reopen(delayMs: number): Promise<void> {
    const { path, log } = this.#options;
    try {
      // A database that was taken away stays so; its files must not be made anew.
      this.#connections?.watch.check();
      await rewriteLog(`${path}-wal`);
      if (this.#isClosed) return;
      this.#connections?.abandon();
      this.#connections = undefined;
      this.database.replace(undefined);
      this.#connections = this.#open();
      this.database.replace(this.#connections.main);
    } catch (error) {
      if (this.#isClosed) return;
      log.error("Cannot open the database again, will try again", { error: asError(error) });
      this.#reopenIn(Math.min(delayMs * 2, MAX_REOPEN_MS));
      return;
    }
    this.#isStartUnsynced = false;
    this.#queue.restart();
    log.warn("Opened the database again: what nobody was told of may be gone");
    for (const listener of this.#listeners) listener();
  }
}
