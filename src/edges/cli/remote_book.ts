// The devices elsewhere that this user has paired with, a file each in a folder that only they may
// read. Nothing of it belongs to a service on this machine.

import { utf8 } from "../../base/bytes.ts";
import { formatMode, OPEN_TO_OTHERS } from "../../base/file_mode.ts";
import { asJsonObject, parseJsonObject } from "../../base/json.ts";
import { type Credentials, encodeCredentials, parseCredentials } from "../../sdk/connect.ts";
import { CommandError, UsageError } from "./command.ts";
import { whyNot } from "./owner_files.ts";
import { writeWholeFile } from "./whole_file.ts";

/** A device elsewhere. */
export interface Remote {
  /** What this user calls it. */
  readonly name: string;
  /** Its base URL. */
  readonly url: string;
  /** When it was paired, in Unix seconds. */
  readonly pairedAt: number;
  /** What opens a session with it. */
  readonly credentials: Credentials;
}

/** The devices of a user. CommandError where their files cannot be used. */
export interface RemoteBook {
  /** All of them, by name. */
  list(): Remote[];
  /** The one of this name, if there is one. */
  find(name: string): Remote | undefined;
  /** Makes sure that one can be kept, before anything depends on it. */
  prepare(): void;
  /** Keeps one, in the place of another of its name; it is on the disk then. */
  keep(remote: Remote): void;
  /** Forgets one. */
  forget(name: string): void;
}

const FOLDER_MODE = 0o700;
const SUFFIX = ".json";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A name that may be that of a file; UsageError for any other. */
export function requireRemoteName(name: string): string {
  if (NAME.test(name)) return name;
  throw new UsageError("Expected a name of letters, digits, dots and dashes, at most 63");
}

/** The name of a device that was given none: its host's, with the port where that is unusual. */
export function remoteNameOf(url: string): string {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "").replace(/[^A-Za-z0-9.-]/g, "-").replace(/^-+/, "");
  return requireRemoteName(port === "" || port === "7497" ? host : `${host}-${port}`);
}

/** The folder of the user whose environment this is. CommandError where there is none. */
export function remotesFolder(env: { get(name: string): string | undefined }): string {
  const state = env.get("XDG_STATE_HOME");
  if (state?.startsWith("/")) return `${state}/latchkey-remotes`;
  const home = env.get("HOME");
  if (home?.startsWith("/")) return `${home}/.local/state/latchkey-remotes`;
  throw new CommandError(
    "Cannot tell where to keep devices: neither HOME nor XDG_STATE_HOME is set",
  );
}

/** The devices in a folder, which is made when the first one is kept. */
export function openRemoteBook(folder: string): RemoteBook {
  const pathOf = (name: string): string => `${folder}/${name}${SUFFIX}`;
  function read(name: string): Remote | undefined {
    const text = readIfThere(pathOf(name));
    return text === undefined ? undefined : parseRemote(text, { name, path: pathOf(name) });
  }
  return {
    list: () => namesIn(folder).flatMap((name) => read(name) ?? []),
    find: (name) => read(requireRemoteName(name)),
    prepare: () => prepareFolder(folder),
    keep(remote: Remote): void {
      prepareFolder(folder);
      const { name, url, pairedAt, credentials } = remote;
      const kept = { url, pairedAt, credentials: JSON.parse(encodeCredentials(credentials)) };
      writeWholeFile(pathOf(requireRemoteName(name)), utf8(`${JSON.stringify(kept)}\n`));
    },
    forget(name: string): void {
      requireRemoteName(name);
      try {
        Deno.removeSync(pathOf(name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) {
          throw new CommandError(`There is no ${name}: latchkey remote list`, { cause: error });
        }
        throw new CommandError(`Cannot remove ${pathOf(name)}: ${whyNot(error)}`, { cause: error });
      }
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter(({ name }) => name.endsWith(SUFFIX))
      .map(({ name }) => name.slice(0, -SUFFIX.length))
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new CommandError(`Cannot read ${folder}: ${whyNot(error)}`, { cause: error });
  }
}

function prepareFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const mode = Deno.statSync(folder).mode ?? 0;
    if ((mode & OPEN_TO_OTHERS) !== 0) Deno.chmodSync(folder, FOLDER_MODE);
    // Whether files can be made in it, nothing but making one tells.
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: "probe." }));
  } catch (error) {
    throw new CommandError(
      `Cannot keep devices in ${folder} (mode ${formatMode(FOLDER_MODE)}): ${whyNot(error)}`,
      { cause: error },
    );
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new CommandError(`Cannot read ${path}: ${whyNot(error)}`, { cause: error });
  }
}

function parseRemote(text: string, { name, path }: { name: string; path: string }): Remote {
  const { url, pairedAt, credentials } = parseJsonObject(text) ?? {};
  const parsed = asJsonObject(credentials) && parseCredentials(JSON.stringify(credentials));
  if (typeof url !== "string" || typeof pairedAt !== "number" || parsed === undefined) {
    throw new CommandError(
      `Cannot understand ${path}: latchkey remote forget ${name}, then pair again`,
    );
  }
  return { name, url, pairedAt, credentials: parsed };
}
