// How sources see files: the edge that reads them (src/edges/platform/library_files.ts) keeps to the
// owner's folders and bounds what it reads; a test answers out of memory.

import type { SourceReadOptions } from "./library_source.ts";

/** A file, or a folder that is a media as a whole. */
export interface FileFacts {
  readonly bytes: number;
  /** When it was changed last, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** A file of a walk. */
export interface WalkedFile extends FileFacts {
  /** The absolute path, below the folder as it was named. */
  readonly path: string;
}

/** Options of a walk. */
export interface WalkOptions extends SourceReadOptions {
  /** Whether a file is looked for, by its name; a folder that is looked for is not entered. */
  readonly isWanted: (name: string, kind: "file" | "folder") => boolean;
}

/** Options of reading a file. */
export interface ReadFileOptions {
  /** How much is read at most; the rest is left out, and `onCut` hears of it. */
  readonly maxBytes: number;
  readonly onCut?: () => void;
  readonly signal?: AbortSignal;
  /**
   * Folders that the file must lie in when every link is followed.
   * @default anywhere
   */
  readonly within?: readonly string[];
}

/** Reads the owner's folders. */
export interface FileAccess {
  /** The user's home folder, where it is known. */
  readonly home: string | undefined;
  /**
   * Every file below a folder that is wanted. Links are followed to files within the folder alone;
   * what is neither file nor folder is left out. Throws SourceAway where the folder cannot be read.
   */
  walk(folder: string, options: WalkOptions): AsyncIterable<WalkedFile>;
  /** The names in a folder; none where it cannot be read. */
  namesIn(folder: string): Promise<string[]>;
  /** The facts of a file or folder, links followed; undefined where it is not there. */
  look(path: string): Promise<(FileFacts & { readonly kind: "file" | "folder" }) | undefined>;
  /**
   * The bytes of a file in pieces. AppError "not_found" where it is not there, is no file, cannot be
   * read, or lies outside `within`.
   */
  read(path: string, options: ReadFileOptions): AsyncIterable<Uint8Array>;
}
