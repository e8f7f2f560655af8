// Whether the open database is still the file in the data folder. SQLite goes on writing into a file
// that was deleted or moved, and all of it would be gone at the next start.

import { AppError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** What a write to such a database is refused with. */
export const REPLACED_MESSAGE = "The database was deleted or replaced: restart the service";

/** Watches the file of an open database. */
export class FileWatch {
  readonly #path: string;
  readonly #log: Logger;
  readonly #identity: string | undefined;
  #isTold = false;

  /** The file as it is now, which the database has just opened. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#identity = identityOf(path);
  }

  /** Whether the file is still there; the log is told once when it is not. */
  isThere(): boolean {
    const isThere = identityOf(this.#path) === this.#identity;
    if (!isThere && !this.#isTold) this.#log.error(REPLACED_MESSAGE, { path: this.#path });
    this.#isTold = !isThere;
    return isThere;
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
