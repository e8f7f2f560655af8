// The shared stores against Debian's own servers: what they keep, what several gateways do at once,
// and what is said while a server is away.

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { AppError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/base/log.ts";
import { checkFleet } from "../../src/fleet/check_fleet.ts";
import { openPostgres, type Postgres, QUERY_LIMIT_MS } from "../../src/fleet/postgres.ts";
import { PostgresKeyStore } from "../../src/fleet/postgres_keys.ts";
import { PostgresUsageStore } from "../../src/fleet/postgres_usage.ts";
import {
  COMMAND_LIMIT_MS,
  openRedisLimits,
  type RedisLimits,
} from "../../src/fleet/redis_limits.ts";
import type { ApiKey } from "../../src/keys/api_key.ts";
import type { UsageEntry } from "../../src/models/usage.ts";
import {
  type PrivateServer,
  startPostgres,
  startRedis,
  whyNoPostgres,
  whyNoRedis,
} from "../support/private_server.ts";
import { systemTest } from "../support/system_test.ts";

const LEAKS = /postgres|redis|sql|127\.0|ECONN|:\d{4}/i;

const KEY: ApiKey = {
  keyId: "abcdefgh",
  name: "Ann's \u202etablet 🎮",
  secretHash: new Uint8Array(32).fill(7),
  scopes: ["models"],
  models: ["llama3.1:8b", 'we"ird,{name}'],
  createdAtMs: 1_790_000_000_123,
  expiresAtMs: undefined,
  lastUsedAtMs: undefined,
  revokedAtMs: undefined,
};

function entry(keyId: string, requests: number): UsageEntry {
  return {
    keyId,
    day: "2026-01-31",
    requests,
    promptTokens: 10 * requests,
    outputTokens: 2 ** 40,
    errors: 0,
    durationMs: 5 * requests,
  };
}

async function withPostgres(
  test: (open: () => Promise<Postgres>, server: PrivateServer) => Promise<void>,
): Promise<void> {
  const server = await startPostgres();
  const opened: Postgres[] = [];
  try {
    await test(async () => {
      const postgres = await openPostgres(server.url, { clock: systemClock, log: silentLogger });
      opened.push(postgres);
      return postgres;
    }, server);
  } finally {
    await Promise.all(opened.map((postgres) => postgres.close()));
    await server.remove();
  }
}

async function withRedis(
  test: (open: () => Promise<RedisLimits>, server: PrivateServer) => Promise<void>,
): Promise<void> {
  const server = await startRedis();
  const opened: RedisLimits[] = [];
  try {
    await test(async () => {
      const limits = await openRedisLimits(server.url, silentLogger);
      opened.push(limits);
      return limits;
    }, server);
  } finally {
    await Promise.all(opened.map((limits) => limits.close()));
    await server.remove();
  }
}

/** Checks that work is refused as unavailable, soon, and without a word about the server. */
async function assertAway(work: () => Promise<unknown>, limitMs: number): Promise<void> {
  const beganMs = performance.now();
  await assert.rejects(work(), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "unavailable");
    assert.doesNotMatch(error.message, LEAKS);
    return true;
  });
  assert.ok(performance.now() - beganMs < limitMs + 2000);
}

