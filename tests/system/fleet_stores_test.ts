// The stores that several gateways share, against a real PostgreSQL server: what they keep, what two
// gateways do at once, and what becomes of them while the server is away.

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import { MAX_POOL_CONNECTIONS, openPostgres } from "../../src/edges/shared_store/postgres.ts";
import { PostgresKeyStore } from "../../src/edges/shared_store/postgres_keys.ts";
import {
  BATCH_MEMORY_DAYS,
  PostgresUsageStore,
} from "../../src/edges/shared_store/postgres_usage.ts";
import type { ApiKey } from "../../src/features/access/api_key.ts";
import type { UsageEntry } from "../../src/features/models/usage.ts";
import {
  assertUnavailable,
  eventually,
  postgresTest,
  storeAway,
  withProxy,
} from "../support/fleet_world.ts";

const KEY: ApiKey = {
  keyId: "aaaaaaaa",
  name: "Ann's phone ☎",
  secretHash: new Uint8Array(32).map((_, index) => 255 - index),
  scopes: ["models"],
  models: ["llama3:8b", "*"],
  createdAtMs: 1_790_000_000_123,
  expiresAtMs: 1_890_000_000_456,
  lastUsedAtMs: undefined,
  revokedAtMs: undefined,
};
const ENTRY: UsageEntry = {
  keyId: "aaaaaaaa",
  day: "2026-01-31",
  model: "llama3:8b",
  requests: 2,
  promptTokens: 30,
  outputTokens: 400,
  errors: 1,
  durationMs: 5000,
};

const batch = (...entries: UsageEntry[]): { batchId: string; entries: UsageEntry[] } => ({
  batchId: crypto.randomUUID(),
  entries,
});

postgresTest("PostgresKeyStore keeps, finds, revokes and purges keys", async ({ open }) => {
  const keys = new PostgresKeyStore(open());
  const younger: ApiKey = {
    ...KEY,
    keyId: "00000000",
    models: undefined,
    createdAtMs: KEY.createdAtMs + 1,
    expiresAtMs: undefined,
  };
  const twin: ApiKey = { ...KEY, keyId: "zzzzzzzz", models: [] };
  assert.deepEqual(await keys.list(), []);
  await keys.add(younger);
  await keys.add(twin);
  await keys.add(KEY);
  assert.deepEqual(await keys.list(), [KEY, twin, younger]);
  assert.deepEqual(await keys.find("aaaaaaaa"), KEY);
  assert.equal(await keys.find("bbbbbbbb"), undefined);
  // An id is there once.
  await assertUnavailable(() => keys.add({ ...KEY, name: "Bob" }), storeAway);
  assert.deepEqual(await keys.find("aaaaaaaa"), KEY);

  assert.equal(await keys.setLimits("aaaaaaaa", { perMinute: 5, weight: 2 }), true);
  assert.deepEqual((await keys.find("aaaaaaaa"))?.limits, { perMinute: 5, weight: 2 });
  assert.equal(await keys.setLimits("aaaaaaaa", undefined), true);
  assert.equal((await keys.find("aaaaaaaa"))?.limits, undefined);
  assert.equal(await keys.setLimits("nobodyyy", undefined), false);
  assert.equal(await keys.revoke("aaaaaaaa", 1_800_000_000_000), true);
  assert.equal(await keys.revoke("aaaaaaaa", 1_800_000_000_001), false);
  assert.equal(await keys.revoke("bbbbbbbb", 1_800_000_000_000), false);
  assert.deepEqual(await keys.find("aaaaaaaa"), { ...KEY, revokedAtMs: 1_800_000_000_000 });
  assert.equal(await keys.purgeRevoked(), 1);
  assert.equal(await keys.purgeRevoked(), 0);
  assert.deepEqual(await keys.list(), [twin, younger]);
});

postgresTest(
  "PostgresKeyStore.check() answers alike of known and unknown ids",
  async ({ open }) => {
    const keys = new PostgresKeyStore(open());
    await keys.add(KEY);
    await keys.add({ ...KEY, keyId: "endless0", expiresAtMs: undefined });
    const { secretHash, expiresAtMs } = KEY;
    const known = { isKnown: true, secretHash, isRevoked: false, expiresAtMs };
    const far = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(await keys.check("aaaaaaaa"), known);
    assert.deepEqual(await keys.check("endless0"), { ...known, expiresAtMs: far });
    assert.deepEqual(await keys.check("bbbbbbbb"), {
      isKnown: false,
      secretHash: new Uint8Array(32),
      isRevoked: false,
      expiresAtMs: far,
    });
    await keys.revoke("aaaaaaaa", 1);
    assert.deepEqual(await keys.check("aaaaaaaa"), { ...known, isRevoked: true });
  },
);

