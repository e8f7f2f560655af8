// A process that starts anew in its own place, once after its program has changed. The first start of
// a program compiles everything and keeps what that took for as long as it lives: 17 MiB more than a
// start that finds compiled code, which the runtime has put into its cache meanwhile.
//
// The process is replaced by execv, so that its number stays, and with it whatever watches it. A file
// in the cache names the program for which that was done, and it is written and read back before: a
// cache that cannot be written means no restart, and never a second one.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";

/** The first file of a bundled program; only such a program has its code in the cache. */
const BUNDLED = /^file:\/\/.*\/latchkey\.js$/;

/** The file in the cache's folder. */
export const MARK_FILE = "latchkey_started_twice";

/** Replaces this process; returns only where that fails. */
type ReplaceProcess = () => void;

/** A restart that is due. */
export interface DueRestart {
  /** Starts the process anew; returns where it must go on instead. */
  run(): void;
  /** Gives up what it needs. */
  close(): void;
}

/** Options of {@linkcode prepareRestart}. */
export interface PrepareRestartOptions {
  /** The folder with the runtime's cache; undefined where that is shared with other programs. */
  cacheFolder: string | undefined;
  /** The URL of the program's first file. */
  program: string;
  /** What else compiled code depends on: versions. */
  versions: string;
  /**
   * What replaces the process, to be had before rights are given up.
   * @default execv of the C library
   */
  loadReplace?: () => { replace: ReplaceProcess; close: () => void };
  log: Logger;
}

/** The restart that is due, to be prepared before rights are given up; undefined where none is. */
export function prepareRestart(options: PrepareRestartOptions): DueRestart | undefined {
  const { cacheFolder, program, versions, loadReplace = loadExecv, log } = options;
  if (cacheFolder === undefined || !BUNDLED.test(program)) return undefined;
  const mark = `${cacheFolder}/${MARK_FILE}`;
  try {
    const { size, mtime } = Deno.statSync(new URL(program));
    const identity = `${program} ${size} ${mtime?.getTime()} ${versions}\n`;
    if (readMark(mark) === identity) return undefined;
    const { replace, close } = loadReplace();
    return {
      run(): void {
        try {
          writeMark(mark, identity);
          log.info("Starting once more, with the code that is compiled now");
          replace();
        } catch (error) {
          log.info("Going on without a restart", { reason: asError(error).message });
        }
      },
      close,
    };
  } catch (error) {
    log.debug("No restart is possible", { reason: asError(error).message });
    return undefined;
  }
}

function readMark(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // What cannot be read would not be found at the next start either.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function writeMark(path: string, identity: string): void {
  const part = `${path}.new`;
  // Without a mode: the platform would give it to the end of a link, whatever that is.
  Deno.writeTextFileSync(part, identity);
  Deno.renameSync(part, path);
  if (readMark(path) !== identity) throw new Error("The cache does not keep what is written");
}

function loadExecv(): { replace: ReplaceProcess; close: () => void } {
  const program = new TextEncoder().encode(`${Deno.execPath()}\0`);
  const { addresses, memory } = readArguments();
  const library = Deno.dlopen("libc.so.6", {
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  return {
    replace(): void {
      library.symbols.execv(program, addresses);
      throw new Error("The system did not start the program again");
    },
    close(): void {
      library.close();
      // Held until here: only its addresses are in the array.
      memory.fill(0);
    },
  };
}

// The arguments as they were given, and the array of their addresses that execv takes. They lie in one
// buffer of their own, because a small array could be moved; asking for its address takes a right
// that is given up later.
function readArguments(): {
  addresses: BigUint64Array<ArrayBuffer>;
  memory: Uint8Array<ArrayBuffer>;
} {
  const line = Deno.readFileSync("/proc/self/cmdline");
  const memory = new Uint8Array(new ArrayBuffer(line.length + 1));
  memory.set(line);
  const begins: number[] = [];
  for (let from = 0; from < line.length; from = memory.indexOf(0, from) + 1) begins.push(from);
  const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
  const addresses = new BigUint64Array(new ArrayBuffer((begins.length + 1) * 8));
  addresses.set(begins.map((from) => base + BigInt(from)));
  return { addresses, memory };
}
