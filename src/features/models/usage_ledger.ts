// What keys have used since the last batch, and its way into the store: in batches, each of which
// counts once, whatever fails in between. On the way to a store elsewhere a batch lies in an outbox on
// this device, so that neither a crash nor an absent store loses it.

import { type Clock, every } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { type RandomSource, randomUuid } from "../../base/random.ts";
import type { RequestOutcome } from "./accounting.ts";
import {
  addUsage,
  dayOf,
  MAX_USAGE_MODELS,
  OTHER_MODEL,
  type UsageBatch,
  type UsageEntry,
  type UsageOutbox,
  type UsageStore,
} from "./usage.ts";

/** How often a batch is brought to the disk, in milliseconds: what a power cut loses at most. */
export const USAGE_FLUSH_MS = 1_000;

/** Options of {@linkcode UsageLedger}. */
export interface UsageLedgerOptions {
  /** Where usage is kept. */
  store: UsageStore;
  /**
   * Where batches wait that the store has not taken yet.
   * @default in memory
   */
  outbox?: UsageOutbox | undefined;
  /** Resolves once what this device's own store or outbox was given is on the disk. */
  durable: () => Promise<void>;
  clock: Clock;
  /** Randomness for the ids of batches. */
  random: RandomSource;
  log: Logger;
}

/** Collects usage. */
export class UsageLedger {
  readonly #options: UsageLedgerOptions;
  readonly #cancelFlush: () => void;
  /** The models that each key has used on the latest day. */
  readonly #models = new Map<string, Set<string>>();
  #modelsDay = "";
  /** What is in no batch yet, by key, day and model. */
  #collected = new Map<string, UsageEntry>();
  /** Batches that neither the store nor an outbox has. */
  #waiting: UsageBatch[] = [];
  /** A batch in the outbox that the store was never offered, so that more can be added to it. */
  #growing: UsageBatch | undefined;
  #flushing: Promise<boolean> | undefined;
  /** Whether the outbox was given something that may not be on the disk. */
  #isUnsynced = false;
  #isFailing = false;
  #isTold = false;

  /** A ledger that writes at times. */
  constructor(options: UsageLedgerOptions) {
    this.#options = options;
    this.#cancelFlush = every(options.clock, USAGE_FLUSH_MS, () => void this.flush());
  }

  /** Whether there is usage that neither the store nor the outbox could be given. */
  get isFailing(): boolean {
    return this.#isFailing && this.#waiting.length > 0;
  }

  /** Counts a request of a key. */
  record(keyId: string, outcome: RequestOutcome): void {
    const day = dayOf(this.#options.clock.wallMs());
    addUsage(this.#collected, {
      keyId,
      day,
      model: this.#toldModel(keyId, { day, model: outcome.model ?? "" }),
      requests: 1,
      promptTokens: outcome.promptTokens,
      outputTokens: outcome.outputTokens,
      errors: outcome.isError ? 1 : 0,
      durationMs: Math.round(outcome.durationMs),
    });
  }

  /** Writes everything that was collected; says whether the store has all of it. Never rejects. */
  flush(): Promise<boolean> {
    try {
      // At once: a store that answers late must not keep what was collected off the disk.
      this.#putAside();
    } catch {
      // It is tried again, and told of, with the write that follows.
    }
    // One at a time, and whoever asks meanwhile waits for one that begins after this moment.
    const before = this.#flushing ?? Promise.resolve(true);
    const flushing = before.then(() => this.#write());
    this.#flushing = flushing;
    void flushing.then(() => {
      if (this.#flushing === flushing) this.#flushing = undefined;
    });
    return flushing;
  }

  /** Writes what is left and ends; says whether the store or the outbox has all of it. */
  async close(): Promise<boolean> {
    this.#cancelFlush();
    await this.flush();
    // What was collected while an older batch waited.
    await this.flush();
    return this.#waiting.length === 0 && this.#collected.size === 0;
  }

  // Names come from a list of the owner's, who may change it all day long.
  #toldModel(keyId: string, { day, model }: { day: string; model: string }): string {
    if (day !== this.#modelsDay) this.#models.clear();
    this.#modelsDay = day;
    const models = this.#models.get(keyId) ?? new Set();
    this.#models.set(keyId, models);
    if (models.size >= MAX_USAGE_MODELS && !models.has(model)) return OTHER_MODEL;
    models.add(model);
    return model;
  }

  // Makes a batch of what was collected and puts it into the outbox; throws where that fails.
  #putAside(): void {
    const { outbox, random } = this.#options;
    // While one batch waits the next one is still collected, so that few of them pile up.
    if (this.#collected.size > 0 && this.#waiting.length === 0) {
      const { batchId, entries } = this.#growing ?? { batchId: randomUuid(random), entries: [] };
      const sums = new Map<string, UsageEntry>();
      for (const entry of [...entries, ...this.#collected.values()]) addUsage(sums, entry);
      this.#waiting.push({ batchId, entries: [...sums.values()] });
      this.#collected = new Map();
    }
    if (outbox === undefined) return;
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      outbox.put(batch);
      this.#isUnsynced = true;
      this.#growing = batch;
      this.#waiting.shift();
    }
  }

  async #syncOutbox(): Promise<void> {
    this.#isUnsynced = false;
    try {
      await this.#options.durable();
    } catch (error) {
      this.#isUnsynced = true;
      throw error;
    }
  }

  #oldest(): UsageBatch | undefined {
    const { outbox } = this.#options;
    return outbox === undefined ? this.#waiting[0] : outbox.list()[0];
  }

  async #write(): Promise<boolean> {
    const { store, outbox, durable, log } = this.#options;
    try {
      this.#putAside();
      if (this.#isUnsynced) await this.#syncOutbox();
      // Looked up anew each time: the next one may have grown while this one was under way.
      for (let batch = this.#oldest(); batch !== undefined; batch = this.#oldest()) {
        // What was offered may be counted though no answer came: nothing is added to it any more.
        if (batch.batchId === this.#growing?.batchId) this.#growing = undefined;
        await store.add(batch);
        // A batch that may be gone is offered again, and counts once.
        if (outbox === undefined) await durable();
        outbox?.remove(batch.batchId);
        if (outbox === undefined) this.#waiting.shift();
      }
      if (this.#isTold) log.info("Writing usage works again");
      this.#isTold = false;
      this.#isFailing = false;
      return true;
    } catch (error) {
      // Of a store elsewhere that is away its own connection tells.
      const isAway = error instanceof AppError && error.code === "unavailable";
      if (!isAway && !this.#isTold) {
        log.error("Cannot write usage, will try again", { error: asError(error) });
        this.#isTold = true;
      }
      this.#isFailing = true;
      return false;
    }
  }
}
