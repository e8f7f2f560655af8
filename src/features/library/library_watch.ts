// Notices what changes in the folders of the library, cards that come and go included, and has the
// systems that it concerns scanned again. What the platform tells at once is taken where it can tell;
// beside it the folders are looked at in turn, because not every file system tells, and none tells of
// a card that is put in.

import { asError } from "../../base/app_error.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { LibrarySystem } from "./media.ts";
import type { LibraryScans, ScanProgress } from "./scan_progress.ts";

/** How often folders are looked at, in milliseconds. */
export const FOLDER_LOOK_MS = 5000;

/** How many folders within systems are looked at each time; those of the systems always are. */
export const FOLDERS_PER_LOOK = 64;

/** How many folders the platform is asked to watch at most, and how many at once. */
export const WATCHED_FOLDERS = { most: 1024, atOnce: 128 } as const;

/** How long after a scan of a system another one waits, in milliseconds, unless its folder came or went. */
export const RESCAN_GAP_MS = 30_000;

/** How often everything is scanned where the platform tells nothing, in milliseconds. */
export const BLIND_RESCAN_MS: number = 60 * 60_000;

/** Something that happened in a watched folder. */
export interface FolderChange {
  /** The file or folder that it happened to. */
  readonly path: string;
  /** Whether it came, went or changed its name; else only what it holds changed. */
  readonly isEntry: boolean;
}

/** How folders are watched. */
export interface FolderWatcher {
  /** A text that changes with a folder's entries and with the card it lies on; undefined without it. */
  look(folder: string): Promise<string | undefined>;
  /**
   * Calls `onChange` for what happens in these very folders until the result is called. Throws where
   * the platform cannot watch them.
   */
  watch(folders: readonly string[], onChange: (change: FolderChange) => void): () => void;
}

/** Options of {@linkcode LibraryWatch}. */
export interface LibraryWatchOptions {
  readonly watcher: FolderWatcher;
  /** The systems in force. */
  readonly systems: () => readonly LibrarySystem[];
  /** The folders with media in one, itself included; a bounded number. */
  readonly foldersIn: (folder: string, limit: number) => readonly string[];
  readonly scans: Pick<LibraryScans, "progress" | "request" | "subscribe">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Watches the folders of a library until it is closed. */
export class LibraryWatch {
  readonly #options: LibraryWatchOptions;
  readonly #looks = new Map<string, string | undefined>();
  readonly #changed = new Map<string, { isUrgent: boolean }>();
  readonly #requestedMs = new Map<string, number>();
  readonly #ends: (() => void)[];
  #watched = "";
  #unwatch: (() => void)[] = [];
  #isBlind = false;
  #blindMs = 0;
  #turn = 0;
  #step = 0;
  /** The folders within those of the systems; undefined where a scan may have found others. */
  #within: readonly string[] | undefined;
  #looking: Promise<void> | undefined;

  /** Begins to look, and watches what a scan has found when it ends. */
  constructor(options: LibraryWatchOptions) {
    this.#options = options;
    const { clock, scans } = options;
    this.#ends = [
      every(clock, FOLDER_LOOK_MS, () => void this.look()),
      scans.subscribe((progress) => this.#follow(progress)),
    ];
  }

  /** Looks at the folders whose turn it is; resolves when what changed has been asked for. */
  look(): Promise<void> {
    this.#looking ??= this.#look().catch((error: unknown) => {
      this.#options.log.error("Cannot watch the library", { error: asError(error) });
    }).finally(() => this.#looking = undefined);
    return this.#looking;
  }

  /** Ends it; safe to call twice. */
  close(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#endWatching();
  }

