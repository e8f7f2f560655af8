// What happened to the device's security, in an order that cannot be changed unseen: each entry
// carries the SHA-256 of itself and the one before. Entries name ids and addresses, never secrets
// and never text of a peer.

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concatBytes, equalBytes, utf8 } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { limitKey } from "../../base/ip_address.ts";
import { LruMap } from "../../base/lru_map.ts";
import { AnchorKeeper, type AuditAnchor, type AuditCheckpoint } from "./anchor_keeper.ts";

/** How many entries are kept. */
export const MAX_AUDIT_ENTRIES = 10_000;

/** How many refusals are kept, apart from all else: nobody on the network can evict the rest. */
export const MAX_REFUSAL_ENTRIES = 2_000;

/** How long further refusals of one kind from one address are only counted, in milliseconds. */
export const REFUSAL_WINDOW_MS = 60_000;

const MAX_REFUSAL_WINDOWS = 1024;

/** Everything that is recorded. */
export type AuditEvent =
  | "pairing_opened"
  | "pairing_failed"
  | "pairing_refused"
  | "pairing_ended"
  | "paired"
  | "session_opened"
  | "session_refused"
  | "session_throttled"
  | "client_changed"
  | "client_removed"
  | "key_added"
  | "key_changed"
  | "key_revoked"
  | "key_not_required"
  | "settings_changed"
  | "actions_changed"
  | "backup_created"
  | "backup_restored";

/** Named facts of an entry. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>;

/** An entry before it is kept. */
export interface NewAuditEntry {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  readonly event: AuditEvent;
  /** The facts. */
  readonly details: AuditDetails;
}

/** A kept entry. */
export interface AuditEntry extends NewAuditEntry {
  /** Its number, from 1 and without gaps. */
  readonly id: number;
  /** SHA-256 over the hash before and this entry. */
  readonly hash: Bytes;
}

/** Where entries are kept. */
export interface AuditStore {
  /** Keeps an entry behind the last one, and no more than `maxEntries` in all. */
  append(entry: NewAuditEntry, maxEntries: number): AuditEntry;
  /** Up to `limit` entries after the one with number `afterId`, oldest first. */
  listAfter(afterId: number, limit: number): AuditEntry[];
  /** The newest `limit` entries, oldest first. */
  listNewest(limit: number): AuditEntry[];
  /** What the oldest kept entry builds on. */
  checkpoint(): AuditCheckpoint;
}

/** What a look at the whole log found. */
export interface AuditVerdict {
  /** How many entries are kept, refusals apart. */
  readonly entries: number;
  /** The first that does not follow from the one before. */
  readonly brokenAt: number | undefined;
  /** The first refusal that does not. */
  readonly refusalBrokenAt: number | undefined;
  /** The number of the anchor whose entry is gone or another one: the newest were cut off. */
  readonly cutAt: number | undefined;
}

/** The hash of an entry on top of the hash before it. */
export function hashAuditEntry(previous: Bytes, entry: NewAuditEntry & { id: number }): Bytes {
  const { id, atMs, event, details } = entry;
  const text = JSON.stringify([id, atMs, event, Object.entries(details).sort()]);
  return new Uint8Array(sha256(concatBytes(previous, utf8(text))));
}

/** The number of the first entry that does not follow from the one before; undefined if all do. */
export function findBrokenEntry(
  checkpoint: AuditCheckpoint,
  entries: Iterable<AuditEntry>,
): number | undefined {
  let { id, hash } = checkpoint;
  for (const entry of entries) {
    if (entry.id !== id + 1 || !equalBytes(hashAuditEntry(hash, entry), entry.hash)) {
      return entry.id;
    }
    ({ id, hash } = entry);
  }
  return undefined;
}

/** Options of {@linkcode AuditLog}. */
export interface AuditLogOptions {
  /** Where entries are kept. */
  store: AuditStore;
  /**
   * Where refusals are kept.
   * @default where the rest is
   */
  refusals?: AuditStore;
  /**
   * Where the newest entry is remembered.
   * @default nowhere
   */
  anchor?: AuditAnchor;
  /**
   * Resolves once all that the stores have written is on the disk.
   * @default it is there when they return
   */
  durable?: () => Promise<void>;
  clock: Clock;
  /** Hears of entries that cannot be kept. */
  log: Logger;
}

interface RefusalWindow {
  readonly sinceMs: number;
  suppressed: number;
}