postgresTest("PostgresKeyStore.saveLastUsed() only moves forward", async ({ open }) => {
  const [keys, others] = [new PostgresKeyStore(open()), new PostgresKeyStore(open())];
  const ids = Array.from({ length: 20 }, (_, index) => `key${String(index).padStart(5, "0")}`);
  await Promise.all(ids.map((keyId) => keys.add({ ...KEY, keyId })));
  const all = (atMs: number): [string, number][] => ids.map((keyId) => [keyId, atMs]);
  await keys.saveLastUsed(new Map([["bbbbbbbb", 5], ...all(1_790_000_000_500)]));
  await keys.saveLastUsed(new Map(all(1_790_000_000_400)));
  await keys.saveLastUsed(new Map());
  const lastUsed = async (): Promise<(number | undefined)[]> =>
    (await keys.list()).map(({ lastUsedAtMs }) => lastUsedAtMs);
  assert.deepEqual(await lastUsed(), ids.map(() => 1_790_000_000_500));
  // Two gateways at once, each in its own order.
  await Promise.all(
    Array.from({ length: 20 }, (_, round) =>
      Promise.all([
        keys.saveLastUsed(new Map(all(1_790_000_001_000 + round))),
        others.saveLastUsed(new Map(all(1_790_000_001_000 + round).reverse())),
      ])),
  );
  assert.deepEqual(await lastUsed(), ids.map(() => 1_790_000_001_019));
});

postgresTest("two gateways make the tables at once", async ({ server, url, open }) => {
  const made: string[] = [];
  const log = { ...silentLogger, info: (message: string) => void made.push(message) };
  const gateways = Array.from({ length: 6 }, () => open({ log }));
  await Promise.all(gateways.flatMap((gateway) => [
    new PostgresKeyStore(gateway).list(),
    new PostgresUsageStore(gateway).list({ sinceDay: "2026-01-01" }),
  ]));
  assert.ok(made.length >= 1 && made.length <= gateways.length, `Made ${made.length} times`);
  assert.equal(await server.sql(url, "SELECT max(version) FROM latchkey_schema"), "3");
});

postgresTest("tables are made again, and newer ones refused", async ({ server, url, open }) => {
  const [gateway, keys] = [open(), new PostgresKeyStore(open())];
  await new PostgresKeyStore(gateway).add(KEY);
  assert.deepEqual(await keys.list(), [KEY]);
  // As after another, empty database took the place of this one.
  await server.sql(
    url,
    "DROP TABLE latchkey_schema, latchkey_api_keys, latchkey_usage, latchkey_usage_batches",
  );
  await assertUnavailable(() => keys.list(), storeAway);
  assert.deepEqual(await keys.list(), []);
  await server.sql(url, "INSERT INTO latchkey_schema VALUES (99)");
  const { cause } = await assertUnavailable(() => new PostgresKeyStore(open()).list(), storeAway);
  assert.match(String(cause), /newer version 99/);
});

postgresTest(
  "a login without the right to make tables works with those there are",
  async (world) => {
    const { server, url } = world;
    await new PostgresKeyStore(world.open()).add(KEY);
    await server.sql(
      url,
      `CREATE ROLE plain LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC;
     GRANT USAGE ON SCHEMA public TO plain; GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain`,
    );
    const plain = openPostgres(url.replace("postgres@", "plain@"), { log: silentLogger });
    try {
      assert.deepEqual(await new PostgresKeyStore(plain).list(), [KEY]);
    } finally {
      await plain.end();
    }
  },
);

// The tables as the second version made them.
const SECOND_VERSION = `
  CREATE TABLE latchkey_schema (version integer PRIMARY KEY);
  INSERT INTO latchkey_schema VALUES (1), (2);
  CREATE TABLE latchkey_api_keys (key_id text COLLATE "C" PRIMARY KEY, name text NOT NULL,
    secret_hash bytea NOT NULL, scopes jsonb NOT NULL, models jsonb,
    created_at_ms bigint NOT NULL, expires_at_ms bigint, last_used_at_ms bigint,
    revoked_at_ms bigint, limits jsonb);
  CREATE TABLE latchkey_usage (key_id text COLLATE "C" NOT NULL, day text COLLATE "C" NOT NULL,
    requests bigint NOT NULL, prompt_tokens bigint NOT NULL, output_tokens bigint NOT NULL,
    errors bigint NOT NULL, duration_ms bigint NOT NULL, PRIMARY KEY (key_id, day));
  CREATE INDEX latchkey_usage_by_day ON latchkey_usage (day, key_id);
  CREATE TABLE latchkey_usage_batches (batch_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now());
  INSERT INTO latchkey_usage VALUES ('aaaaaaaa', '2026-01-31', 2, 30, 400, 1, 5000);`;

