import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { AppError } from "../../../src/base/app_error.ts";
import type {
  UsageBatch,
  UsageEntry,
  UsageOutbox,
  UsageStore,
} from "../../../src/features/models/usage.ts";
import { MAX_USAGE_MODELS, OTHER_MODEL } from "../../../src/features/models/usage.ts";
import { USAGE_FLUSH_MS, UsageLedger } from "../../../src/features/models/usage_ledger.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const OUTCOME = { promptTokens: 10, outputTokens: 5, isError: false, durationMs: 100.4 };
const NOON = Date.UTC(2026, 0, 31, 12);

/** A store that counts each batch once, and may be away, or lose its answers. */
class FakeStore implements UsageStore {
  readonly totals = new Map<string, number>();
  /** The batches that it was offered. */
  readonly offered = new Set<string>();
  readonly #seen = new Set<string>();
  isAway = false;
  losesAnswers = false;

  add({ batchId, entries }: UsageBatch): Promise<void> {
    this.offered.add(batchId);
    if (this.isAway) return Promise.reject(new AppError("unavailable", "Away"));
    if (!this.#seen.has(batchId)) {
      this.#seen.add(batchId);
      for (const { keyId, day, requests } of entries) {
        const id = `${day} ${keyId}`;
        this.totals.set(id, (this.totals.get(id) ?? 0) + requests);
      }
    }
    if (this.losesAnswers) return Promise.reject(new AppError("unavailable", "Lost"));
    return Promise.resolve();
  }

  list(): Promise<UsageEntry[]> {
    return Promise.resolve([]);
  }
}

class FakeOutbox implements UsageOutbox {
  batches: UsageBatch[] = [];
  isFull = false;

  put(batch: UsageBatch): void {
    if (this.isFull) throw new Error("disk full");
    const at = this.batches.findIndex(({ batchId }) => batchId === batch.batchId);
    if (at === -1) this.batches.push(batch);
    else this.batches[at] = batch;
  }

  list(): UsageBatch[] {
    return [...this.batches];
  }

  remove(batchId: string): void {
    this.batches = this.batches.filter((batch) => batch.batchId !== batchId);
  }
}

const durable = (): Promise<void> => Promise.resolve();

interface Fixture {
  ledger: UsageLedger;
  store: FakeStore;
  clock: FakeClock;
  errors: string[];
}

function fixture(outbox?: UsageOutbox): Fixture {
  const store = new FakeStore();
  const clock = new FakeClock(NOON);
  const errors: string[] = [];
  const log = { ...silentLogger, error: (message: string) => errors.push(message) };
  const ledger = new UsageLedger({ store, outbox, durable, clock, random: seededRandom(1), log });
  return { ledger, store, clock, errors };
}

Deno.test("usage is collected by key and day and written in one batch", async () => {
  const batches: UsageBatch[] = [];
  const { clock } = fixture();
  const ledger = new UsageLedger({
    store: {
      add: (batch) => {
        batches.push(batch);
        return Promise.resolve();
      },
      list: () => Promise.resolve([]),
    },
    durable,
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  ledger.record("a", OUTCOME);
  ledger.record("a", { ...OUTCOME, isError: true, outputTokens: 0, durationMs: 50 });
  ledger.record("b", OUTCOME);
  clock.stepWall(12 * 3600_000);
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), true);
  assert.equal(batches.length, 1);
  const one = { requests: 1, promptTokens: 10, outputTokens: 5, errors: 0, durationMs: 100 };
  assert.deepEqual(batches[0]?.entries, [
    {
      keyId: "a",
      day: "2026-01-31",
      model: "",
      requests: 2,
      promptTokens: 20,
      outputTokens: 5,
      errors: 1,
      durationMs: 150,
    },
    { keyId: "b", day: "2026-01-31", model: "", ...one },
    { keyId: "a", day: "2026-02-01", model: "", ...one },
  ]);
  // Nothing new, nothing written.
  assert.equal(await ledger.flush(), true);
  assert.equal(batches.length, 1);
  await ledger.close();
});

Deno.test("usage is written by itself every few seconds, and at the end", async () => {
  const { ledger, store, clock } = fixture();
  ledger.record("a", OUTCOME);
  clock.advance(USAGE_FLUSH_MS);
  await ledger.flush();
  assert.equal(store.totals.get("2026-01-31 a"), 1);
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.close(), true);
  assert.equal(store.totals.get("2026-01-31 a"), 2);
  assert.equal(clock.timerCount, 0);
});

Deno.test("while the store is away usage waits, and none is lost or counted twice", async () => {
  const { ledger, store, errors } = fixture();
  store.isAway = true;
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  assert.equal(ledger.isFailing, true);
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  // Its own connection tells that it is away.
  assert.deepEqual(errors, []);
  store.isAway = false;
  assert.equal(await ledger.flush(), true);
  assert.equal(ledger.isFailing, false);
  await ledger.close();
  assert.equal(store.totals.get("2026-01-31 a"), 2);
});

