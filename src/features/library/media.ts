// What a library is made of: systems (a console, an arcade board) and media (a file that one of them
// plays). Sources describe them, the index keeps media, and the catalogue keeps systems in memory, so
// that no database ever says what is run.

/** How the media of a system are launched. */
export type SystemLaunch =
  /** Programs that run one after the other; all but what the media itself says is filled in. */
  | { readonly kind: "command"; readonly steps: readonly CommandStep[] }
  /** Through the HTTP API of the EmulationStation that runs on the device. */
  | { readonly kind: "emulationstation_http" }
  /** Not at all, for a reason that the owner reads. */
  | { readonly kind: "refused"; readonly reason: string };

/** A part of an argument: its own words, or a place that is filled with something of the media. */
export type CommandPart =
  | { readonly kind: "literal"; readonly text: string }
  /** The absolute path of the file. */
  | { readonly kind: "path" }
  /** The name of the file without its folder and its extension. */
  | { readonly kind: "base_name" };

/** One argument. What fills a place is never looked at again and never splits the argument. */
export type CommandArgument = readonly CommandPart[];

/** One program with its arguments; `fillCommand` of command_template.ts makes an argv of it. */
export interface CommandStep {
  /** The program first; it is all literal. */
  readonly argv: readonly CommandArgument[];
  /** Whether it is left out where the last step that ran before it did not end with 0 (`&&`). */
  readonly needsSuccess: boolean;
}

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
  /**
   * Other folders in which its source looks for the list of its games; they need not be there.
   * @default none
   */
  readonly listFolders?: readonly string[];
  readonly launch: SystemLaunch;
}

/** The kinds of pictures, in the order in which one stands for a media. */
export const IMAGE_TYPES = [
  "image",
  "thumbnail",
  "boxart",
  "boxart3d",
  "screenshot",
  "wheel",
  "titleshot",
  "map",
  "marquee",
  "fanart",
] as const;

/** A kind of picture, by the name that it has in gamelists and to clients. */
export type ImageType = (typeof IMAGE_TYPES)[number];

/** What a source tells of a media beside its file; every text is bounded and one line. */
export interface MediaDetails {
  readonly description?: string;
  /** The absolute paths of its pictures, as the source wrote them: not yet judged. At least one. */
  readonly images?: Readonly<Partial<Record<ImageType, string>>>;
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
  /** The name that the source gives the system: one id may be that of several. */
  readonly sourceName: string;
  readonly path: string;
  readonly name: string;
  readonly details: MediaDetails;
  /** Whether the file was not there at the last scan; its card may be out. */
  readonly isMissing: boolean;
}
