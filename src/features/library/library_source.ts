// A source of the library: it tells systems at once, and their media one by one. Each kind of
// [[library]] has a file of its own that makes one.

import type { FoundMedia, LibrarySystem } from "./media.ts";

/** Something of a source that the owner should look at; scanning goes on. */
export interface SourceProblem {
  /** The file or folder that it is about. */
  readonly path: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
}

/** What a source reads with. */
export interface SourceReadOptions {
  /** Takes problems; a source that cannot read something goes on without it. */
  readonly onProblem: (problem: SourceProblem) => void;
  /** Ends the reading; the iteration then throws its reason. */
  readonly signal: AbortSignal;
}

/** One source. */
export interface LibrarySource {
  /** The same after a restart, unique among the sources in force. */
  readonly key: string;
  /** Reads its systems; none where it cannot be read, with a problem. */
  systems(options: SourceReadOptions): Promise<LibrarySystem[]>;
  /**
   * Gives the media of one of its systems, one after the other. Throws a SourceAway where the folder
   * is not there or cannot be read, so that nobody takes its media for deleted.
   */
  media(system: LibrarySystem, options: SourceReadOptions): AsyncIterable<FoundMedia>;
}

/** The folder of a system cannot be read at this time, as with a card that is out. */
export class SourceAway extends Error {
  /** An error that names the folder. */
  constructor(
    /** The folder. */
    readonly folder: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot read ${folder}`, options);
    this.name = "SourceAway";
  }
}