postgresTest("usage of before models were told apart is kept", async ({ server, url, open }) => {
  await server.sql(url, SECOND_VERSION);
  const usage = new PostgresUsageStore(open());
  const old = { ...ENTRY, model: "" };
  assert.deepEqual(await usage.list({ sinceDay: "2026-01-01" }), [old]);
  await usage.add(batch(ENTRY, old));
  assert.deepEqual(await usage.list({ sinceDay: "2026-01-01" }), [
    { ...old, requests: 4, promptTokens: 60, outputTokens: 800, errors: 2, durationMs: 10_000 },
    ENTRY,
  ]);
});

postgresTest("PostgresUsageStore adds every batch once", async ({ server, url, open }) => {
  const [usage, other] = [new PostgresUsageStore(open()), new PostgresUsageStore(open())];
  const next = { ...ENTRY, day: "2026-02-01" };
  const first = batch(ENTRY, next, { ...ENTRY, keyId: "00000000", durationMs: 1.6 });
  await usage.add(first);
  await usage.add(first);
  const foreign = { ...ENTRY, keyId: "00000000", durationMs: 2 };
  assert.deepEqual(await other.list({ sinceDay: "2026-01-31" }), [foreign, ENTRY, next]);
  assert.deepEqual(await other.list({ sinceDay: "2026-02-01" }), [next]);
  assert.deepEqual(await other.list({ sinceDay: "2026-01-31", keyId: "aaaaaaaa" }), [ENTRY, next]);
  assert.deepEqual(await other.list({ sinceDay: "2026-02-02" }), []);

  // At once, from both sides, every batch several times and its entries in two orders.
  const batches = Array.from({ length: 10 }, () => batch(ENTRY, next));
  await Promise.all(batches.flatMap(({ batchId, entries }) => [
    usage.add({ batchId, entries }),
    other.add({ batchId, entries: entries.toReversed() }),
    usage.add({ batchId, entries }),
  ]));
  const eleven = {
    ...ENTRY,
    requests: 22,
    promptTokens: 330,
    outputTokens: 4400,
    errors: 11,
    durationMs: 55_000,
  };
  assert.deepEqual(await usage.list({ sinceDay: "2026-01-31", keyId: "aaaaaaaa" }), [
    eleven,
    { ...eleven, day: "2026-02-01" },
  ]);

  // More than 32 bits, and twice the same row in one batch.
  const many = { ...ENTRY, keyId: "many0000", promptTokens: 3_000_000_000_000 };
  await usage.add(batch(many, many));
  const [kept] = await usage.list({ sinceDay: "2026-01-01", keyId: "many0000" });
  assert.equal(kept?.promptTokens, 6_000_000_000_000);

  // An id is forgotten a good while later, and not before.
  const count = "SELECT count(*) FROM latchkey_usage_batches";
  assert.equal(await server.sql(url, count), "12");
  const age = (days: number): Promise<string> =>
    server.sql(url, `UPDATE latchkey_usage_batches SET at = now() - interval '${days} days'`);
  await age(BATCH_MEMORY_DAYS - 1);
  await usage.add(batch());
  assert.equal(await server.sql(url, count), "13");
  await age(BATCH_MEMORY_DAYS + 1);
  await usage.add(batch(ENTRY));
  assert.equal(await server.sql(url, count), "1");
});

