import assert from "node:assert/strict";
import type { UsageEntry } from "../../../src/features/models/usage.ts";
import { SqliteLimitStore } from "../../../src/edges/sqlite/sqlite_limit_store.ts";
import { SqliteUsageOutbox, SqliteUsageStore } from "../../../src/edges/sqlite/usage_store.ts";
import { openSample } from "./samples.ts";

function entry(keyId: string, day: string, n = 1, model = "a:1"): UsageEntry {
  return {
    keyId,
    day,
    model,
    requests: n,
    promptTokens: 10 * n,
    outputTokens: 20 * n,
    errors: n - 1,
    durationMs: 100 * n,
  };
}

Deno.test("batches are added up by key and day", async () => {
  using database = openSample();
  const store = new SqliteUsageStore(database);
  await store.add({ batchId: "1", entries: [entry("b", "2026-01-31"), entry("a", "2026-01-31")] });
  await store.add({
    batchId: "2",
    entries: [entry("a", "2026-01-31", 2), entry("a", "2026-02-01")],
  });
  const sum: UsageEntry = {
    keyId: "a",
    day: "2026-01-31",
    model: "a:1",
    requests: 3,
    promptTokens: 30,
    outputTokens: 60,
    errors: 1,
    durationMs: 300,
  };
  assert.deepEqual(await store.list({ sinceDay: "2026-01-01" }), [
    sum,
    entry("b", "2026-01-31"),
    entry("a", "2026-02-01"),
  ]);
  assert.deepEqual(await store.list({ sinceDay: "2026-02-01" }), [entry("a", "2026-02-01")]);
  assert.deepEqual(await store.list({ sinceDay: "2026-01-31", keyId: "b" }), [
    entry("b", "2026-01-31"),
  ]);
  assert.deepEqual(await store.list({ sinceDay: "2026-01-31", keyId: "c" }), []);
});

Deno.test("a batch counts once, and one that cannot be added whole not at all", async () => {
  using database = openSample();
  const store = new SqliteUsageStore(database);
  const batch = { batchId: "1", entries: [entry("a", "2026-01-31")] };
  await store.add(batch);
  await store.add(batch);
  assert.deepEqual(await store.list({ sinceDay: "2026-01-01" }), batch.entries);
  const broken = { batchId: "2", entries: [entry("a", "2026-01-31"), entry("a", "never")] };
  await assert.rejects(store.add(broken));
  assert.deepEqual(await store.list({ sinceDay: "2026-01-01" }), batch.entries);
  // The failed one was not remembered as added.
  await store.add({ ...broken, entries: [entry("b", "2026-01-31")] });
  assert.equal((await store.list({ sinceDay: "2026-01-01" })).length, 2);
});

Deno.test("an outbox keeps batches in their order until they are removed", () => {
  using database = openSample();
  const outbox = new SqliteUsageOutbox(database);
  const [one, two] = ["2", "1"].map((batchId) => ({
    batchId,
    entries: [entry("a", "2026-01-31")],
  }));
  assert.ok(one && two);
  outbox.put(one);
  outbox.put(two);
  assert.deepEqual(outbox.list(), [one, two]);
  assert.deepEqual(new SqliteUsageOutbox(database).list(), [one, two]);
  // One that has grown takes its own place.
  const grown = { ...one, entries: [...one.entries, entry("b", "2026-01-31")] };
  outbox.put(grown);
  assert.deepEqual(outbox.list(), [grown, two]);
  outbox.remove("2");
  outbox.remove("none");
  assert.deepEqual(outbox.list(), [two]);
});

Deno.test("requests are counted up to the limit of each minute and key", async () => {
  using database = openSample();
  const store = new SqliteLimitStore(database);
  const take = (keyId: string, minute: number, max: number): Promise<boolean> =>
    store.takeRequest({ keyId, minute, max });
  assert.deepEqual(
    await Promise.all([take("a", 1, 2), take("a", 1, 2), take("a", 1, 2), take("b", 1, 2)]),
    [true, true, false, true],
  );
  assert.equal(await take("a", 1, 3), true);
  assert.equal(await take("a", 2, 1), true);
  assert.equal(await take("a", 2, 1), false);
  assert.equal(await take("c", 1, 0), false);
  // A restart takes nothing back.
  assert.equal(
    await new SqliteLimitStore(database).takeRequest({ keyId: "a", minute: 2, max: 1 }),
    false,
  );
});

Deno.test("tokens are added up by day and key, and an older day does not come back", async () => {
  using database = openSample();
  const store = new SqliteLimitStore(database);
  const add = (day: string, tokens: number): Promise<void> =>
    store.addTokens({ keyId: "a", day, tokens, writer: "w", number: 1 });
  const on = (day: string, keyId = "a"): Promise<number> => store.tokensOn({ keyId, day });
  assert.equal(await on("2026-01-31"), 0);
  await add("2026-01-31", 5);
  await add("2026-01-31", 7);
  assert.equal(await on("2026-01-31"), 12);
  assert.equal(await on("2026-01-31", "b"), 0);
  await add("2026-02-01", 1);
  assert.equal(await on("2026-02-01"), 1);
  await add("2026-01-31", 100);
  assert.equal(await on("2026-02-01"), 1);
});

Deno.test("models of a key and day are kept apart", async () => {
  using database = openSample();
  const store = new SqliteUsageStore(database);
  const day = "2026-01-31";
  const entries = [entry("a", day, 1, "b:1"), entry("a", day, 2, ""), entry("a", day, 3, "a:1")];
  await store.add({ batchId: "1", entries });
  await store.add({ batchId: "2", entries: [entry("a", day, 1, "b:1")] });
  const kept = await store.list({ sinceDay: day });
  assert.deepEqual(kept.map(({ model, requests }) => [model, requests]), [
    ["", 2],
    ["a:1", 3],
    ["b:1", 2],
  ]);
});

Deno.test("a batch that an earlier version left in the outbox names no model", () => {
  using database = openSample();
  const { model: _, ...old } = entry("a", "2026-01-31");
  database.prepare("INSERT INTO model_usage_outbox (batch_id, entries) VALUES ('1', ?)")
    .run(JSON.stringify([old]));
  assert.deepEqual(new SqliteUsageOutbox(database).list(), [
    { batchId: "1", entries: [{ ...old, model: "" }] },
  ]);
});