async function untilWorks(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      // deno-lint-ignore no-await-in-loop -- only trying tells
      await work();
      return;
    } catch (error) {
      if (tries > 100) throw error;
      // deno-lint-ignore no-await-in-loop -- only trying tells
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const noPostgres = await whyNoPostgres();
const noRedis = await whyNoRedis();

systemTest("shared keys: everything that is kept of one comes back", {
  whyNot: noPostgres,
  run: () =>
    withPostgres(async (open) => {
      const store = new PostgresKeyStore(await open());
      const free = { ...KEY, keyId: "zzzzzzzz", models: undefined, expiresAtMs: 2 ** 50 };
      await store.add(KEY);
      await store.add(free);
      assert.deepEqual(await store.list(), [KEY, free]);
      assert.deepEqual(await store.find("abcdefgh"), KEY);
      assert.equal(await store.find("nobodyyy"), undefined);
      await assert.rejects(store.add(KEY));
      assert.deepEqual(await store.check("zzzzzzzz"), {
        isKnown: true,
        secretHash: KEY.secretHash,
        isRevoked: false,
        expiresAtMs: 2 ** 50,
      });
      assert.deepEqual(await store.check("nobodyyy"), {
        isKnown: false,
        secretHash: new Uint8Array(32),
        isRevoked: false,
        expiresAtMs: Number.MAX_SAFE_INTEGER,
      });
      await store.saveLastUsed(new Map([["abcdefgh", 50], ["nobodyyy", 60]]));
      await store.saveLastUsed(new Map([["abcdefgh", 40]]));
      assert.equal((await store.find("abcdefgh"))?.lastUsedAtMs, 50);
      assert.equal(await store.revoke("abcdefgh", 70), true);
      assert.equal(await store.revoke("abcdefgh", 80), false);
      assert.equal(await store.revoke("nobodyyy", 80), false);
      assert.deepEqual(await store.check("abcdefgh"), {
        isKnown: true,
        secretHash: KEY.secretHash,
        isRevoked: true,
        expiresAtMs: Number.MAX_SAFE_INTEGER,
      });
      assert.equal(await store.purgeRevoked(), 1);
      assert.deepEqual(await store.list(), [free]);
    }),
});

systemTest("shared usage: gateways that start at once make the tables once, and count together", {
  whyNot: noPostgres,
  run: () =>
    withPostgres(async (open) => {
      const stores = (await Promise.all([open(), open(), open()]))
        .map((postgres) => new PostgresUsageStore(postgres));
      const batches = stores.flatMap((store, n) =>
        [1, 2, 3].map((m) => ({
          store,
          batch: {
            batchId: crypto.randomUUID(),
            // In another order each, as they come.
            entries: (n + m) % 2 === 0
              ? [entry("a", 1), entry("b", 2)]
              : [entry("b", 2), entry("a", 1)],
          },
        }))
      );
      await Promise.all(batches.map(({ store, batch }) => store.add(batch)));
      // Each of them again, at once and by every gateway.
      await Promise.all(
        batches.flatMap(({ batch }) => stores.map((store) => store.add(batch))),
      );
      const [store] = stores;
      assert.deepEqual(
        (await store?.list({ sinceDay: "2026-01-31" }))?.map((
          { keyId, requests, outputTokens },
        ) => [
          keyId,
          requests,
          outputTokens,
        ]),
        [["a", 9, 9 * 2 ** 40], ["b", 18, 9 * 2 ** 40]],
      );
      assert.equal((await store?.list({ sinceDay: "2026-01-31", keyId: "b" }))?.length, 1);
      assert.deepEqual(await store?.list({ sinceDay: "2026-02-01" }), []);
      // One that cannot be added whole is not added at all, and not remembered.
      const batchId = crypto.randomUUID();
      const broken = [entry("a", 1), { ...entry("b", 1), day: "never" }];
      await assert.rejects(store?.add({ batchId, entries: broken }) ?? Promise.resolve());
      await store?.add({ batchId, entries: [entry("c", 1)] });
      assert.equal((await store?.list({ sinceDay: "2026-01-31" }))?.length, 3);
    }),
});

systemTest("a shared store that goes away says so in time, and works again by itself", {
  whyNot: noPostgres,
  run: () =>
    withPostgres(async (open, server) => {
      const store = new PostgresKeyStore(await open());
      await store.add(KEY);
      await server.stop();
      await assertAway(() => store.check("abcdefgh"), QUERY_LIMIT_MS);
      await assertAway(() => store.list(), QUERY_LIMIT_MS);
      // One that was never reached yet, as after a start.
      const late = new PostgresKeyStore(await open());
      await assertAway(() => late.list(), QUERY_LIMIT_MS);
      await server.start();
      await untilWorks(() => store.check("abcdefgh"));
      await untilWorks(() => late.check("abcdefgh"));
      assert.deepEqual(await late.list(), [KEY]);
    }),
});

systemTest("shared limits: no more than the limit, whoever asks and however many at once", {
  whyNot: noRedis,
  run: () =>
    withRedis(async (open) => {
      const gateways = await Promise.all([open(), open()]);
      const taken = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          gateways[n % 2]?.takeRequest({ keyId: "a", minute: 1, max: 7 })),
      );
      assert.equal(
        taken.filter((isTaken) =>
          isTaken
        ).length,
        7,
      );
      const [one, two] = gateways;
      assert.ok(one && two);
      assert.equal(await one.takeRequest({ keyId: "a", minute: 2, max: 7 }), true);
      assert.equal(await one.takeRequest({ keyId: "b", minute: 1, max: 1 }), true);
      assert.equal(await two.takeRequest({ keyId: "b", minute: 1, max: 1 }), false);
      const day = "2026-01-31";
      await Promise.all([
        one.addTokens({ keyId: "a", day, tokens: 5 }),
        two.addTokens({ keyId: "a", day, tokens: 6 }),
      ]);
      assert.equal(await one.tokensOn({ keyId: "a", day }), 11);
      assert.equal(await one.tokensOn({ keyId: "a", day: "2026-02-01" }), 0);
      assert.equal(await one.tokensOn({ keyId: "b", day }), 0);
    }),
});

systemTest("shared limits that go away say so in time, and count on when they are back", {
  whyNot: noRedis,
  run: () =>
    withRedis(async (open, server) => {
      const limits = await open();
      const take = (): Promise<boolean> => limits.takeRequest({ keyId: "a", minute: 1, max: 2 });
      assert.equal(await take(), true);
      await server.stop();
      await assertAway(take, COMMAND_LIMIT_MS);
      const late = await open();
      await assertAway(() => late.tokensOn({ keyId: "a", day: "2026-01-31" }), COMMAND_LIMIT_MS);
      await server.start();
      await untilWorks(() => limits.tokensOn({ keyId: "a", day: "2026-01-31" }));
      await untilWorks(() => late.tokensOn({ keyId: "a", day: "2026-01-31" }));
      assert.deepEqual([await take(), await take()], [true, false]);
    }),
});

systemTest("the doctor's look at both finds what is away and what refuses the login", {
  whyNot: noPostgres ?? noRedis,
  run: () =>
    withPostgres((_open, postgres) =>
      withRedis(async (_openToo, redis) => {
        assert.deepEqual(await checkFleet({ store: undefined, limits: undefined }), []);
        assert.deepEqual(await checkFleet({ store: postgres.url, limits: redis.url }), []);
        const wrong = postgres.url.replace("latchkey@", "nobody@");
        assert.deepEqual(
          await checkFleet({ store: wrong, limits: redis.url.replace("//", "//:secret@") }),
          ["The shared store (models.store) refuses the login"],
        );
        await Promise.all([postgres.stop(), redis.stop()]);
        const away = await checkFleet({ store: postgres.url, limits: redis.url });
        assert.deepEqual(away, [
          "The shared store (models.store) cannot be reached",
          "The shared limits (models.limits) cannot be reached",
        ]);
      })
    ),
});
