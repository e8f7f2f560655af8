// Files of the library. Folders are listed a few names at a time; links lead to files within the
// owner's folder alone and never to another folder, so that neither loops nor farms of links matter;
// pipes, devices and sockets are never opened.
//
// Names that are no UTF-8 come lossy from the platform, with U+FFFD for what it could not read, and
// nothing can be opened by such a name: they are told as problems and left out.

import { AppError } from "../../base/app_error.ts";
import type {
  FileAccess,
  FileFacts,
  ReadFileOptions,
  WalkedFile,
  WalkOptions,
} from "../../features/library/file_access.ts";
import { SourceAway } from "../../features/library/library_source.ts";
import { isRunnablePath } from "../../features/library/zap_script.ts";

/** How many names of a folder are looked at before others have their turn. */
export const NAMES_PER_TURN = 256;

/** How many files are looked at at once: each takes a thread of the platform, and memory with it. */
export const LOOKS_AT_ONCE = 1;

/** How deep folders are entered, the owner's own not counted. */
export const MAX_FOLDER_DEPTH = 16;

/** How many names a walk looks at in all. */
export const MAX_WALKED_NAMES = 1_000_000;

/** How many problems of a walk are told one by one; the others are counted. */
export const MAX_TOLD_OF_WALK = 20;

/** How many names of a folder {@linkcode FileAccess.namesIn} gives. */
export const MAX_NAMES_IN_FOLDER = 10_000;

/** How many folders without media are remembered of a walk. */
export const MAX_BARE_FOLDERS = 1024;

/** How much of a file is read at once, in bytes. */
export const PIECE_BYTES: number = 16 * 1024;

/** How many pieces of a file are given before others have their turn: who reads them works on each. */
export const PIECES_PER_TURN = 2;

const LINK_TO_FOLDER = "the link leads to a folder, which is not entered";

/** The files of this machine. */
export interface LibraryFiles extends FileAccess {
  /**
   * The folders within one that its last whole walk found nothing in that is wanted, a bounded
   * number: no media leads to them, and something may come into them.
   */
  bareFoldersIn(folder: string): readonly string[];
}

/** The files of this machine, for a user with this home folder. */
export function createLibraryFiles(home: string | undefined): LibraryFiles {
  const bareFolders = new Map<string, readonly string[]>();
  return {
    home,
    walk: (folder, options) =>
      walk(folder, { ...options, onEnd: (bare) => void bareFolders.set(folder, bare) }),
    bareFoldersIn: (folder) => bareFolders.get(folder) ?? [],
    namesIn,
    look: async (path) => {
      const found = await statOf(path);
      if (found === undefined || !(found.isFile || found.isDirectory)) return undefined;
      return { ...factsOf(found), kind: found.isFile ? "file" : "folder" };
    },
    read,
  };
}

async function* walk(
  root: string,
  options: WalkOptions & { onEnd: (bareFolders: readonly string[]) => void },
): AsyncGenerator<WalkedFile> {
  const { isWanted, signal, onEnd } = options;
  const bareFolders: string[] = [];
  const problems = new ToldProblems(options.onProblem);
  const realRoot = await realPathOf(root);
  const pending = [{ folder: root, depth: 0 }];
  let names = 0;
  try {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { folder, depth } = next;
      const prefix = folder === "/" ? "/" : `${folder}/`;
      const wanted: Deno.DirEntry[] = [];
      const entries = listFolder(folder, folder === root);
      for await (const entry of entries) {
        if (++names % NAMES_PER_TURN === 0) await turnOfOthers();
        signal.throwIfAborted();
        if (names > MAX_WALKED_NAMES) {
          problems.tell(
            root,
            `it has more than ${MAX_WALKED_NAMES} names, and the rest is left out`,
          );
          return;
        }
        if (entry.name.startsWith(".")) continue;
        const kind = entry.isDirectory ? "folder" : "file";
        if (isWanted(entry.name, kind)) wanted.push(entry);
        else if (entry.isSymlink) await tellFolderLink(prefix + entry.name, problems);
        else if (entry.isDirectory && depth < MAX_FOLDER_DEPTH) {
          pending.push({ folder: prefix + entry.name, depth: depth + 1 });
        } else if (entry.isDirectory) {
          problems.tell(prefix + entry.name, `it lies more than ${MAX_FOLDER_DEPTH} folders deep`);
        }
      }
      if (wanted.length === 0 && bareFolders.length < MAX_BARE_FOLDERS) bareFolders.push(folder);
      for (let at = 0; at < wanted.length; at += LOOKS_AT_ONCE) {
        signal.throwIfAborted();
        const looks = wanted.slice(at, at + LOOKS_AT_ONCE)
          .map((entry) => lookAt(prefix + entry.name, { entry, realRoot, problems }));
        for (const file of await Promise.all(looks)) if (file !== undefined) yield file;
      }
    }
    onEnd(bareFolders);
  } finally {
    problems.end(root);
  }

  async function* listFolder(folder: string, isRoot: boolean): AsyncGenerator<Deno.DirEntry> {
    try {
      yield* Deno.readDir(folder);
    } catch (error) {
      if (isRoot) throw new SourceAway(root, { cause: error });
      const message = isLossy(folder)
        ? "its name is no UTF-8, so it cannot be opened"
        : "the folder cannot be read";
      problems.tell(folder, message);
    }
  }
}

