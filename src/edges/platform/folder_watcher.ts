// Folders as the platform watches them. The service may still do so after it gave up permissions: it
// needs reading alone, and folders are watched by their names whenever a scan has found new ones.

import type { FolderChange, FolderWatcher } from "../../features/library/library_watch.ts";

const ENTRY_KINDS: ReadonlySet<Deno.FsEvent["kind"]> = new Set(["create", "remove", "rename"]);

/** The watcher of this machine. */
export const folderWatcher: FolderWatcher = {
  async look(folder: string): Promise<string | undefined> {
    try {
      const { isDirectory, dev, ino, mtime } = await Deno.stat(folder);
      return isDirectory ? [dev, ino, mtime?.getTime()].join() : undefined;
    } catch {
      return undefined;
    }
  },
  watch(folders: readonly string[], onChange: (change: FolderChange) => void): () => void {
    const watcher = Deno.watchFs([...folders], { recursive: false });
    void tellChanges(watcher, onChange);
    return () => {
      try {
        watcher.close();
      } catch {
        // It has ended by itself.
      }
    };
  },
};

async function tellChanges(
  watcher: Deno.FsWatcher,
  onChange: (change: FolderChange) => void,
): Promise<void> {
  try {
    for await (const { kind, paths } of watcher) {
      const isEntry = ENTRY_KINDS.has(kind);
      if (!isEntry && kind !== "modify") continue;
      for (const path of paths) onChange({ path, isEntry });
    }
  } catch {
    // Whoever watches looks at the folders beside it.
  }
}
