// The systems of all sources in force, in memory: what the sources say now decides what is run, and
// no database.

import type { IndexedMedia, LibrarySystem } from "./media.ts";

/** The systems. */
export class SystemCatalogue {
  #systems: readonly LibrarySystem[] = [];

  /** Puts other systems in force. */
  replace(systems: readonly LibrarySystem[]): void {
    this.#systems = systems;
  }

  /** All systems, in the order of their sources. */
  list(): readonly LibrarySystem[] {
    return this.#systems;
  }

  /** The systems with an id, whatever its case: several sources may have the same one. */
  named(systemId: string): LibrarySystem[] {
    const wanted = systemId.toLowerCase();
    return this.#systems.filter(({ id }) => id.toLowerCase() === wanted);
  }

  /** The system that a media belongs to: the one whose folder holds it most closely. */
  systemOf(
    media: Pick<IndexedMedia, "systemId" | "sourceKey" | "sourceName" | "path">,
  ): LibrarySystem | undefined {
    return this.#systems
      .filter(({ id, sourceKey, sourceName, folder }) =>
        id === media.systemId && sourceKey === media.sourceKey &&
        sourceName === media.sourceName && isBelow(media.path, folder)
      )
      .toSorted((a, b) => b.folder.length - a.folder.length)[0];
  }

  /** Whether a path, as a client wrote it, is one of the systems' folders, or lies below one. */
  holds(path: string): boolean {
    return this.#systems.some(({ folder }) =>
      path === folder || (isBelow(path, folder) && isPlain(path.slice(folder.length)))
    );
  }
}

/** Whether a path lies below a folder; both absolute and without "." and "..". */
export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

// Without "." and "..".
function isPlain(path: string): boolean {
  return !path.split("/").some((part) => part === "." || part === "..");
}
