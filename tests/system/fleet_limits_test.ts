// The limits that several gateways count together, against a real Redis server, and what the doctor
// says of the servers. Also both kinds of server where there is none, or one that never answers.

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import { CHECK_LIMIT_MS, checkFleet } from "../../src/edges/shared_store/check_fleet.ts";
import { openPostgres } from "../../src/edges/shared_store/postgres.ts";
import { PostgresKeyStore } from "../../src/edges/shared_store/postgres_keys.ts";
import { openRedisLimits } from "../../src/edges/shared_store/redis_limits.ts";
import {
  assertUnavailable,
  eventually,
  limitsAway,
  postgresTest,
  redisTest,
  storeAway,
  withSilentServer,
} from "../support/fleet_world.ts";
import { allDone } from "../support/all_done.ts";
import { freePort } from "../support/free_port.ts";
import { startRedis, whyNoRedis } from "../support/redis_server.ts";
import { systemTest } from "../support/system_test.ts";

redisTest("RedisLimitStore counts requests and tokens", async ({ server, open }) => {
  const limits = open();
  const take = { keyId: "aaaaaaaa", minute: 29_000_000, max: 2 };
  assert.equal(await limits.takeRequest(take), true);
  assert.equal(await limits.takeRequest(take), true);
  assert.equal(await limits.takeRequest(take), false);
  // What was refused does not count.
  assert.equal(await limits.takeRequest({ ...take, max: 3 }), true);
  assert.equal(await limits.takeRequest({ ...take, max: 3 }), false);
  assert.equal(await limits.takeRequest({ ...take, minute: 29_000_001 }), true);
  assert.equal(await limits.takeRequest({ ...take, keyId: "bbbbbbbb" }), true);
  assert.equal(await limits.takeRequest({ ...take, keyId: "cccccccc", max: 0 }), false);
  assert.equal(await server.ask("GET", "latchkey:requests:aaaaaaaa:29000000"), "3");
  assert.equal(await server.ask("TTL", "latchkey:requests:aaaaaaaa:29000000"), "120");

  const day = { keyId: "aaaaaaaa", day: "2026-01-31" };
  const writer = "w1";
  assert.equal(await limits.tokensOn(day), 0);
  await limits.addTokens({ ...day, tokens: 5_000_000_000, writer, number: 3 });
  await limits.addTokens({ ...day, tokens: 7, writer, number: 4 });
  // Again, and late after the next one: both count already.
  await limits.addTokens({ ...day, tokens: 7, writer, number: 4 });
  await limits.addTokens({ ...day, tokens: 5_000_000_000, writer, number: 3 });
  assert.equal(await limits.tokensOn(day), 5_000_000_007);
  await limits.addTokens({ ...day, tokens: 1, writer: "w2", number: 1 });
  await limits.addTokens({ ...day, day: "2026-02-02", tokens: 9, writer, number: 2 });
  assert.equal(await limits.tokensOn(day), 5_000_000_008);
  assert.equal(await limits.tokensOn({ ...day, day: "2026-02-02" }), 9);
  assert.equal(await limits.tokensOn({ ...day, day: "2026-02-01" }), 0);
  assert.equal(await limits.tokensOn({ ...day, keyId: "bbbbbbbb" }), 0);
  const left = Number(await server.ask("TTL", "latchkey:tokens:aaaaaaaa:2026-01-31"));
  assert.ok(left > 3 * 86_400 - 60 && left <= 3 * 86_400, `${left} s left`);
  const numbersLeft = Number(await server.ask("TTL", "latchkey:token-writers:aaaaaaaa:2026-01-31"));
  assert.ok(numbersLeft >= left && numbersLeft <= 3 * 86_400, `${numbersLeft} s left`);
});

redisTest("two gateways let exactly as many requests through as one", async ({ open }) => {
  const gateways = [open(), open()];
  const take = { keyId: "aaaaaaaa", minute: 1, max: 100 };
  const taken = await Promise.all(
    Array.from({ length: 200 }, () => gateways.map((limits) => limits.takeRequest(take))).flat(),
  );
  assert.equal(taken.filter((isTaken) => isTaken).length, 100);
  const day = { keyId: "aaaaaaaa", day: "2026-01-31" };
  await Promise.all(
    Array.from(
      { length: 50 },
      (_, index) =>
        gateways.map((limits, writer) =>
          // Side by side, so each has a writer of its own.
          limits.addTokens({ ...day, tokens: 3, writer: `${writer} ${index}`, number: 1 })
        ),
    ).flat(),
  );
  assert.equal(await gateways[0]?.tokensOn(day), 300);
});

redisTest("limits fail while their server is away, and work after", async ({ server, open }) => {
  const limits = open();
  const take = { keyId: "aaaaaaaa", minute: 1, max: 1000 };
  const day = { keyId: "aaaaaaaa", day: "2026-01-31" };
  const calls: (() => Promise<unknown>)[] = [
    () => limits.takeRequest(take),
    () => limits.tokensOn(day),
    () => limits.addTokens({ ...day, tokens: 1, writer: "w", number: 1 }),
  ];
  await server.halt();
  await Promise.all(calls.map((call) => assertUnavailable(call, limitsAway)));
  // The next does not even try.
  const { cause } = await assertUnavailable(() => limits.tokensOn(day), {
    ...limitsAway,
    limitMs: 0,
  });
  assert.match(String(cause), /a moment ago/);
  await server.restart();
  assert.equal(await eventually(() => limits.takeRequest(take)), true);
  for (const _ of [1, 2, 3]) {
    const asked = Array.from({ length: 50 }, () => limits.tokensOn(day).catch(() => {}));
    await server.halt();
    await Promise.all([...asked, ...calls.map((call) => assertUnavailable(call, limitsAway))]);
    await server.restart();
    assert.equal(await eventually(() => limits.takeRequest(take)), true);
  }
});

