// What was run, when and by whom: a bounded list that outlives a restart, and that the owner can turn
// off. Anybody may run texts that fit nothing, so new entries wait in memory and are written together:
// what many of them write is bounded by time. Losing an entry never keeps anything from being run.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** How many runs are kept. */
export const MAX_HISTORY_ENTRIES = 500;

/** How much text of new runs waits to be written, in characters; of more, the oldest are lost. */
export const MAX_WAITING_CHARACTERS: number = 256 * 1024;

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
  /** Keeps some, given oldest first, and drops the oldest of all beyond `maxEntries`. */
  add(entries: readonly HistoryEntry[], maxEntries: number): void;
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
  /** What the store does not have yet, oldest first. */
  #unwritten: HistoryEntry[] = [];
  #unwrittenCharacters = 0;
  #isFailing = false;

  /** A history over a store; empties it where the owner does not want one. */
  constructor(options: RunHistoryOptions) {
    this.#options = options;
    this.applySetting();
  }

  /** Keeps a run, where runs are kept; the store gets it with the next flush. */
  add(entry: HistoryEntry): void {
    if (!this.#options.isKept()) return;
    this.#unwritten.push(entry);
    this.#unwrittenCharacters += charactersOf(entry);
    while (
      this.#unwritten.length > MAX_HISTORY_ENTRIES ||
      this.#unwrittenCharacters > MAX_WAITING_CHARACTERS
    ) {
      const oldest = this.#unwritten.shift();
      if (oldest !== undefined) this.#unwrittenCharacters -= charactersOf(oldest);
    }
  }

  /** Writes what waits; where that fails it waits on. */
  flush(): void {
    if (this.#unwritten.length === 0) return;
    this.#attempt((store) => {
      store.add(this.#unwritten, MAX_HISTORY_ENTRIES);
      this.#forgetUnwritten();
    });
  }

  /** The newest runs, newest first. */
  newest(limit: number): HistoryEntry[] {
    const newest = this.#unwritten.slice(-limit).reverse();
    if (newest.length === limit) return newest;
    return [...newest, ...this.#options.store.newest(limit - newest.length)];
  }

  /** The path of what was launched of a system last, where that is known. */
  lastPath(systemId: string): string | undefined {
    const last = this.#unwritten.findLast(({ media, isSuccess }) =>
      isSuccess && media?.systemId === systemId
    );
    return last?.media?.path ?? this.#options.store.lastPath(systemId);
  }

  /** Drops what was kept where the owner does not want it any more. */
  applySetting(): void {
    const { store, isKept } = this.#options;
    if (isKept()) return;
    this.#forgetUnwritten();
    if (store.newest(1).length > 0) this.#attempt(() => store.clear());
  }

  #forgetUnwritten(): void {
    this.#unwritten = [];
    this.#unwrittenCharacters = 0;
  }

  // An outage is told once, or a disk that stays full would fill the log.
  #attempt(write: (store: HistoryStore) => void): void {
    const { store, log } = this.#options;
    try {
      write(store);
      if (this.#isFailing) log.info("The history of runs is written again");
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        log.warn("The history of runs cannot be written", { reason: asError(error).message });
      }
      this.#isFailing = true;
    }
  }
}

function charactersOf({ type, uid, text, data, by, media }: HistoryEntry): number {
  return [type, uid, text, data, by, media?.path ?? ""].reduce((sum, it) => sum + it.length, 0);
}