postgresTest("the store fails while its server is away, and works after", async (world) => {
  const { server, open } = world;
  const gateway = open();
  const [keys, usage] = [new PostgresKeyStore(gateway), new PostgresUsageStore(gateway)];
  const calls: (() => Promise<unknown>)[] = [
    () => keys.list(),
    () => keys.find("aaaaaaaa"),
    () => keys.check("aaaaaaaa"),
    () => keys.add(KEY),
    () => keys.revoke("aaaaaaaa", 1),
    () => keys.purgeRevoked(),
    () => keys.saveLastUsed(new Map([["aaaaaaaa", 1]])),
    () => usage.add(batch(ENTRY)),
    () => usage.list({ sinceDay: "2026-01-01" }),
  ];
  // Away from the start.
  await server.halt();
  await Promise.all(calls.map((call) => assertUnavailable(call, storeAway)));
  await server.restart();
  await eventually(() => keys.add(KEY));
  for (const round of [1, 2, 3]) {
    // It goes while queries are on their way; whatever they come to, nothing is thrown elsewhere.
    const asked = Array.from({ length: 50 }, () => keys.check("aaaaaaaa").catch(() => {}));
    await server.halt();
    await Promise.all([...asked, ...calls.map((call) => assertUnavailable(call, storeAway))]);
    await server.restart();
    assert.deepEqual(await keys.find("aaaaaaaa"), KEY, `After outage ${round}`);
  }
  // One that nobody noticed while it lasted: a single query may fall over the dead connections.
  await server.halt();
  await server.restart();
  await eventually(() => keys.check("aaaaaaaa"));
  await usage.add(batch(ENTRY));
});

postgresTest("a query that waits is given up in time", async ({ server, url, open }) => {
  const keys = new PostgresKeyStore(open({ timeoutMs: 400 }));
  await keys.add(KEY);
  const holder = server.sql(url, "BEGIN; LOCK TABLE latchkey_api_keys; SELECT pg_sleep(2)");
  const limits = { ...storeAway, limitMs: 400 };
  await eventually(async () => {
    const locks = await server.sql(
      url,
      "SELECT count(*) FROM pg_locks WHERE mode LIKE 'AccessEx%'",
    );
    assert.equal(locks, "1");
  });
  await Promise.all(
    Array.from({ length: 10 }, () => assertUnavailable(() => keys.check("aaaaaaaa"), limits)),
  );
  await holder;
  assert.equal((await keys.check("aaaaaaaa")).isKnown, true);
});

postgresTest("connections that went silent are not asked again", async ({ server, url }) => {
  await withProxy(server.port, async ({ port, swallow }) => {
    const gateway = openPostgres(url.replace(`:${server.port}/`, `:${port}/`), {
      log: silentLogger,
      timeoutMs: 500,
    });
    const keys = new PostgresKeyStore(gateway);
    const limits = { ...storeAway, limitMs: 500 };
    try {
      await Promise.all(Array.from({ length: MAX_POOL_CONNECTIONS }, () => keys.check("aaaaaaaa")));
      swallow();
      await assertUnavailable(() => keys.check("aaaaaaaa"), limits);
      const { isKnown } = await keys.check("aaaaaaaa");
      assert.equal(isKnown, false);
    } finally {
      await gateway.end();
    }
  });
});

postgresTest("a gateway has a few connections at most", async ({ server, url, open }) => {
  const gateway = open();
  await gateway.run(() => Promise.resolve());
  const count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'latchkey'";
  const asked = Array.from({ length: 12 }, () => gateway.run((sql) => sql`SELECT pg_sleep(0.5)`));
  // Connections open one by one, so the first look may see fewer of them.
  let isAnswered = false;
  const answered = Promise.all(asked).then(() => isAnswered = true);
  const seen: number[] = [];
  while (!isAnswered) seen.push(Number(await server.sql(url, count)));
  await answered;
  assert.equal(Math.max(...seen), MAX_POOL_CONNECTIONS);
  // One that takes its time keeps none of the others waiting.
  const order: string[] = [];
  const slow = gateway.run((sql) => sql`SELECT pg_sleep(1)`).then(() => order.push("slow"));
  const quick = Array.from(
    { length: 12 },
    () => gateway.run((sql) => sql`SELECT 1`).then(() => order.push("quick")),
  );
  await Promise.all([slow, ...quick]);
  assert.deepEqual(order, [...quick.map(() => "quick"), "slow"]);
  // The end lets queries finish that take no longer than a moment, those that wait included.
  const endless = assertUnavailable(
    () => gateway.run((sql) => sql`SELECT pg_sleep(2.5)`),
    storeAway,
  );
  const last = Array.from({ length: 9 }, () => gateway.run((sql) => sql`SELECT pg_sleep(0.05)`));
  await gateway.ping();
  await gateway.end();
  await Promise.all([...last, endless]);
  await eventually(async () => assert.equal(await server.sql(url, count), "0"));
  await assertUnavailable(() => gateway.ping(), { ...storeAway, limitMs: 0 });
});
