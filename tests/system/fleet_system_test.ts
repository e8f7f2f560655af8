// Two gateways that share keys, limits and usage over Debian's own PostgreSQL and Redis, and what their
// clients see while either server is away: a clear refusal, and nothing uncounted afterwards.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { FakeOllama, PROMPT_TOKENS } from "../support/fake_ollama.ts";
import { type PostgresServer, startPostgres, whyNoPostgres } from "../support/postgres_server.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../support/redis_server.ts";
import {
  callLocal,
  type ServiceProcess,
  startService,
  withDataDir,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const MODEL = "llama3.1:8b";
const LEAKS = /ollama|postgres|redis|sqlite|traceback|127\.0|\/tmp/i;

interface World {
  ollama: FakeOllama;
  postgres: PostgresServer;
  redis: RedisServer;
  /** Starts a gateway with a data folder of this name. */
  gateway(name: string): Promise<ServiceProcess>;
}

async function withWorld(
  settings: string,
  test: (world: World) => Promise<void>,
  options: { hasStore: boolean } = { hasStore: true },
): Promise<void> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const store = await postgres.createDatabase("fleet");
  const ollama = new FakeOllama();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ollama.handle);
  const running: ServiceProcess[] = [];
  try {
    await withDataDir(async (dataDir) => {
      try {
        await test({
          ollama,
          postgres,
          redis,
          async gateway(name): Promise<ServiceProcess> {
            const service = await startService({
              dataDir: `${dataDir}${name}`,
              tables: [
                "[models]",
                "enabled = true",
                `upstream = "http://127.0.0.1:${server.addr.port}"`,
                `allow = ["${MODEL}"]`,
                options.hasStore ? `database_url = "${store}"` : "",
                `redis_url = "${redis.url}"`,
                settings,
              ].join("\n"),
            });
            running.push(service);
            return service;
          },
        });
      } finally {
        await allDone(running.map((service) => service.stop()));
      }
    });
  } finally {
    await server.shutdown();
    await allDone([postgres.stop(), redis.stop()]);
  }
}

async function newKey({ baseUrl }: ServiceProcess): Promise<string> {
  const params = { name: "shared", scopes: ["models"] };
  const { key, shared } = await callLocal(baseUrl, "keys.new", params) as {
    key: string;
    shared: boolean;
  };
  assert.equal(shared, true);
  return key;
}

async function chat({ baseUrl }: ServiceProcess, key: string): Promise<number> {
  const response = await fetch(`${baseUrl}/api/chat`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: MODEL, messages: [], stream: false }),
  });
  const text = await response.text();
  if (response.status !== 200) {
    assert.doesNotMatch(text, LEAKS);
    assert.deepEqual(Object.keys(JSON.parse(text).error).sort(), ["code", "message", "request_id"]);
  }
  return response.status;
}

async function requestsOf({ baseUrl }: ServiceProcess, keyId: string): Promise<number> {
  const { usage } = await callLocal(baseUrl, "usage", { keyId }) as {
    usage: { requests: number; promptTokens: number }[];
  };
  const sum = usage.reduce((total, { requests }) => total + requests, 0);
  assert.equal(
    usage.reduce((total, { promptTokens }) => total + promptTokens, 0),
    sum * PROMPT_TOKENS,
  );
  return sum;
}

const whyNot = await whyNoPostgres() ?? await whyNoRedis();

