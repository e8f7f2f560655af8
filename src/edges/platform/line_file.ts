// A file that grows by lines and stays bounded: what is written is collected for a moment, a file that
// is full takes the place of the one before it, and a path that cannot be written costs one line in
// the log and no request.

import { asError } from "../../base/app_error.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";

/** How long lines are collected, in milliseconds. */
export const LINE_FLUSH_MS = 1_000;

/** The most that is collected, in bytes; what comes on top until it is written is left out. */
export const MAX_COLLECTED_LINE_BYTES: number = 1024 * 1024;

/** From which size on a file makes room for a new one, in bytes; there are two at most. */
export const MAX_LINE_FILE_BYTES: number = 16 * 1024 * 1024;

const FILE_MODE = 0o600;

/** Options of {@linkcode LineFile}. */
export interface LineFileOptions {
  /** Where it lies; the one before it has ".1" behind its name. */
  path: string;
  clock: Clock;
  log: Logger;
}

/** A file of lines. Nothing is opened before the first one. */
export class LineFile {
  readonly #options: LineFileOptions;
  readonly #cancelFlush: () => void;
  #lines: string[] = [];
  #bytes = 0;
  #isFailing = false;
  #flushing: Promise<void> = Promise.resolve();

  /** A file that writes at times. */
  constructor(options: LineFileOptions) {
    this.#options = options;
    this.#cancelFlush = every(options.clock, LINE_FLUSH_MS, () => void this.flush());
  }

  /** Adds a line, given without its end. */
  add(line: string): void {
    if (this.#bytes + line.length > MAX_COLLECTED_LINE_BYTES) return;
    this.#lines.push(line);
    this.#bytes += line.length + 1;
  }

  /** Writes what was collected, after what is being written. Never rejects. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  /** Writes the rest and ends. */
  async close(): Promise<void> {
    this.#cancelFlush();
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#lines.length === 0) return;
    const { path, log } = this.#options;
    const bytes = new TextEncoder().encode(this.#lines.map((line) => `${line}\n`).join(""));
    this.#lines = [];
    this.#bytes = 0;
    try {
      await append(path, bytes);
      if (this.#isFailing) log.info("The request log can be written again", { path });
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        log.warn("Cannot write the request log, its lines are left out", {
          path,
          error: asError(error),
        });
      }
      this.#isFailing = true;
    }
  }
}

// Opened anew each time, so that whoever moves the file away gets a new one.
async function append(path: string, bytes: Uint8Array): Promise<void> {
  if (await sizeOf(path) >= MAX_LINE_FILE_BYTES) await Deno.rename(path, `${path}.1`);
  using file = await Deno.open(path, { append: true, create: true, mode: FILE_MODE });
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
