// The library as the methods of the API see it.

import type { FileAccess } from "./file_access.ts";
import type { MediaIndex } from "./media_index.ts";
import type { LibraryScans } from "./scan_progress.ts";
import type { SystemCatalogue } from "./system_catalogue.ts";

/** What is there to be played. */
export interface MediaLibrary {
  readonly index: MediaIndex;
  /** The systems of the sources in force. */
  readonly catalogue: SystemCatalogue;
  readonly scans: LibraryScans;
  /** Reads covers. */
  readonly files: Pick<FileAccess, "read">;
  /** Folders that covers may lie in beside those of the systems. */
  readonly imageFolders: () => readonly string[];
}
