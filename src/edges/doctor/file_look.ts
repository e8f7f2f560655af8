// The doctor's look at files: folders, programs, and who holds the data folder. Nothing is opened
// for writing, taken or created.

import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { isOwnFile, LOCK_FILE } from "../../base/own_files.ts";
import type { FolderFacts, LockHolder, ProgramState } from "../../features/doctor/doctor_facts.ts";
import {
  type Identity,
  identityIn,
  isReadOnlyAt,
  lockHolders,
  mayAccess,
} from "../../features/doctor/proc_files.ts";

const PERMISSION_BITS = 0o7777;

/** What a data folder is like for whom it is meant. */
export async function lookAtFolder(path: string, identity: Identity): Promise<FolderFacts> {
  const { uid } = identity;
  const found = await statIfThere(path);
  if (found === undefined) {
    const canCreate = await canCreateIn(dirname(path), identity);
    return { path, uid, state: { kind: "missing", canCreate } };
  }
  if (!found.isDirectory) return { path, uid, state: { kind: "not_a_folder" } };
  const { bsize, bavail } = await statfs(path);
  return {
    path,
    uid,
    state: {
      kind: "folder",
      mode: (found.mode ?? 0) & PERMISSION_BITS,
      ownerUid: found.uid ?? -1,
      freeBytes: bsize * bavail,
      isReadOnly: await isOnReadOnlyDisk(path),
      foreignName: foreignNameIn(path),
    },
  };
}

function foreignNameIn(path: string): string | undefined {
  try {
    return [...Deno.readDirSync(path)].find(({ name }) => !isOwnFile(name))?.name;
  } catch (error) {
    // Who may not look into it is told by its mode and owner what is wrong.
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** What lies at a path, links followed; undefined where nothing does. */
export async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    // A file in the middle of the path is no folder, so nothing is behind it.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/** Whether somebody can make files in a folder that is there. */
export async function isWritableFolder(path: string, identity: Identity): Promise<boolean> {
  const found = await statIfThere(path);
  return found?.isDirectory === true && mayAccess(found, { identity, access: "write" }) &&
    mayAccess(found, { identity, access: "execute" }) && !await isOnReadOnlyDisk(path);
}

/** Whether somebody may list a folder that is there; not so where one above it is closed. */
export async function isReadableFolder(path: string, identity: Identity): Promise<boolean> {
  try {
    for (let folder = await Deno.realPath(path), at = folder;; at = dirname(at)) {
      const found = await Deno.stat(at);
      const needed = at === folder ? ["read", "execute"] as const : ["execute"] as const;
      if (!needed.every((access) => mayAccess(found, { identity, access }))) return false;
      if (at === "/") return true;
    }
  } catch {
    return false;
  }
}

async function canCreateIn(path: string, identity: Identity): Promise<boolean> {
  if (await statIfThere(path) !== undefined) return await isWritableFolder(path, identity);
  const parent = dirname(path);
  return parent !== path && await canCreateIn(parent, identity);
}

async function isOnReadOnlyDisk(path: string): Promise<boolean> {
  return isReadOnlyAt(await Deno.readTextFile("/proc/self/mountinfo"), await Deno.realPath(path));
}

/** Whether a program can be started, found as the system would: by its path, or in `searchPath`. */
export async function lookAtProgram(
  program: string,
  options: { cwd: string; searchPath: string; identity: Identity },
): Promise<ProgramState> {
  const { cwd, searchPath, identity } = options;
  const places = program.includes("/")
    ? [program.startsWith("/") ? program : `${cwd}/${program}`]
    : searchPath.split(":").filter((folder) => folder !== "").map((dir) => `${dir}/${program}`);
  const states = await Promise.all(places.map((place) => programStateOf(place, identity)));
  if (states.includes("executable")) return "executable";
  return states.includes("not_executable") ? "not_executable" : "missing";
}

async function programStateOf(path: string, identity: Identity): Promise<ProgramState> {
  try {
    const found = await statIfThere(path);
    if (found === undefined) return "missing";
    const isExecutable = found.isFile && mayAccess(found, { identity, access: "execute" });
    return isExecutable ? "executable" : "not_executable";
  } catch {
    // It lies behind a folder that is closed.
    return "not_executable";
  }
}

/** Who holds a data folder; asked of the kernel, so that a starting service is not in the way. */
export async function findLockHolder(dataDir: string): Promise<LockHolder> {
  const path = `${dataDir}/${LOCK_FILE}`;
  try {
    const found = await statIfThere(path);
    if (found === undefined) return { kind: "nobody" };
    const holders = lockHolders(await Deno.readTextFile("/proc/locks"), found.ino ?? -1);
    if (holders.length === 0) return { kind: "nobody" };
    // Other file systems have files with this number too: the holder has written its own in it.
    const pid = Number(await Deno.readTextFile(path));
    return holders.includes(pid) ? { kind: "process", pid } : { kind: "unknown" };
  } catch {
    return { kind: "unknown" };
  }
}

/** As whom a process runs, or this one where none is named; undefined where it is gone. */
export async function identityOf(pid: number | undefined): Promise<Identity | undefined> {
  try {
    return identityIn(await Deno.readTextFile(`/proc/${pid ?? "self"}/status`));
  } catch {
    return undefined;
  }
}

/** Whether a process writes to a terminal; false where that cannot be told. */
export async function writesToTerminal(pid: number): Promise<boolean> {
  try {
    return /^\/dev\/(pts\/|tty|console)/.test(await Deno.readLink(`/proc/${pid}/fd/1`));
  } catch {
    return false;
  }
}
