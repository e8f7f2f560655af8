// Files whose syncs are in the test's hand: they can be held, and they can fail.

import {
  type OpenSyncedFile,
  openSyncedFile,
  type SyncedFile,
} from "../../../src/edges/sqlite/wal_connections.ts";

/** A sync that waits for the test. */
export interface HeldSync {
  /** The file. */
  readonly path: string;
  /** Lets it go on, to the real file. */
  release(): void;
  /** Has it fail. */
  fail(error?: Error): void;
}

/** Files for a database, and what is done to their syncs. */
export class FaultyFiles {
  /** While set, every sync of a file on another thread waits in `held`. */
  holds = false;
  /** While set, every sync is over in the next turn: a slow or busy disk changes nothing then. */
  isDiskless = false;
  /** While set, every sync fails with it. */
  failure: Error | undefined;
  /** The syncs that wait, oldest first. */
  readonly held: HeldSync[] = [];
  /** The files that were synced, "now" before those waited for in place, "cut" before those cut. */
  readonly synced: string[] = [];

  /** Opens a file of the file system. */
  readonly open: OpenSyncedFile = (path): SyncedFile => {
    const file = openSyncedFile(path);
    const name = path.endsWith("-wal") ? "log" : path.endsWith(".sqlite") ? "file" : "folder";
    return {
      syncData: async () => {
        if (this.holds && name !== "folder") {
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          const fail = (error = ioError()): void => reject(error);
          this.held.push({ path: name, release: resolve, fail });
          await promise;
        }
        if (this.failure !== undefined) throw this.failure;
        if (this.isDiskless) await new Promise((resolve) => setTimeout(resolve, 0));
        else await file.syncData();
        this.synced.push(name);
      },
      syncDataSync: () => {
        if (this.failure !== undefined) throw this.failure;
        file.syncDataSync();
        this.synced.push(`now ${name}`);
      },
      size: () => file.size(),
      cut: (bytes) => {
        file.cut(bytes);
        this.synced.push(`cut ${name}`);
      },
      close: () => file.close(),
    };
  };
}

/** What a broken card is answered with. */
export function ioError(): Error {
  return Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
}