redisTest("a command that gets no answer is given up in time", async ({ server, open }) => {
  const limits = open({ timeoutMs: 300 });
  const day = { keyId: "aaaaaaaa", day: "2026-01-31" };
  await limits.addTokens({ ...day, tokens: 4, writer: "w", number: 1 });
  server.freeze();
  try {
    await Promise.all(
      Array.from(
        { length: 5 },
        () => assertUnavailable(() => limits.tokensOn(day), { ...limitsAway, limitMs: 300 }),
      ),
    );
  } finally {
    server.thaw();
  }
  assert.equal(await eventually(() => limits.tokensOn(day)), 4);
  // What the server itself refuses leaves the connection alone.
  await server.ask("LPUSH", "latchkey:tokens:broken00:2026-01-31", "x");
  await assertUnavailable(() => limits.tokensOn({ ...day, keyId: "broken00" }), limitsAway);
  assert.equal(await limits.tokensOn(day), 4);
  await limits.close();
  await assertUnavailable(() => limits.tokensOn(day), { ...limitsAway, limitMs: 0 });
});

systemTest("servers that never answer or were never there are given up in time", {
  whyNot: undefined,
  run: () =>
    withSilentServer(async (silentPort) => {
      await Promise.all([silentPort, freePort()].map(async (port) => {
        const postgres = openPostgres(`postgres://ann:secret@127.0.0.1:${port}/latchkey`, {
          log: silentLogger,
          timeoutMs: 400,
        });
        const limits = openRedisLimits(`redis://ann:secret@127.0.0.1:${port}`, {
          log: silentLogger,
          timeoutMs: 400,
        });
        const [keys, day] = [new PostgresKeyStore(postgres), {
          keyId: "aaaaaaaa",
          day: "2026-01-31",
        }];
        try {
          await Promise.all(
            Array.from({ length: 6 }, () => [
              assertUnavailable(() => keys.check("aaaaaaaa"), { ...storeAway, limitMs: 400 }),
              assertUnavailable(() => limits.tokensOn(day), { ...limitsAway, limitMs: 400 }),
            ]).flat(),
          );
        } finally {
          await allDone([postgres.end(), limits.close()]);
        }
      }));
    }),
});

systemTest("stores that were never used, or whose address is nonsense, close", {
  whyNot: undefined,
  run: async () => {
    for (const url of ["postgres://127.0.0.1:1/x", "postgres://ann:s3cret@[nonsense/x"]) {
      const postgres = openPostgres(url, { log: silentLogger });
      const limits = openRedisLimits(url.replace("postgres", "redis"), { log: silentLogger });
      if (url.includes("nonsense")) {
        const { cause } = await assertUnavailable(() => postgres.ping(), storeAway);
        assert.doesNotMatch(Deno.inspect(cause), /s3cret/);
      }
      await allDone([postgres.end(), limits.close()]);
    }
  },
});

postgresTest("checkFleet() says what is wrong with the store", async ({ server, url }) => {
  const check = (databaseUrl: string): Promise<readonly string[]> =>
    checkFleet({ databaseUrl, redisUrl: undefined });
  assert.deepEqual(await checkFleet({ databaseUrl: undefined, redisUrl: undefined }), []);
  assert.deepEqual(await check(url), []);
  // The doctor makes no tables.
  assert.equal(await server.sql(url, "SELECT to_regclass('latchkey_schema')"), "");
  const refused = ["the shared store refuses the login"];
  assert.deepEqual(await check(url.replace("postgres@", "nobody@")), refused);
  assert.deepEqual(await check(`${url}else`), ["the shared store has no such database"]);
  await server.halt();
  assert.deepEqual(await check(url), ["the shared store cannot be reached"]);
});

systemTest("checkFleet() says what is wrong with the limits", {
  whyNot: await whyNoRedis(),
  run: async () => {
    const server = await startRedis({ password: "s3cret" });
    const check = (redisUrl: string): Promise<readonly string[]> =>
      checkFleet({ databaseUrl: undefined, redisUrl });
    try {
      const refused = ["the shared limits refuse the login"];
      assert.deepEqual(await check(server.url.replace("//", "//:s3cret@")), []);
      assert.deepEqual(await check(server.url.replace("//", "//default:s3cret@")), []);
      assert.deepEqual(await check(server.url.replace("//", "//:wrong@")), refused);
      assert.deepEqual(await check(server.url), refused);
      await server.halt();
      assert.deepEqual(await check(server.url), ["the shared limits cannot be reached"]);
    } finally {
      await server.stop();
    }
  },
});

systemTest("checkFleet() gives up in time", {
  whyNot: undefined,
  run: () =>
    withSilentServer(async (port) => {
      const startMs = performance.now();
      const problems = await checkFleet({
        databaseUrl: `postgres://127.0.0.1:${port}/x`,
        redisUrl: `redis://127.0.0.1:${port}`,
      });
      assert.deepEqual(problems, [
        "the shared store cannot be reached",
        "the shared limits cannot be reached",
      ]);
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs >= CHECK_LIMIT_MS - 100 && tookMs < 5000, `Took ${tookMs} ms`);
    }),
});
