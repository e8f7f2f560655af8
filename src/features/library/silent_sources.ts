// Sources that have told of no system, as one whose frontend does not run: each is asked again from
// time to time, whether anybody is connected or not, and its systems are scanned when it tells some.

import { type Clock, every } from "../../base/clock.ts";
import type { LibrarySource } from "./library_source.ts";
import type { LibrarySystem } from "./media.ts";
import type { LibraryScans } from "./scan_progress.ts";

/** How often a silent source is asked again, in milliseconds. */
export const SILENT_RETRY_MS = 30_000;

/** Options of {@linkcode SilentSources}. */
export interface SilentSourcesOptions {
  /** The sources in force that may be silent for a while. */
  readonly sources: () => readonly LibrarySource[];
  /** The systems in force. */
  readonly systems: () => readonly LibrarySystem[];
  readonly scans: Pick<LibraryScans, "request">;
  readonly clock: Clock;
}

/** Asks silent sources until it is closed. */
export class SilentSources {
  readonly #options: SilentSourcesOptions;
  readonly #abort = new AbortController();
  readonly #end: () => void;
  #asking: Promise<void> | undefined;

  /** Asks none before the first has been silent for a while. */
  constructor(options: SilentSourcesOptions) {
    this.#options = options;
    this.#end = every(options.clock, SILENT_RETRY_MS, () => void this.ask());
  }

  /** Asks those that are silent now; resolves when what they told is to be scanned, and never rejects. */
  ask(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  /** Ends it; resolves when it asks nothing any more. Safe to call twice. */
  async close(): Promise<void> {
    this.#end();
    this.#abort.abort();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { sources, systems, scans } = this.#options;
    const { signal } = this.#abort;
    const telling = new Set(systems().map(({ sourceKey }) => sourceKey));
    for (const source of sources().filter(({ key }) => !telling.has(key))) {
      if (signal.aborted) return;
      // The scan before has told of its problems.
      const told = await source.systems({ signal, onProblem: () => {} }).catch(() => []);
      if (told.length > 0 && !signal.aborted) scans.request(told.map(({ id }) => id));
    }
  }
}
