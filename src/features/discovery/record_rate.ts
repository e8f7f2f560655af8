// How often a record goes out to everybody on an interface (RFC 6762, section 6): anybody can ask as
// often as the link carries, and each answer wakes every device on it.

import type { DnsRecord } from "./service_records.ts";

/** The time between two multicasts of a record, in milliseconds. */
export const RECORD_GAP_MS = 1000;

/** The same for the answer to somebody who wants to take the name, in milliseconds. */
export const PROBE_ANSWER_GAP_MS = 250;

/** When records went out on one interface. */
export class RecordRate {
  readonly #sentAtMs = new Map<string, number>();

  /** Those of the records that may go out now; they count as sent. */
  take(records: readonly DnsRecord[], at: { nowMs: number; gapMs: number }): DnsRecord[] {
    const { nowMs, gapMs } = at;
    for (const [key, sentAtMs] of this.#sentAtMs) {
      if (nowMs - sentAtMs >= RECORD_GAP_MS) this.#sentAtMs.delete(key);
    }
    const due = records.filter((record) =>
      nowMs - (this.#sentAtMs.get(keyOf(record)) ?? -Infinity) >= gapMs
    );
    for (const record of due) this.#sentAtMs.set(keyOf(record), nowMs);
    return due;
  }
}

function keyOf({ name, type, data }: DnsRecord): string {
  return JSON.stringify([name, type, data]);
}
