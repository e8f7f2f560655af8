// A folder on the disk for one test, and what is in it.

import type { LogFields, Logger } from "../../../src/base/log.ts";
import { silentLogger } from "../../../src/base/log.ts";

/** Runs `test` with a fresh folder of mode 0700, which is removed afterwards. */
export function withTempFolder<Result extends void | Promise<void>>(
  test: (folder: string) => Result,
): Result {
  const folder = Deno.makeTempDirSync({ prefix: "latchkey_test_" });
  const remove = (): void => Deno.removeSync(folder, { recursive: true });
  let running: Result;
  try {
    running = test(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (running instanceof Promise) return running.finally(remove) as Result;
  remove();
  return running;
}

/** The contents of all files of a folder by name; folders and links are left out. */
export function readFiles(folder: string): Record<string, string> {
  const files = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile);
  return Object.fromEntries(
    files.map(({ name }) => [name, Deno.readFileSync(`${folder}/${name}`).toHex()]),
  );
}

/** The permissions of all files of a folder by name, in octal. */
export function readModes(folder: string): Record<string, string> {
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => [name, readMode(`${folder}/${name}`)]),
  );
}

/** What readModes() gives for files that are open to their owner alone. */
export function ownersOnly(...files: string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, "600"]));
}

/** The permissions of a file or folder, in octal. */
export function readMode(path: string): string {
  return ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8);
}

/** A logger that keeps what is logged, and the lines it has. */
export function recordingLogger(): { log: Logger; lines: [string, LogFields | undefined][] } {
  const lines: [string, LogFields | undefined][] = [];
  const record = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
  return { log: { ...silentLogger, info: record, warn: record, error: record }, lines };
}