  get #isClosed(): boolean {
    return this.#ends.length === 0;
  }

  // At the first system of a scan, so that what changes behind the scan's back is noticed; and at the
  // end, when there may be other folders.
  #follow({ isIndexing, currentStep }: ScanProgress): void {
    const isFirst = isIndexing && currentStep === 1 && this.#step !== 1;
    this.#step = isIndexing ? currentStep : 0;
    if (!isIndexing) this.#within = undefined;
    if (!isIndexing || isFirst) void this.look();
  }

  async #look(): Promise<void> {
    const roots = [...new Set(this.#options.systems().map(({ folder }) => folder))];
    const within = this.#within ??= roots
      .flatMap((root) => this.#options.foldersIn(root, WATCHED_FOLDERS.most))
      .filter((folder, at, all) => !roots.includes(folder) && all.indexOf(folder) === at);
    const turn = Array.from(
      { length: Math.min(FOLDERS_PER_LOOK, within.length) },
      (_, n) => within[(this.#turn + n) % within.length] ?? "",
    );
    this.#turn += turn.length;
    for (const folder of [...roots, ...turn]) await this.#lookAt(folder);
    this.#forgetOthers([...roots, ...within]);
    if (this.#isClosed) return;
    if (!this.#options.scans.progress.isIndexing) {
      const isThere = (folder: string): boolean =>
        !this.#looks.has(folder) || this.#looks.get(folder) !== undefined;
      await this.#watch([...roots, ...within].filter(isThere));
    }
    this.#requestChanged();
  }

  async #lookAt(folder: string): Promise<void> {
    const isKnown = this.#looks.has(folder);
    const before = this.#looks.get(folder);
    const now = await this.#options.watcher.look(folder);
    this.#looks.set(folder, now);
    if (!isKnown || now === before) return;
    this.#noteChange(folder, { isUrgent: now === undefined || before === undefined });
  }

  #forgetOthers(folders: readonly string[]): void {
    const kept = new Set(folders);
    for (const folder of this.#looks.keys()) if (!kept.has(folder)) this.#looks.delete(folder);
  }

  #noteChange(path: string, { isUrgent }: { isUrgent: boolean }): void {
    for (const { id, folder } of this.#options.systems()) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      const known = this.#changed.get(id);
      this.#changed.set(id, { isUrgent: isUrgent || known?.isUrgent === true });
    }
  }

  #requestChanged(): void {
    const { clock, scans } = this.#options;
    const nowMs = clock.monotonicMs();
    const due = [...this.#changed].filter(([id, { isUrgent }]) =>
      isUrgent || nowMs - (this.#requestedMs.get(id) ?? -Infinity) >= RESCAN_GAP_MS
    ).map(([id]) => id);
    for (const id of due) {
      this.#changed.delete(id);
      this.#requestedMs.set(id, nowMs);
    }
    if (due.length > 0) scans.request(due);
    if (!this.#isBlind) this.#blindMs = nowMs;
    if (nowMs - this.#blindMs < BLIND_RESCAN_MS) return;
    this.#blindMs = nowMs;
    scans.request();
  }

  async #watch(folders: readonly string[]): Promise<void> {
    const wanted = folders.slice(0, WATCHED_FOLDERS.most);
    const key = JSON.stringify(wanted);
    if (key === this.#watched) return;
    this.#endWatching();
    this.#watched = key;
    this.#isBlind = wanted.length === 0;
    for (let at = 0; at < wanted.length; at += WATCHED_FOLDERS.atOnce) {
      if (this.#isClosed) return;
      this.#watchSome(wanted.slice(at, at + WATCHED_FOLDERS.atOnce));
      // Others have their turn, as each folder costs the platform a call.
      await this.#options.watcher.look(wanted[at] ?? "/");
    }
  }

  #watchSome(folders: readonly string[]): void {
    const { watcher, log } = this.#options;
    try {
      this.#unwatch.push(watcher.watch(folders, (change) => this.#take(change)));
    } catch (error) {
      this.#isBlind = true;
      log.debug("Folders of the library are only looked at", { reason: asError(error).message });
    }
  }

  // Games write beside themselves while they are played; only a list of games tells something new by
  // what it holds.
  #take({ path, isEntry }: FolderChange): void {
    if (isEntry || path.endsWith(".xml")) this.#noteChange(path, { isUrgent: false });
  }

  #endWatching(): void {
    this.#watched = "";
    for (const end of this.#unwatch.splice(0)) end();
  }
}
