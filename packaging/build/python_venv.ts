// Virtual environments of Python, made once for each set of versions and kept beside what else
// builds need.

import { BuildError } from "./deno.ts";
import { readCacheFolder } from "./npm_deno.ts";

/** A virtual environment; it may not be made yet. */
export interface PythonVenv {
  /** Its folder. */
  readonly folder: string;
  /** Its interpreter. */
  readonly python: string;
  /** A file that is there once the environment is whole. */
  readonly whole: string;
  /** The packages that it has, as files, so that others can be made without the network. */
  readonly wheels: string;
}

/** The environment with the packages of a requirements file; `name` begins its folder's name. */
export async function pythonVenv(
  requirements: string,
  { name }: { name: string },
): Promise<PythonVenv> {
  const folder = `${readCacheFolder()}/${name}-${await digestOf([requirements])}`;
  return {
    folder,
    python: `${folder}/bin/python3`,
    whole: `${folder}/whole`,
    wheels: `${folder}/wheels`,
  };
}

/** Options of {@linkcode makeVenv}. */
export interface MakeVenvOptions {
  /** The file with the packages and their versions. */
  requirements: string;
  /**
   * Whether it keeps the packages as files.
   * @default {false}
   */
  keepsWheels?: boolean;
}

/** Makes an environment that is not there; BuildError where that fails. */
export async function makeVenv(venv: PythonVenv, options: MakeVenvOptions): Promise<void> {
  const { requirements, keepsWheels = false } = options;
  if (await isThere(venv.whole)) return;
  // It is made under its last name, for it cannot be moved; a file says that it is whole.
  await runTool(["python3", "-m", "venv", "--clear", venv.folder]);
  const source = keepsWheels ? ["--no-index", "--find-links", venv.wheels] : [];
  if (keepsWheels) {
    await pip(venv, ["download", "--only-binary", ":all:", "-d", venv.wheels, "-r", requirements]);
  }
  await pip(venv, ["install", ...source, "-r", requirements]);
  await Deno.writeTextFile(venv.whole, "");
}

/** Runs pip in an environment; BuildError where that fails. */
export async function pip({ python }: PythonVenv, args: readonly string[]): Promise<void> {
  await runTool([python, "-m", "pip", "-q", "--disable-pip-version-check", ...args]);
}

/** Whether a file or folder is there. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** What a program writes to its standard output; BuildError, with its errors, where it fails. */
export async function runTool(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const [program = "", ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program, { args, ...options })
    .output();
  const text = new TextDecoder();
  if (!success) {
    const told = `${text.decode(stdout)}${text.decode(stderr)}`;
    throw new BuildError(`${command.join(" ")}: ${told}`);
  }
  return text.decode(stdout);
}

/** Sixteen digits that tell these files from all others. */
export async function digestOf(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const bytes = new TextEncoder().encode(texts.join("\0"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}