systemTest("two gateways share a key, its limit and its usage", {
  whyNot,
  run: () =>
    withWorld("per_key_per_minute = 4", async ({ gateway }) => {
      const leftMs = 60_000 - Date.now() % 60_000;
      if (leftMs < 20_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
      const [one, two] = await allDone([gateway("1"), gateway("2")]);
      const key = await newKey(one);
      const keyId = key.slice(3, 11);
      const statuses = await Promise.all(
        [one, two, one, two, one, two, one].map((service) => chat(service, key)),
      );
      assert.deepEqual(statuses.sort(), [200, 200, 200, 200, 429, 429, 429]);
      await until("all usage is seen on both", async () =>
        await requestsOf(one, keyId) === 4 && await requestsOf(two, keyId) === 4);
      const { keys } = await callLocal(two.baseUrl, "keys") as { keys: { keyId: string }[] };
      assert.deepEqual(
        keys.map((shown) =>
          shown.keyId
        ),
        [keyId],
      );
      await callLocal(two.baseUrl, "keys.delete", { keyId });
      assert.equal(await chat(one, key), 401);
      // A key of the device itself does not open the shared gateway.
      const params = { name: "own", scopes: ["rpc"] };
      const { key: own } = await callLocal(one.baseUrl, "keys.new", params) as { key: string };
      assert.equal(await chat(one, own), 401);
    }),
});

systemTest("while the store is away nobody gets in, and usage waits for it over a restart", {
  whyNot,
  run: () =>
    withWorld("per_key_per_minute = 1000", async ({ gateway, postgres }) => {
      const one = await gateway("1");
      const key = await newKey(one);
      const keyId = key.slice(3, 11);
      assert.equal(await chat(one, key), 200);
      await postgres.halt();
      assert.equal(await chat(one, key), 503);
      const own = await callLocal(one.baseUrl, "keys.new", { name: "own", scopes: ["rpc"] }) as {
        keyId: string;
      };
      const { keys, sharedUnavailable } = await callLocal(one.baseUrl, "keys") as {
        keys: { keyId: string }[];
        sharedUnavailable: boolean;
      };
      assert.deepEqual([keys.map((shown) => shown.keyId), sharedUnavailable], [[own.keyId], true]);
      assert.equal(await callLocal(one.baseUrl, "keys.delete", { keyId: own.keyId }), null);
      // What was used before lies on the device until the store is back, whatever becomes of it.
      assert.equal(await one.stop(), 0);
      const again = await gateway("1");
      assert.equal(await chat(again, key), 503);
      await postgres.restart();
      await until("the key is taken again", async () => await chat(again, key) === 200);
      await until("all usage is there once", async () => await requestsOf(again, keyId) === 2);
      // One line when it was found away and one when it was back.
      const told = again.output().split("\n").filter((line) => / (INFO|WARN|ERROR) /.test(line));
      const ofStore = told.filter((line) => /store|usage|Model request/i.test(line));
      assert.equal(ofStore.length, 2, ofStore.join("\n"));
      assert.match(ofStore[0] ?? "", /The shared store cannot be used/);
      assert.match(ofStore[1] ?? "", /The shared store can be used again/);
      assert.doesNotMatch(again.output(), /Unexpected/);
    }),
});

systemTest("while the limits are away limited keys are refused, and counted on afterwards", {
  whyNot,
  run: () =>
    withWorld(`per_key_tokens_per_day = 1000000`, async ({ gateway, redis }) => {
      const one = await gateway("1");
      const key = await newKey(one);
      const keyId = key.slice(3, 11);
      assert.equal(await chat(one, key), 200);
      await redis.halt();
      assert.equal(await chat(one, key), 503);
      await redis.restart();
      await until("the limits are counted again", async () => await chat(one, key) === 200);
      await until("all usage is there once", async () => await requestsOf(one, keyId) === 2);
      assert.doesNotMatch(one.output(), /Unexpected/);
    }),
});

systemTest("limits can be shared alone, with the device's own keys and usage", {
  whyNot,
  run: () =>
    withWorld("per_key_tokens_per_day = 1000000", async ({ gateway, redis }) => {
      const one = await gateway("1");
      const { key, shared } = await callLocal(one.baseUrl, "keys.new", {
        name: "own",
        scopes: ["models"],
      }) as { key: string; shared: boolean };
      assert.equal(shared, false);
      assert.equal(await chat(one, key), 200);
      const [counter] = (await redis.ask("KEYS", "*tokens*")).trim().split("\n");
      assert.match(counter ?? "", new RegExp(key.slice(3, 11)));
      await redis.halt();
      assert.equal(await chat(one, key), 503);
      assert.match(one.output(), /The shared limits cannot be used/);
      await redis.restart();
      await until("the limits are counted again", async () => await chat(one, key) === 200);
    }, { hasStore: false }),
});

systemTest("a stop while the limits are silent ends in time and loses no usage", {
  whyNot,
  run: () =>
    withWorld("per_key_tokens_per_day = 1000000", async ({ gateway, redis, ollama }) => {
      const one = await gateway("1");
      const { key } = await callLocal(one.baseUrl, "keys.new", {
        name: "own",
        scopes: ["models"],
      }) as { key: string };
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      ollama.pace = (chunk) => chunk < 2 ? Promise.resolve() : held;
      const response = await fetch(`${one.baseUrl}/api/chat`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: MODEL, messages: [], stream: true }),
      });
      redis.freeze();
      try {
        release();
        assert.match(await response.text(), /"done":true/);
        // Its tokens cannot be counted now; what it used must be kept all the same.
        const beganMs = performance.now();
        assert.equal(await one.stop(), 0);
        assert.ok(performance.now() - beganMs < 6000);
      } finally {
        redis.thaw();
      }
      const again = await gateway("1");
      assert.equal(await requestsOf(again, key.slice(3, 11)), 1);
    }, { hasStore: false }),
});
