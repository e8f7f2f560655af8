// What was run, when and by whom: a bounded list that outlives a restart, and that the owner can turn
// off. Losing an entry never keeps anything from being run.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** How many runs are kept. */
export const MAX_HISTORY_ENTRIES = 500;

/** One run. */
export interface HistoryEntry {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** What kind of token the text came from, in the client's words. */
  readonly type: string;
  /** The id of the tag; empty where there is none. */
  readonly uid: string;
  readonly text: string;
  /** What else was read of the tag; empty where nothing was. */
  readonly data: string;
  /** The id of the client or key that asked, "local" or "remote". */
  readonly by: string;
  /** Whether it was started. */
  readonly isSuccess: boolean;
  /** The media that was launched, where one was. */
  readonly media: { readonly systemId: string; readonly path: string } | undefined;
}

/** Where runs are kept. */
export interface HistoryStore {
  /** Keeps one and drops the oldest beyond `maxEntries`. */
  add(entry: HistoryEntry, maxEntries: number): void;
  /** The newest ones, newest first. */
  newest(limit: number): HistoryEntry[];
  /** The path of what was launched of a system last. */
  lastPath(systemId: string): string | undefined;
  /** Drops all. */
  clear(): void;
}

/** Options of {@linkcode RunHistory}. */
export interface RunHistoryOptions {
  store: HistoryStore;
  /** Whether the owner wants it, at this moment. */
  isKept: () => boolean;
  log: Logger;
}

/** The history. */
export class RunHistory {
  readonly #options: RunHistoryOptions;

  /** A history over a store; empties it where the owner does not want one. */
  constructor(options: RunHistoryOptions) {
    this.#options = options;
    this.applySetting();
  }

  /** Keeps a run, where runs are kept. */
  add(entry: HistoryEntry): void {
    const { store, isKept } = this.#options;
    if (isKept()) this.#attempt(() => store.add(entry, MAX_HISTORY_ENTRIES));
  }

  /** The newest runs, newest first. */
  newest(limit: number): HistoryEntry[] {
    return this.#options.store.newest(limit);
  }

  /** The path of what was launched of a system last, where that is known. */
  lastPath(systemId: string): string | undefined {
    return this.#options.store.lastPath(systemId);
  }

  /** Drops what was kept where the owner does not want it any more. */
  applySetting(): void {
    const { store, isKept } = this.#options;
    if (!isKept() && store.newest(1).length > 0) this.#attempt(() => store.clear());
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#options.log.warn("The history of runs cannot be written", {
        reason: asError(error).message,
      });
    }
  }
}
