// Whether the open database is still the file in the data folder, and its log too. SQLite goes on
// writing into files that were deleted or moved, and all of it would be gone at the next start.

import { AppError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** What a write to such a database is refused with. */
export const REPLACED_MESSAGE = "The database was deleted or replaced: restart the service";

/** Watches the files of an open database: itself and its log, where the newest writes are. */
export class FileWatch {
  readonly #path: string;
  readonly #log: Logger;
  readonly #identity: string | undefined;
  #logIdentity: string | undefined;
  #isTold = false;

  /** The files as they are now; the database has just been opened. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#identity = identityOf(path);
  }

  /** Whether both files are still there; the log is told once when they are not. */
  isThere(): boolean {
    const isThere = identityOf(this.#path) === this.#identity && this.#isLogThere();
    if (!isThere && !this.#isTold) this.#log.error(REPLACED_MESSAGE, { path: this.#path });
    this.#isTold = !isThere;
    return isThere;
  }

  // SQLite makes it with the first access, and keeps that one as long as the database is open.
  #isLogThere(): boolean {
    const identity = identityOf(`${this.#path}-wal`);
    this.#logIdentity ??= identity;
    return identity === this.#logIdentity;
  }

  /** Throws AppError unavailable where it is not. */
  check(): void {
    if (!this.isThere()) throw new AppError("unavailable", REPLACED_MESSAGE);
  }
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
