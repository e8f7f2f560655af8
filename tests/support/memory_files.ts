// Files of the library in memory.

import { AppError } from "../../src/base/app_error.ts";
import type {
  FileAccess,
  FileFacts,
  ReadFileOptions,
  WalkedFile,
  WalkOptions,
} from "../../src/features/library/file_access.ts";
import { SourceAway } from "../../src/features/library/library_source.ts";

/** How many bytes of a file are given at once. */
const PIECE_BYTES = 1_000;

/** Files by their absolute paths; a path that ends with "/" is an empty folder. */
export class MemoryFiles implements FileAccess {
  readonly files: Map<string, string | Uint8Array>;
  readonly home: string | undefined;
  /** How many walks have begun and not ended. */
  walks = 0;
  /** Where links lead, by their paths. */
  readonly links = new Map<string, string>();
  /** The paths that were read. */
  readonly wereRead: string[] = [];

  constructor(
    files: Readonly<Record<string, string | Uint8Array>> = {},
    home: string | undefined = "/home/ann",
  ) {
    this.files = new Map(Object.entries(files));
    this.home = home;
  }

  async *walk(folder: string, { isWanted, signal }: WalkOptions): AsyncIterable<WalkedFile> {
    await Promise.resolve();
    if (!this.#hasFolder(folder)) throw new SourceAway(folder);
    this.walks++;
    try {
      for (const [path, content] of this.files) {
        signal.throwIfAborted();
        if (!path.startsWith(`${folder}/`)) continue;
        const name = path.slice(path.lastIndexOf("/") + 1);
        if (isWanted(name, "file")) yield { path, ...factsOf(content) };
      }
    } finally {
      this.walks--;
    }
  }

  namesIn(folder: string): Promise<string[]> {
    const names = [...this.files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1).split("/")[0] ?? "");
    return Promise.resolve([...new Set(names)]);
  }

  look(path: string): Promise<(FileFacts & { kind: "file" | "folder" }) | undefined> {
    const content = this.files.get(path);
    if (content !== undefined) return Promise.resolve({ ...factsOf(content), kind: "file" });
    const folder = { bytes: 0, modifiedMs: 0, kind: "folder" as const };
    return Promise.resolve(this.#hasFolder(path) ? folder : undefined);
  }

  async *read(
    path: string,
    { maxBytes, onCut, within = ["/"] }: ReadFileOptions,
  ): AsyncIterable<Uint8Array> {
    await Promise.resolve();
    const target = this.links.get(path) ?? path;
    const isWithin = within.some((folder) => target.startsWith(folder));
    const content = isWithin ? this.files.get(target) : undefined;
    if (content === undefined) throw new AppError("not_found", "No such file");
    this.wereRead.push(path);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    for (let at = 0; at < Math.min(bytes.length, maxBytes); at += PIECE_BYTES) {
      yield bytes.subarray(at, Math.min(at + PIECE_BYTES, maxBytes));
    }
    if (bytes.length > maxBytes) onCut?.();
  }

  #hasFolder(folder: string): boolean {
    return [...this.files.keys()].some((path) => path.startsWith(`${folder}/`));
  }
}

function factsOf(content: string | Uint8Array): FileFacts {
  return { bytes: content.length, modifiedMs: 1_000 };
}
