// What keys have used, per day of UTC, and where that is kept.

/** What one key used on one day. */
export interface UsageEntry {
  /** The key's public id. */
  readonly keyId: string;
  /** The day of UTC, as "2026-01-31". */
  readonly day: string;
  /** Requests that were let through. */
  readonly requests: number;
  /** Tokens of prompts. */
  readonly promptTokens: number;
  /** Tokens of answers. */
  readonly outputTokens: number;
  /** Requests that ended with an error. */
  readonly errors: number;
  /** How long they took together, in milliseconds. */
  readonly durationMs: number;
}

/** Entries that are added together, and only once. */
export interface UsageBatch {
  /** A UUID: a batch that a store has seen adds nothing again. */
  readonly batchId: string;
  /** What is added to what the store has; at most one entry per key and day. */
  readonly entries: readonly UsageEntry[];
}

/** Where usage is kept. Rejects with AppError unavailable where it cannot be reached. */
export interface UsageStore {
  /** Adds a batch, durable when it resolves; one that was added before changes nothing. */
  add(batch: UsageBatch): Promise<void>;
  /** All entries from a day on, of one key or of all, by day and key. */
  list(options: { sinceDay: string; keyId?: string | undefined }): Promise<UsageEntry[]>;
}

/** Batches on their way to a store elsewhere; every call is durable when it returns. */
export interface UsageOutbox {
  /** Keeps a batch, in the place of one with its id where there is such. */
  put(batch: UsageBatch): void;
  /** All batches, oldest first. */
  list(): UsageBatch[];
  /** Forgets a batch. */
  remove(batchId: string): void;
}

/** The day of a moment, by UTC. */
export function dayOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

/** Adds an entry to those of the same key and day. */
export function addUsage(sums: Map<string, UsageEntry>, entry: UsageEntry): void {
  const id = `${entry.day} ${entry.keyId}`;
  const before = sums.get(id);
  sums.set(
    id,
    before === undefined ? entry : {
      ...entry,
      requests: before.requests + entry.requests,
      promptTokens: before.promptTokens + entry.promptTokens,
      outputTokens: before.outputTokens + entry.outputTokens,
      errors: before.errors + entry.errors,
      durationMs: before.durationMs + entry.durationMs,
    },
  );
}
