// Notices what changes in the folders of the library, cards that come and go included, and has the
// systems that it concerns scanned again: the folders of the systems and of their lists of games are
// looked at every few seconds, those within them in turn.

import { asError } from "../../base/app_error.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { LibrarySystem } from "./media.ts";
import type { LibraryScans, ScanProgress } from "./scan_progress.ts";

/** How often folders are looked at, in milliseconds. */
export const FOLDER_LOOK_MS = 5000;

/** How many folders within systems are looked at each time; those of the systems always are. */
export const FOLDERS_PER_LOOK = 64;

/** How many folders within one system are looked at, at most. */
export const MAX_FOLDERS_WITHIN = 1024;

/** How long after a scan of a system another one waits, in milliseconds, unless its folder came or went. */
export const RESCAN_GAP_MS = 30_000;

/** How often everything is scanned, for what no folder shows, in milliseconds. */
export const FULL_RESCAN_MS: number = 60 * 60_000;

/** Options of {@linkcode LibraryWatch}. */
export interface LibraryWatchOptions {
  /** A text that changes with a folder's entries, list of games and card; undefined without it. */
  readonly lookAt: (folder: string) => Promise<string | undefined>;
  /** The systems in force. */
  readonly systems: () => readonly LibrarySystem[];
  /** The folders within one in which media are or may come, itself included; a bounded number. */
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
  #scannedMs: number;
  #turn = 0;
  #step = 0;
  /** The folders within those of the systems; undefined where a scan may have found others. */
  #within: Set<string> | undefined;
  #looking: Promise<void> | undefined;

  /** Begins to look; what a scan has found is looked at when it ends. */
  constructor(options: LibraryWatchOptions) {
    this.#options = options;
    const { clock, scans } = options;
    this.#scannedMs = clock.monotonicMs();
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

  /** Ends it; resolves when it looks at nothing any more. Safe to call twice. */
  async close(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await this.#looking;
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
    const systems = this.#options.systems();
    const roots = new Set(systems.map(({ folder }) => folder));
    const lists = new Set(systems.flatMap(({ listFolders = [] }) => listFolders));
    const isKnown = this.#within !== undefined;
    // Gathered between the looks, each of which gives everything else its turn.
    const within = this.#within ??= new Set();
    for (const root of roots) {
      if (this.#isClosed) return;
      await this.#lookAt(root);
      if (isKnown) continue;
      for (const folder of this.#options.foldersIn(root, MAX_FOLDERS_WITHIN)) {
        if (!roots.has(folder)) within.add(folder);
      }
    }
    for (const folder of [...lists, ...this.#turnOf([...within])]) {
      if (this.#isClosed) return;
      await this.#lookAt(folder);
    }
    this.#forgetOthers([roots, lists, within]);
    if (!this.#isClosed) this.#requestChanged();
  }

  #turnOf(folders: readonly string[]): string[] {
    const length = Math.min(FOLDERS_PER_LOOK, folders.length);
    const turn = Array.from(
      { length },
      (_, n) => folders[(this.#turn + n) % folders.length] ?? "",
    );
    this.#turn += length;
    return turn;
  }

  async #lookAt(folder: string): Promise<void> {
    const isKnown = this.#looks.has(folder);
    const before = this.#looks.get(folder);
    const now = await this.#options.lookAt(folder);
    this.#looks.set(folder, now);
    if (!isKnown || now === before) return;
    this.#noteChange(folder, { isUrgent: now === undefined || before === undefined });
  }

  #forgetOthers(kept: readonly ReadonlySet<string>[]): void {
    for (const folder of this.#looks.keys()) {
      if (!kept.some((folders) => folders.has(folder))) this.#looks.delete(folder);
    }
  }

  #noteChange(path: string, { isUrgent }: { isUrgent: boolean }): void {
    for (const { id, folder, listFolders = [] } of this.#options.systems()) {
      const isWithin = path === folder || path.startsWith(`${folder}/`);
      if (!isWithin && !listFolders.includes(path)) continue;
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
    if (nowMs - this.#scannedMs < FULL_RESCAN_MS) return;
    this.#scannedMs = nowMs;
    scans.request();
  }
}