Deno.test("a store that fails otherwise is told of once, and when it works again", async () => {
  const { ledger, store, errors } = fixture();
  const add = store.add.bind(store);
  for (const outage of [1, 2]) {
    store.add = () => Promise.reject(new Error("disk full"));
    for (const _ of [1, 2]) {
      ledger.record("a", OUTCOME);
      assert.equal(await ledger.flush(), false);
    }
    assert.equal(errors.length, outage);
    store.add = add;
    assert.equal(await ledger.flush(), true);
  }
  await ledger.close();
});

Deno.test("however long the store is away, few batches pile up", async () => {
  const { ledger, store } = fixture();
  store.isAway = true;
  for (let n = 0; n < 20; n++) {
    ledger.record("a", OUTCOME);
    await ledger.flush();
  }
  store.isAway = false;
  assert.equal(await ledger.close(), true);
  assert.equal(store.offered.size, 2);
  assert.equal(store.totals.get("2026-01-31 a"), 20);
});

Deno.test("a batch whose answer was lost is counted once", async () => {
  const { ledger, store } = fixture();
  store.losesAnswers = true;
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  assert.equal(await ledger.flush(), false);
  store.losesAnswers = false;
  assert.equal(await ledger.close(), true);
  assert.equal(store.totals.get("2026-01-31 a"), 1);
});

Deno.test("close() says that usage is lost with a store that is away", async () => {
  const { ledger, store } = fixture();
  store.isAway = true;
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.close(), false);
});

Deno.test("with an outbox usage survives the end of the process", async () => {
  const outbox = new FakeOutbox();
  const first = fixture(outbox);
  first.store.isAway = true;
  first.ledger.record("a", OUTCOME);
  assert.equal(await first.ledger.flush(), false);
  // It is put aside, so a limited key is not refused.
  assert.equal(first.ledger.isFailing, false);
  assert.equal(await first.ledger.close(), true);
  assert.equal(outbox.batches.length, 1);

  const second = fixture(outbox);
  assert.equal(await second.ledger.flush(), true);
  assert.equal(second.store.totals.get("2026-01-31 a"), 1);
  assert.equal(outbox.batches.length, 0);
  await second.ledger.close();
});

Deno.test("an outbox that is full holds nothing back that fits later", async () => {
  const outbox = new FakeOutbox();
  const { ledger, store } = fixture(outbox);
  outbox.isFull = true;
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  assert.equal(ledger.isFailing, true);
  ledger.record("a", OUTCOME);
  outbox.isFull = false;
  assert.equal(await ledger.close(), true);
  assert.equal(ledger.isFailing, false);
  assert.equal(store.totals.get("2026-01-31 a"), 2);
});

Deno.test("an outage adds no row to the outbox with every flush", async () => {
  const outbox = new FakeOutbox();
  const { ledger, store } = fixture(outbox);
  store.isAway = true;
  for (let n = 0; n < 20; n++) {
    ledger.record(n % 2 === 0 ? "a" : "b", OUTCOME);
    await ledger.flush();
    assert.ok(outbox.batches.length <= 2, `${outbox.batches.length} rows`);
    const kept = outbox.batches.flatMap(({ entries }) => entries);
    assert.equal(kept.reduce((sum, { requests }) => sum + requests, 0), n + 1);
  }
  // The one that was offered stays as it was: it may be counted though no answer came.
  assert.deepEqual(outbox.batches[0]?.entries.map(({ requests }) => requests), [1]);
  store.isAway = false;
  assert.equal(await ledger.close(), true);
  assert.equal(outbox.batches.length, 0);
  assert.deepEqual([...store.totals.values()], [10, 10]);
});

Deno.test("a batch that the store may have is not added to", async () => {
  const outbox = new FakeOutbox();
  const { ledger, store } = fixture(outbox);
  store.losesAnswers = true;
  for (let n = 0; n < 5; n++) {
    ledger.record("a", OUTCOME);
    await ledger.flush();
  }
  store.losesAnswers = false;
  assert.equal(await ledger.close(), true);
  assert.equal(store.totals.get("2026-01-31 a"), 5);
});

Deno.test("a batch grows while the one before it is under way, and all of it is written", async () => {
  const outbox = new FakeOutbox();
  const { ledger, store } = fixture(outbox);
  store.isAway = true;
  for (const _ of [1, 2]) {
    ledger.record("a", OUTCOME);
    await ledger.flush();
  }
  store.isAway = false;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const add = store.add.bind(store);
  store.add = (batch) => held.then(() => add(batch));
  const slow = ledger.flush();
  await Promise.resolve();
  ledger.record("a", OUTCOME);
  void ledger.flush();
  release();
  await slow;
  assert.equal(await ledger.close(), true);
  assert.equal(store.totals.get("2026-01-31 a"), 3);
});

