// What a library is made of: systems (a console, an arcade board) and media (a file that one of them
// plays). Sources describe them, the index keeps media, and the catalogue keeps systems in memory, so
// that no database ever says what is run.

/** How the media of a system are launched. */
export type SystemLaunch =
  /** Programs that run one after the other, their placeholders not yet filled. */
  | { readonly kind: "command"; readonly steps: readonly CommandStep[] }
  /** Through the HTTP API of the EmulationStation that runs on the device. */
  | { readonly kind: "emulationstation_http" }
  /** Not at all, for a reason that the owner reads. */
  | { readonly kind: "refused"; readonly reason: string };

/** One program with its arguments; `${…}` placeholders fill inside their argument, never split it. */
export type CommandStep = readonly string[];

/** A system as one source describes it. */
export interface LibrarySystem {
  /** Core's id where it has one, such as "SNES"; the source's own name elsewhere. */
  readonly id: string;
  /** The name that people read. */
  readonly name: string;
  /** "Console", "Handheld", "Arcade", "Computer" or "Other", where it is known. */
  readonly category: string | undefined;
  /** The key of the source, unique among the sources in force and the same after a restart. */
  readonly sourceKey: string;
  /** The name that the source itself gives it, as its commands and its HTTP API want it. */
  readonly sourceName: string;
  /** The absolute path of the folder that all of its media lie in. */
  readonly folder: string;
  readonly launch: SystemLaunch;
}

/** What a source tells of a media beside its file; every text is bounded and one line. */
export interface MediaDetails {
  readonly description?: string;
  /** The absolute path of its cover, as the source wrote it: not yet judged. */
  readonly imagePath?: string;
  /** YYYY-MM-DD. */
  readonly releaseDate?: string;
  readonly developer?: string;
  readonly publisher?: string;
  readonly genre?: string;
  readonly players?: string;
  /** Whether the frontend's owner marked it as a favourite. */
  readonly isFavorite?: boolean;
}

/** A media as a source finds it. */
export interface FoundMedia {
  /** The absolute path; the exact bytes of the file's name, as the platform gives them. */
  readonly path: string;
  /** The title that people read: from the gamelist, or from the name of the file. */
  readonly name: string;
  /** The file's size in bytes. */
  readonly bytes: number;
  /** When the file was changed last, in milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly details: MediaDetails;
}

/** A media of the index. */
export interface IndexedMedia {
  /** The same as long as the index knows its path. */
  readonly mediaId: number;
  readonly systemId: string;
  readonly sourceKey: string;
  readonly path: string;
  readonly name: string;
  readonly details: MediaDetails;
  /** Whether the file was not there at the last scan; its card may be out. */
  readonly isMissing: boolean;
}
