import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { RequestOutcome } from "../../../src/features/models/accounting.ts";
import { KeyAccounting, TOKENS_RETRY_MS } from "../../../src/features/models/key_accounting.ts";
import type { LimitStore, TokenBatch } from "../../../src/features/models/limit_store.ts";
import { SqliteLimitStore } from "../../../src/edges/sqlite/sqlite_limit_store.ts";
import { openSample } from "../../edges/sqlite/samples.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { settle } from "../../support/fake_actions.ts";

const KEY = { keyId: "abcdefgh", models: undefined };
const OTHER = { keyId: "zzzzzzzz", models: undefined };
const NOON = Date.UTC(2026, 0, 31, 12, 0, 15);
const OUTCOME = { promptTokens: 30, outputTokens: 20, isError: false, durationMs: 5 };

interface Fixture {
  accounting: KeyAccounting;
  clock: FakeClock;
  recorded: [string, RequestOutcome][];
  store: { isAway: boolean; losesAnswers: boolean; adding: Promise<void> | undefined };
  /** The batches that the store was sent. */
  sent: TokenBatch[];
  usage: { isFailing: boolean };
}

async function withAccounting(
  limits: { perMinute?: number; tokensPerDay?: number },
  test: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  using database = openSample();
  const inner = new SqliteLimitStore(database);
  const store: Fixture["store"] = { isAway: false, losesAnswers: false, adding: undefined };
  const sent: TokenBatch[] = [];
  const lastOf = new Map<string, number>();
  const guarded = <Result>(work: () => Promise<Result>): Promise<Result> =>
    store.isAway ? Promise.reject(new AppError("unavailable", "Away")) : work();
  const counting: LimitStore = {
    takeRequest: (key) => guarded(() => inner.takeRequest(key)),
    tokensOn: (key) => guarded(() => inner.tokensOn(key)),
    addTokens: (batch) =>
      guarded(async () => {
        sent.push(batch);
        await store.adding;
        // As the store of several gateways does it.
        const id = `${batch.writer} ${batch.keyId} ${batch.day}`;
        if (batch.number > (lastOf.get(id) ?? 0)) await inner.addTokens(batch);
        lastOf.set(id, Math.max(batch.number, lastOf.get(id) ?? 0));
        if (store.losesAnswers) throw new AppError("unavailable", "Lost");
      }),
  };
  const recorded: [string, RequestOutcome][] = [];
  const usage = { isFailing: false };
  const clock = new FakeClock(NOON);
  const accounting = new KeyAccounting({
    limitsOf: () => ({ perMinute: limits.perMinute, tokensPerDay: limits.tokensPerDay }),
    limits: counting,
    usage: {
      record: (keyId, outcome) => recorded.push([keyId, outcome]),
      get isFailing() {
        return usage.isFailing;
      },
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  await test({ accounting, clock, recorded, store, sent, usage });
  await accounting.close();
  assert.equal(clock.timerCount, 0);
}

/** The refusal of a request, or undefined where it is let through. */
async function refusalOf(
  accounting: KeyAccounting,
  key = KEY,
): Promise<[string, number | undefined] | undefined> {
  try {
    await accounting.begin(key);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return [error.code, error.retryAfterS];
  }
}

Deno.test("a key has so many requests in a minute, and again in the next", async () => {
  await withAccounting({ perMinute: 3 }, async ({ accounting, clock }) => {
    const tries = [];
    for (let n = 0; n < 5; n++) tries.push(await refusalOf(accounting));
    const refused = ["rate_limited", 45];
    assert.deepEqual(tries, [undefined, undefined, undefined, refused, refused]);
    // Another key has its own.
    assert.equal(await refusalOf(accounting, OTHER), undefined);
    clock.stepWall(44_999);
    assert.deepEqual(await refusalOf(accounting), ["rate_limited", 1]);
    clock.stepWall(1);
    assert.equal(await refusalOf(accounting), undefined);
  });
});

Deno.test("requests at the same time do not pass the limit together", async () => {
  await withAccounting({ perMinute: 3 }, async ({ accounting }) => {
    const tries = await Promise.all(Array.from({ length: 40 }, () => refusalOf(accounting)));
    assert.equal(tries.filter((refusal) => refusal === undefined).length, 3);
  });
});

Deno.test("a key has so many tokens in a day of UTC, known when answers end", async () => {
  await withAccounting({ tokensPerDay: 100 }, async ({ accounting, clock }) => {
    const [one, two] = await Promise.all([accounting.begin(KEY), accounting.begin(KEY)]);
    one?.end(OUTCOME);
    assert.equal(await refusalOf(accounting), undefined);
    two?.end(OUTCOME);
    assert.deepEqual(await refusalOf(accounting), ["rate_limited", 12 * 3600 - 15]);
    assert.equal(await refusalOf(accounting, OTHER), undefined);
    clock.stepWall(12 * 3600_000);
    assert.equal(await refusalOf(accounting), undefined);
  });
});

Deno.test("a request that is refused for its tokens uses up none of the minute", async () => {
  await withAccounting({ tokensPerDay: 50, perMinute: 2 }, async ({ accounting, clock }) => {
    (await accounting.begin(KEY)).end(OUTCOME);
    const day = 24 * 3600_000;
    for (let n = 0; n < 5; n++) assert.equal((await refusalOf(accounting))?.[0], "rate_limited");
    clock.stepWall(day);
    assert.equal(await refusalOf(accounting), undefined);
    assert.equal(await refusalOf(accounting), undefined);
  });
});

Deno.test("what a request came to is recorded once, with and without limits", async () => {
  await withAccounting({}, async ({ accounting, recorded }) => {
    const request = await accounting.begin(KEY);
    request.end(OUTCOME);
    assert.throws(() => request.end(OUTCOME), TypeError);
    assert.deepEqual(recorded, [[KEY.keyId, OUTCOME]]);
  });
});

Deno.test("a limited key is refused while its use cannot be counted, another one goes on", async () => {
  await withAccounting({}, async ({ accounting, store, usage }) => {
    store.isAway = true;
    usage.isFailing = true;
    assert.equal(await refusalOf(accounting), undefined);
  });
  await withAccounting({ perMinute: 5 }, async ({ accounting, store, usage }) => {
    usage.isFailing = true;
    assert.deepEqual(await refusalOf(accounting), ["unavailable", 5]);
    usage.isFailing = false;
    store.isAway = true;
    assert.equal((await refusalOf(accounting))?.[0], "unavailable");
    store.isAway = false;
    assert.equal(await refusalOf(accounting), undefined);
  });
  await withAccounting({ tokensPerDay: 5 }, async ({ accounting, store }) => {
    store.isAway = true;
    assert.equal((await refusalOf(accounting))?.[0], "unavailable");
  });
});

Deno.test("tokens that could not be counted are counted later, and once", async () => {
  await withAccounting({ tokensPerDay: 100 }, async ({ accounting, store, clock }) => {
    const requests = await Promise.all([accounting.begin(KEY), accounting.begin(KEY)]);
    store.isAway = true;
    for (const request of requests) request.end(OUTCOME);
    await settle();
    clock.advance(TOKENS_RETRY_MS);
    await settle();
    store.isAway = false;
    assert.equal((await refusalOf(accounting))?.[0], "rate_limited");
    // Nothing more is owed: the next day begins with none.
    clock.stepWall(24 * 3600_000);
    assert.equal(await refusalOf(accounting), undefined);
    (await accounting.begin(KEY)).end(OUTCOME);
    assert.equal(await refusalOf(accounting), undefined);
  });
});

Deno.test("tokens on their way to the store count already, and more may follow them", async () => {
  await withAccounting({ tokensPerDay: 120 }, async ({ accounting, store }) => {
    const requests = await Promise.all([1, 2, 3].map(() => accounting.begin(KEY)));
    const { promise, resolve } = Promise.withResolvers<void>();
    store.adding = promise;
    requests[0]?.end(OUTCOME);
    await settle();
    // While the first tokens are being added.
    requests[1]?.end(OUTCOME);
    resolve();
    store.adding = undefined;
    await settle();
    assert.equal(await refusalOf(accounting), undefined);
    requests[2]?.end(OUTCOME);
    assert.equal((await refusalOf(accounting))?.[0], "rate_limited");
  });
});

Deno.test("tokens that the store refuses to add are owed, and the limit knows", async () => {
  await withAccounting({ tokensPerDay: 50 }, async ({ accounting, store }) => {
    const request = await accounting.begin(KEY);
    store.adding = Promise.reject(new AppError("unavailable", "Away"));
    store.adding.catch(() => {});
    request.end(OUTCOME);
    await settle();
    assert.equal((await refusalOf(accounting))?.[0], "rate_limited");
    store.adding = undefined;
  });
});

Deno.test("tokens whose answer was lost are sent again as they were, and count once", async () => {
  await withAccounting({ tokensPerDay: 120 }, async ({ accounting, store, clock, sent }) => {
    const requests = await Promise.all([accounting.begin(KEY), accounting.begin(KEY)]);
    store.losesAnswers = true;
    requests[0]?.end(OUTCOME);
    await settle();
    // What comes meanwhile waits for its own batch.
    requests[1]?.end(OUTCOME);
    await settle();
    clock.advance(TOKENS_RETRY_MS);
    await settle();
    assert.ok(sent.length > 1);
    assert.equal(new Set(sent.map((batch) => JSON.stringify(batch))).size, 1);
    store.losesAnswers = false;
    clock.advance(TOKENS_RETRY_MS);
    await settle();
    clock.advance(TOKENS_RETRY_MS);
    await settle();
    assert.deepEqual([...new Set(sent.map(({ number }) => number))], [1, 2]);
    // 100 of 120, and neither 150 nor 200.
    assert.equal(await refusalOf(accounting), undefined);
  });
});