Deno.test("flushes at the same time write everything once", async () => {
  const { ledger, store } = fixture();
  ledger.record("a", OUTCOME);
  const first = ledger.flush();
  ledger.record("a", OUTCOME);
  const second = ledger.flush();
  assert.deepEqual(await Promise.all([first, second]), [true, true]);
  assert.equal(store.totals.get("2026-01-31 a"), 2);
  await ledger.close();
});

Deno.test("usage is in the outbox at once, though the store does not answer an earlier batch", async () => {
  const outbox = new FakeOutbox();
  const { store, clock } = fixture();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const ledger = new UsageLedger({
    store: { add: (batch) => held.then(() => store.add(batch)), list: () => store.list() },
    outbox,
    durable,
    clock,
    random: seededRandom(2),
    log: silentLogger,
  });
  ledger.record("a", OUTCOME);
  void ledger.flush();
  ledger.record("a", OUTCOME);
  const closed = ledger.close();
  // Whoever closes the database now loses nothing.
  const kept = outbox.batches.flatMap(({ entries }) => entries);
  assert.equal(kept.reduce((sum, { requests }) => sum + requests, 0), 2);
  release();
  assert.equal(await closed, true);
  assert.equal(store.totals.get("2026-01-31 a"), 2);
});

Deno.test("a key's models of a day are told apart, as many as there may be", async () => {
  const clock = new FakeClock(NOON);
  const added: UsageEntry[] = [];
  const store: UsageStore = {
    add: ({ entries }) => Promise.resolve(void added.push(...entries)),
    list: () => Promise.resolve([]),
  };
  const ledger = new UsageLedger({
    store,
    durable,
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  const use = (count: number, keyId = "a", tag = "m"): void => {
    for (let n = 0; n < count; n++) ledger.record(keyId, { ...OUTCOME, model: `${tag}:${n}` });
  };
  use(MAX_USAGE_MODELS + 2);
  use(1);
  use(1, "b");
  ledger.record("b", OUTCOME);
  await ledger.flush();
  const ofA = added.filter(({ keyId }) => keyId === "a");
  assert.equal(ofA.length, MAX_USAGE_MODELS + 1);
  assert.deepEqual(
    ofA.filter(({ requests }) => requests > 1).map(({ model, requests }) => [model, requests]),
    [["m:0", 2], [OTHER_MODEL, 2]],
  );
  assert.deepEqual(added.filter(({ keyId }) => keyId === "b").map(({ model }) => model), [
    "m:0",
    "",
  ]);
  clock.advance(24 * 3600 * 1000);
  added.length = 0;
  // Another day's models, and no more of the day before.
  use(MAX_USAGE_MODELS + 1, "a", "n");
  ledger.record("a", { ...OUTCOME, model: "n:0" });
  await ledger.close();
  assert.equal(added.length, MAX_USAGE_MODELS + 1);
  assert.equal(added.filter(({ model }) => model === OTHER_MODEL).length, 1);
});

Deno.test("usage counts as written once it is on the disk, and until then is offered again", async () => {
  const offered: string[] = [];
  let isSynced = false;
  const ledger = new UsageLedger({
    store: {
      add: ({ batchId }) => {
        offered.push(batchId);
        return Promise.resolve();
      },
      list: () => Promise.resolve([]),
    },
    durable: () => isSynced ? Promise.resolve() : Promise.reject(new Error("no sync")),
    clock: new FakeClock(NOON),
    random: seededRandom(1),
    log: silentLogger,
  });
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  assert.ok(ledger.isFailing);
  isSynced = true;
  assert.equal(await ledger.flush(), true);
  assert.equal(offered.length, 2);
  assert.equal(offered[0], offered[1]);
  assert.equal(await ledger.flush(), true);
  assert.equal(offered.length, 2);
});

Deno.test("usage in the outbox is on the disk before it is offered to a store elsewhere", async () => {
  const done: string[] = [];
  let isSynced = false;
  const ledger = new UsageLedger({
    store: {
      add: () => Promise.resolve(void done.push("offered")),
      list: () => Promise.resolve([]),
    },
    outbox: new FakeOutbox(),
    durable: () => {
      done.push("synced");
      return isSynced ? Promise.resolve() : Promise.reject(new Error("no sync"));
    },
    clock: new FakeClock(NOON),
    random: seededRandom(1),
    log: silentLogger,
  });
  ledger.record("a", OUTCOME);
  assert.equal(await ledger.flush(), false);
  isSynced = true;
  assert.equal(await ledger.flush(), true);
  assert.equal(await ledger.flush(), true);
  assert.deepEqual(done, ["synced", "synced", "offered"]);
});
