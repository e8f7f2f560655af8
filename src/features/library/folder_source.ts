// A source of the kind "folder": one folder whose files one program plays.

import { parseCommandList } from "./command_template.ts";
import type { FileAccess } from "./file_access.ts";
import { titleOfFile } from "./file_title.ts";
import type { LibrarySettings } from "./library_settings.ts";
import type { LibrarySource, SourceReadOptions } from "./library_source.ts";
import type { FoundMedia, LibrarySystem } from "./media.ts";
import { systemOfId } from "./system_ids.ts";

/** The source of a folder; its settings have been checked. */
export function createFolderSource(
  { folder: written = "", system: id = "", name, extensions, command }: LibrarySettings,
  files: FileAccess,
): LibrarySource {
  const folder = written.replace(/(?<=.)\/+$/, "");
  const known = systemOfId(id);
  const key = `folder:${id}:${folder}`;
  const system: LibrarySystem = {
    id: known?.id ?? id,
    name: name ?? known?.name ?? id,
    category: known?.category,
    sourceKey: key,
    sourceName: id,
    folder,
    launch: { kind: "command", steps: [parseCommandList(command)] },
  };
  return {
    key,
    systems: () => Promise.resolve([system]),
    async *media(_system: LibrarySystem, options: SourceReadOptions): AsyncIterable<FoundMedia> {
      const isWanted = wantedByExtension(new Set(extensions));
      const walk = files.walk(folder, { ...options, isWanted });
      for await (const file of walk) yield { ...file, name: titleOfFile(file.path), details: {} };
    },
  };
}

/**
 * Whether a file or a folder ends with one of some extensions, which may have a dot within, as
 * ".p8.png" has. Hidden ones are never wanted.
 */
export function wantedByExtension(extensions: ReadonlySet<string>): (name: string) => boolean {
  return (name) => {
    if (name.startsWith(".")) return false;
    const lower = name.toLowerCase();
    const last = lower.lastIndexOf(".");
    if (last <= 0) return false;
    if (extensions.has(lower.slice(last))) return true;
    const before = lower.lastIndexOf(".", last - 1);
    return before > 0 && extensions.has(lower.slice(before));
  };
}