/** Records what happens. A store that fails is logged; what happened has happened all the same. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #keeper: AnchorKeeper | undefined;
  readonly #durable: () => Promise<void>;
  #head: AuditCheckpoint | undefined;
  readonly #refusals = new LruMap<string, RefusalWindow>(MAX_REFUSAL_WINDOWS);

  /** A log over a store. */
  constructor(options: AuditLogOptions) {
    this.#options = options;
    const { anchor, durable = () => Promise.resolve(), clock, log } = options;
    this.#durable = durable;
    this.#keeper = anchor && new AnchorKeeper({ anchor, durable, clock, log });
    this.#begin();
  }

  /** Records an event. It is soon on the disk; whoever answers because of it waits for that. */
  record(event: AuditEvent, details: AuditDetails = {}): void {
    try {
      this.append(event, details)();
      this.#syncSoon();
    } catch (error) {
      this.#options.log.error("Cannot write the audit log", { event, error: asError(error) });
    }
  }

  /**
   * Records an event within a transaction of the caller's, or throws. The result is to be called when
   * that is committed, before anything else is recorded.
   */
  append(event: AuditEvent, details: AuditDetails = {}): () => void {
    const { store, clock } = this.#options;
    const entry = store.append({ atMs: clock.wallMs(), event, details }, MAX_AUDIT_ENTRIES);
    return () => this.#anchor(entry);
  }

  /** Goes on from what the store has: entries that were not on the disk may be gone. */
  reload(): void {
    if (this.#head === undefined) return;
    try {
      this.#head = this.head();
      this.#keeper?.note(this.#head);
    } catch (error) {
      this.#options.log.error("Cannot read the audit log", { error: asError(error) });
    }
  }

  /** Resolves when the anchor is that of the newest entry, or could not be written. */
  async settled(): Promise<void> {
    await this.#keeper?.settled();
  }

  /**
   * Records a refusal that anybody on the network can cause. Further ones of the same kind from
   * the same address (IPv6: its /64) are counted and told with the next entry, or the flash would
   * wear out. They have a ring of their own.
   */
  recordRefusal(event: AuditEvent, details: AuditDetails & { address: string }): void {
    const nowMs = this.#options.clock.monotonicMs();
    const key = JSON.stringify([event, { ...details, address: limitKey(details.address) }]);
    const window = this.#refusals.get(key);
    if (window !== undefined && nowMs - window.sinceMs < REFUSAL_WINDOW_MS) {
      window.suppressed += 1;
      return;
    }
    this.#refusals.set(key, { sinceMs: nowMs, suppressed: 0 });
    const before = window?.suppressed ?? 0;
    this.#refuse(event, before === 0 ? details : { ...details, alsoBefore: before });
  }

  /** Up to `limit` entries after `afterId`, or the newest ones without it. */
  list(
    options: { afterId?: number | undefined; limit: number; refusals?: boolean | undefined },
  ): AuditEntry[] {
    const { afterId, limit } = options;
    const store = options.refusals === true ? this.#refusalStore : this.#options.store;
    return afterId === undefined ? store.listNewest(limit) : store.listAfter(afterId, limit);
  }

  /** The newest entry: to be told where nobody can take it back. */
  head(): AuditCheckpoint {
    const { store } = this.#options;
    return store.listNewest(1)[0] ?? store.checkpoint();
  }

  /** Looks through the whole log, and for the entry of `anchor`, by default the remembered one. */
  verify(anchor?: AuditCheckpoint): AuditVerdict {
    const { store } = this.#options;
    const checkpoint = store.checkpoint();
    const entries = allOf(store);
    const held = anchor ?? newer(this.#options.anchor?.read(), this.#head);
    const isThere = held === undefined || holds(checkpoint, { entries, anchor: held });
    const refusals = this.#refusalStore;
    return {
      entries: entries.length,
      brokenAt: findBrokenEntry(checkpoint, entries),
      refusalBrokenAt: refusals === store
        ? undefined
        : findBrokenEntry(refusals.checkpoint(), allOf(refusals)),
      cutAt: isThere ? undefined : held.id,
    };
  }

  get #refusalStore(): AuditStore {
    return this.#options.refusals ?? this.#options.store;
  }

  #refuse(event: AuditEvent, details: AuditDetails): void {
    const { clock, log } = this.#options;
    try {
      this.#refusalStore.append({ atMs: clock.wallMs(), event, details }, MAX_REFUSAL_ENTRIES);
      this.#syncSoon();
    } catch (error) {
      log.error("Cannot write the audit log", { event, error: asError(error) });
    }
  }

  #begin(): void {
    const { anchor, log } = this.#options;
    if (anchor === undefined) return;
    try {
      const { cutAt } = this.verify();
      if (cutAt === undefined) this.#head = this.head();
      else log.error("The newest entries of the audit log are missing", { anchor: cutAt });
      if (anchor.read() === undefined && this.#head !== undefined) this.#keeper?.note(this.#head);
    } catch (error) {
      log.error("Cannot look at the anchor of the audit log", { error: asError(error) });
    }
  }

  // Once the log does not go on where it ended, the anchor stays: it is the evidence.
  #anchor({ id, hash }: AuditEntry): void {
    const { log } = this.#options;
    if (this.#keeper === undefined || this.#head === undefined) return;
    if (id !== this.#head.id + 1) {
      log.error("The newest entries of the audit log are missing", { anchor: this.#head.id });
      this.#head = undefined;
      return;
    }
    this.#head = { id, hash };
    this.#keeper.note(this.#head);
  }

  // The database says itself where that fails.
  #syncSoon(): void {
    this.#durable().catch(() => {});
  }
}

// The file may be a moment behind.
function newer(
  kept: AuditCheckpoint | undefined,
  head: AuditCheckpoint | undefined,
): AuditCheckpoint | undefined {
  return kept === undefined || (head !== undefined && head.id > kept.id) ? head : kept;
}

// All of them, or what was slipped in before the first or behind the last would go unseen.
function allOf(store: AuditStore): AuditEntry[] {
  return store.listAfter(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

// What has left the ring since cannot be looked at any more.
function holds(
  checkpoint: AuditCheckpoint,
  { entries, anchor }: { entries: readonly AuditEntry[]; anchor: AuditCheckpoint },
): boolean {
  if (anchor.id < checkpoint.id) return true;
  const found = anchor.id === checkpoint.id
    ? checkpoint
    : entries.find(({ id }) => id === anchor.id);
  return found !== undefined && equalBytes(found.hash, anchor.hash);
}
