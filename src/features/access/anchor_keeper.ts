// Keeps the anchor of the audit log behind the log: an entry is remembered outside the table once it is
// on the disk, never before, or a power cut would look like entries that were cut off. The first entry
// after a pause is remembered at once; of those that follow each other faster, the newest.

import { asError } from "../../base/app_error.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";

/** The shortest time between two writes of the anchor, in milliseconds. */
export const ANCHOR_PAUSE_MS = 1_000;

/** The end of what is no longer kept, on which the oldest kept entry builds. */
export interface AuditCheckpoint {
  /** The number of the last entry that was removed; 0 at first. */
  readonly id: number;
  /** Its hash; 32 zero bytes at first. */
  readonly hash: Bytes;
}

/** Where the newest entry is remembered outside the table. */
export interface AuditAnchor {
  /** Its number and hash; undefined where there are none. */
  read(): AuditCheckpoint | undefined;
  /** Remembers it durably. */
  write(head: AuditCheckpoint): void | Promise<void>;
}

/** Options of {@linkcode AnchorKeeper}. */
export interface AnchorKeeperOptions {
  anchor: AuditAnchor;
  /** Resolves once all entries so far are on the disk. */
  durable: () => Promise<void>;
  clock: Clock;
  /** Hears of failed writes. */
  log: Logger;
}

/** Writes the anchor of one audit log. */
export class AnchorKeeper {
  readonly #options: AnchorKeeperOptions;
  #wanted: AuditCheckpoint | undefined;
  #writing: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;
  /** Whether the last write failed: an outage is told of once. */
  #hasFailed = false;

  /** Nothing to remember yet. */
  constructor(options: AnchorKeeperOptions) {
    this.#options = options;
  }

  /** The newest entry is this one. */
  note(head: AuditCheckpoint): void {
    this.#wanted = head;
    if (this.#writing === undefined && this.#cancelPause === undefined) this.#start();
  }

  /** Resolves when the newest entry is remembered, or that has failed. */
  async settled(): Promise<void> {
    await this.#writing;
    this.#endPause();
    if (this.#wanted === undefined) return;
    this.#start();
    await this.#writing;
    this.#endPause();
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #start(): void {
    this.#writing = this.#write().then(() => {
      this.#writing = undefined;
      this.#cancelPause = this.#options.clock.after(ANCHOR_PAUSE_MS, () => {
        this.#cancelPause = undefined;
        if (this.#wanted !== undefined) this.#start();
      });
    });
  }

  async #write(): Promise<void> {
    const { anchor, durable, log } = this.#options;
    const head = this.#wanted;
    if (head === undefined) return;
    try {
      await durable();
      await anchor.write(head);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) {
        log.error("Cannot write the anchor of the audit log", { error: asError(error) });
      }
      this.#hasFailed = true;
      return;
    }
    if (this.#wanted === head) this.#wanted = undefined;
  }
}
