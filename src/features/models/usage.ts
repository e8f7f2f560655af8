// What keys have used of which model, per day of UTC, and where that is kept.

/** The most models that a gateway tells apart per key and day. */
export const MAX_USAGE_MODELS = 64;

/** What stands for those that are more; no name with a tag is so. */
export const OTHER_MODEL = "other";

/** The numbers of usage. */
export interface UsageNumbers {
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

/** What one key used of one model on one day. */
export interface UsageEntry extends UsageNumbers {
  /** The key's public id. */
  readonly keyId: string;
  /** The day of UTC, as "2026-01-31". */
  readonly day: string;
  /** The model with its tag; "" of requests that name none, and of before it was counted. */
  readonly model: string;
}

/** What usage is added up by. */
export type UsageDimension = "day" | "key" | "model";

/** All of them. */
export const USAGE_DIMENSIONS: readonly UsageDimension[] = ["day", "key", "model"];

/** Usage that was added up: only what it was added up by is told. */
export type UsageSum = UsageNumbers & Partial<Pick<UsageEntry, "day" | "keyId" | "model">>;

/** Entries that are added together, and only once. */
export interface UsageBatch {
  /** A UUID: a batch that a store has seen adds nothing again. */
  readonly batchId: string;
  /** What is added to what the store has; at most one entry per key, day and model. */
  readonly entries: readonly UsageEntry[];
}

/** Where usage is kept. Rejects with AppError unavailable where it cannot be reached. */
export interface UsageStore {
  /** Adds a batch, durable when it resolves; one that was added before changes nothing. */
  add(batch: UsageBatch): Promise<void>;
  /** All entries from a day on, of one key or of all, by day, key and model. */
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

/** Adds an entry to those of the same key, day and model. */
export function addUsage(sums: Map<string, UsageEntry>, entry: UsageEntry): void {
  const id = `${entry.day} ${entry.keyId} ${entry.model}`;
  const before = sums.get(id);
  sums.set(id, before === undefined ? entry : { ...entry, ...addNumbers(before, entry) });
}

/** Entries added up by some dimensions, and in the order of these. */
export function sumUsage(
  entries: readonly UsageEntry[],
  by: readonly UsageDimension[],
): UsageSum[] {
  const sums = new Map<string, UsageSum>();
  for (const entry of entries) {
    const { day, keyId, model } = entry;
    const names = { day: { day }, key: { keyId }, model: { model } };
    const told: Partial<UsageEntry> = Object.assign({}, ...by.map((dimension) => names[dimension]));
    const id = JSON.stringify(Object.values(told));
    const before = sums.get(id);
    sums.set(id, {
      ...told,
      ...(before === undefined ? numbersOf(entry) : addNumbers(before, entry)),
    });
  }
  // The ids are lists of the names in the order asked for.
  return [...sums].sort(([a], [b]) => a < b ? -1 : 1).map(([, sum]) => sum);
}

function numbersOf(entry: UsageNumbers): UsageNumbers {
  const { requests, promptTokens, outputTokens, errors, durationMs } = entry;
  return { requests, promptTokens, outputTokens, errors, durationMs };
}

function addNumbers(a: UsageNumbers, b: UsageNumbers): UsageNumbers {
  return {
    requests: a.requests + b.requests,
    promptTokens: a.promptTokens + b.promptTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    errors: a.errors + b.errors,
    durationMs: a.durationMs + b.durationMs,
  };
}