async function lookAt(
  path: string,
  { entry, realRoot, problems }: { entry: Deno.DirEntry; realRoot: string; problems: ToldProblems },
): Promise<WalkedFile | undefined> {
  if (!isRunnablePath(path)) {
    problems.tell(path, "its path is too long to be launched");
    return undefined;
  }
  if (isLossy(entry.name) && await lstatOf(path) === undefined) {
    problems.tell(path, "its name is no UTF-8, so it cannot be opened");
    return undefined;
  }
  if (entry.isSymlink) return await lookAtLink(path, realRoot, problems);
  const found = await lstatOf(path);
  // It vanished since, or a link took its place.
  if (found === undefined || found.isSymlink) return undefined;
  if (!found.isFile && !found.isDirectory) {
    problems.tell(path, "it is neither a file nor a folder");
    return undefined;
  }
  return { path, ...factsOf(found) };
}

async function lookAtLink(
  path: string,
  realRoot: string,
  problems: ToldProblems,
): Promise<WalkedFile | undefined> {
  const target = await realPathOrNone(path);
  if (target === undefined) {
    problems.tell(path, "the link leads nowhere");
    return undefined;
  }
  if (!isWithin(target, realRoot)) {
    problems.tell(path, "the link leads out of the folder");
    return undefined;
  }
  const found = await lstatOf(target);
  if (found?.isFile === true) return { path, ...factsOf(found) };
  if (found?.isDirectory === true) problems.tell(path, LINK_TO_FOLDER);
  return undefined;
}

// A folder that the owner would look for; of many links the first alone are looked at.
async function tellFolderLink(path: string, problems: ToldProblems): Promise<void> {
  if (problems.hasRoom && (await statOf(path))?.isDirectory === true) {
    problems.tell(path, LINK_TO_FOLDER);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (names.push(name) === MAX_NAMES_IN_FOLDER) break;
      if (names.length % NAMES_PER_TURN === 0) await turnOfOthers();
    }
  } catch {
    // It is not there, or closed to this user.
  }
  return names;
}

async function* read(path: string, options: ReadFileOptions): AsyncGenerator<Uint8Array> {
  const { maxBytes, onCut, signal, within } = options;
  const target = await realPathOrNone(path);
  if (target === undefined || !await isAllowed(target, within)) throw notFound();
  // Asked before it is opened, because opening a pipe would wait for who writes to it.
  const expected = await lstatOf(target);
  if (expected?.isFile !== true) throw notFound();
  using file = await openOrNone(target);
  const actual = await file?.stat();
  const isSame = actual?.ino === expected.ino && actual?.dev === expected.dev;
  if (file === undefined || !isSame) throw notFound();
  let left = maxBytes;
  for (let pieces = 1;; pieces++) {
    if (pieces % PIECES_PER_TURN === 0) await turnOfOthers();
    signal?.throwIfAborted();
    const piece = new Uint8Array(Math.min(PIECE_BYTES, left + 1));
    const length = await file.read(piece);
    if (length === null) return;
    if (length > left) {
      if (left > 0) yield piece.subarray(0, left);
      onCut?.();
      return;
    }
    left -= length;
    yield piece.subarray(0, length);
  }
}

async function isAllowed(target: string, within: readonly string[] | undefined): Promise<boolean> {
  if (within === undefined) return true;
  const roots = await Promise.all(within.map(realPathOrNone));
  return roots.some((root) => root !== undefined && isWithin(target, root));
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function isLossy(name: string): boolean {
  return name.includes("\ufffd");
}

function factsOf({ size, mtime, isFile }: Deno.FileInfo): FileFacts {
  return { bytes: isFile ? size : 0, modifiedMs: mtime?.getTime() ?? 0 };
}

async function realPathOf(root: string): Promise<string> {
  try {
    return await Deno.realPath(root);
  } catch (error) {
    throw new SourceAway(root, { cause: error });
  }
}

async function realPathOrNone(path: string): Promise<string | undefined> {
  return await orNone(() => Deno.realPath(path));
}

async function lstatOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await orNone(() => Deno.lstat(path));
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await orNone(() => Deno.stat(path));
}

async function openOrNone(path: string): Promise<Deno.FsFile | undefined> {
  return await orNone(() => Deno.open(path));
}

// Files vanish, links loop, names are too long, folders are closed: there is nothing to read then.
async function orNone<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

function notFound(): AppError {
  return new AppError("not_found", "No such file");
}

async function turnOfOthers(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
}

// A farm of a million broken links must not fill the log.
class ToldProblems {
  readonly #onProblem: WalkOptions["onProblem"];
  #count = 0;

  constructor(onProblem: WalkOptions["onProblem"]) {
    this.#onProblem = onProblem;
  }

  /** Whether the next problem is told by itself. */
  get hasRoom(): boolean {
    return this.#count < MAX_TOLD_OF_WALK;
  }

  tell(path: string, message: string): void {
    if (++this.#count <= MAX_TOLD_OF_WALK) this.#onProblem({ path, message });
  }

  end(root: string): void {
    const more = this.#count - MAX_TOLD_OF_WALK;
    if (more > 0) this.#onProblem({ path: root, message: `${more} more problems of this kind` });
  }
}
