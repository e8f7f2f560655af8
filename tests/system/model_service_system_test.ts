// The model gateway in the real service: keys from the command line, what each may use, limits that
// outlive a restart, usage by key, and the one shape of refusals.

import assert from "node:assert/strict";
import { FakeOllama, PROMPT_TOKENS, WORDS } from "../support/fake_ollama.ts";
import {
  callLocal,
  runLatchkey,
  type ServiceProcess,
  startService,
  withDataDir,
} from "../support/service_process.ts";

const MODEL = "llama3.1:8b";
const LEAKS = /ollama|postgres|redis|sqlite|traceback|127\.0|\/root|\/tmp/i;

interface World {
  ollama: FakeOllama;
  tables: string;
  dataDir: string;
}

async function withUpstream(
  settings: string,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const ollama = new FakeOllama();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ollama.handle);
  const tables = [
    "[models]",
    "enabled = true",
    `upstream = "http://127.0.0.1:${server.addr.port}"`,
    `allow = ["${MODEL}", "nomic-embed-text"]`,
    settings,
  ].join("\n");
  try {
    await withDataDir((dataDir) => test({ ollama, tables, dataDir }));
  } finally {
    await server.shutdown();
  }
}

async function withGateway(
  { tables, dataDir }: World,
  test: (service: ServiceProcess) => Promise<void>,
): Promise<void> {
  const service = await startService({ dataDir, tables });
  try {
    await test(service);
  } finally {
    assert.equal(await service.stop(), 0);
  }
}

async function newKey({ baseUrl }: ServiceProcess, params: object = {}): Promise<string> {
  const added = await callLocal(baseUrl, "keys.new", {
    name: "test",
    scopes: ["models"],
    ...params,
  }) as { key: string };
  return added.key;
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function ask(
  { baseUrl }: ServiceProcess,
  options: { authorization?: string; path?: string; method?: string; body?: unknown } = {},
): Promise<Answer> {
  const { authorization, path = "/api/chat", method = "POST" } = options;
  const body = options.body ??
    { model: MODEL, messages: [{ role: "user", content: "Hello" }], stream: false };
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: authorization === undefined ? {} : { Authorization: authorization },
    ...(method === "POST" ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function errorOf({ text }: Answer): { code: string; message: string; request_id: string } {
  const { error } = JSON.parse(text);
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "request_id"]);
  assert.doesNotMatch(text, LEAKS);
  return error;
}

Deno.test("without a valid key there is one refusal, whatever is wrong", async () => {
  await withUpstream("", async (world) => {
    await withGateway(world, async (service) => {
      const key = await newKey(service);
      const [revoked, ended] = [
        await newKey(service),
        await newKey(service, { expiresIn: 1 }),
      ];
      await callLocal(service.baseUrl, "keys.delete", { keyId: revoked.slice(3, 11) });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const authorizations = [
        undefined,
        "Bearer",
        `Basic ${key}`,
        "Bearer not-a-key",
        `Bearer lk_abcdefgh_${"A".repeat(43)}`,
        `Bearer ${revoked}`,
        `Bearer ${ended}`,
      ];
      const answers = await Promise.all(
        authorizations.map((authorization) =>
          ask(service, authorization === undefined ? {} : { authorization })
        ),
      );
      const bodies = new Set(answers.map((answer) => {
        const { request_id: id, ...error } = errorOf(answer);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.get("X-Request-ID"), id);
        assert.equal(answer.headers.get("WWW-Authenticate"), "Bearer");
        return JSON.stringify(error);
      }));
      assert.equal(bodies.size, 1);
      assert.equal(world.ollama.seen.length, 0);
      const wrong = await newKey(service, { scopes: ["rpc"] });
      const refused = await ask(service, { authorization: `Bearer ${wrong}` });
      assert.deepEqual([refused.status, errorOf(refused).code], [403, "forbidden"]);
      const right = await ask(service, { authorization: `Bearer ${key}` });
      assert.equal(right.status, 200);
      const { model, message } = JSON.parse(right.text);
      assert.deepEqual([model, message.content], [MODEL, WORDS.join("")]);
      const health = await ask(service, { path: "/healthz", method: "GET" });
      assert.deepEqual([health.status, JSON.parse(health.text).status], [200, "ok"]);
    });
  });
});

Deno.test("a key may use its own models of those that are allowed, and sees no others", async () => {
  await withUpstream("", async (world) => {
    await withGateway(world, async (service) => {
      const narrow = `Bearer ${await newKey(service, { models: ["nomic-embed-text:latest"] })}`;
      const wide = `Bearer ${await newKey(service)}`;
      const refused = await ask(service, { authorization: narrow });
      assert.deepEqual([refused.status, errorOf(refused).code], [403, "model_not_allowed"]);
      const outside = await ask(service, { authorization: wide, body: { model: "private:70b" } });
      assert.deepEqual([outside.status, errorOf(outside).code], [403, "model_not_allowed"]);
      assert.equal(world.ollama.seen.length, 0);
      const namesFor = async (authorization: string): Promise<string[]> => {
        const tags = await ask(service, { authorization, path: "/api/tags", method: "GET" });
        return JSON.parse(tags.text).models.map(({ name }: { name: string }) => name).sort();
      };
      assert.deepEqual(await namesFor(narrow), ["nomic-embed-text:latest"]);
      assert.deepEqual(await namesFor(wide), [MODEL, "nomic-embed-text:latest"]);
      for (const path of ["/api/pull", "/api/delete", "/api/create", "/api/copy", "/api/push"]) {
        assert.equal((await ask(service, { authorization: wide, path })).status, 404, path);
      }
    });
  });
});

Deno.test("a minute's requests outlive a restart, and the refusal says how long to wait", async () => {
  await withUpstream("per_key_per_minute = 2", async (world) => {
    // Within one minute, whenever the test begins.
    const leftMs = 60_000 - Date.now() % 60_000;
    if (leftMs < 20_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
    let authorization = "";
    await withGateway(world, async (service) => {
      authorization = `Bearer ${await newKey(service)}`;
      assert.equal((await ask(service, { authorization })).status, 200);
    });
    await withGateway(world, async (service) => {
      assert.equal((await ask(service, { authorization })).status, 200);
      const refused = await ask(service, { authorization });
      assert.deepEqual([refused.status, errorOf(refused).code], [429, "rate_limited"]);
      const seconds = Number(refused.headers.get("Retry-After"));
      assert.ok(seconds >= 1 && seconds <= 60, String(seconds));
      const other = `Bearer ${await newKey(service)}`;
      assert.equal((await ask(service, { authorization: other })).status, 200);
    });
  });
});

Deno.test("a day's tokens are counted from the last frame, and end the day", async () => {
  const perAnswer = PROMPT_TOKENS + WORDS.length;
  await withUpstream(`per_key_tokens_per_day = ${perAnswer + 1}`, async (world) => {
    await withGateway(world, async (service) => {
      const authorization = `Bearer ${await newKey(service)}`;
      assert.equal((await ask(service, { authorization })).status, 200);
      assert.equal((await ask(service, { authorization })).status, 200);
      const refused = await ask(service, { authorization });
      assert.deepEqual([refused.status, errorOf(refused).code], [429, "rate_limited"]);
    });
  });
});

Deno.test("usage is told by key and day, from the command line too, and kept", async () => {
  await withUpstream("", async (world) => {
    let keyId = "";
    await withGateway(world, async (service) => {
      const config = `${world.dataDir}.toml`;
      const port = new URL(service.baseUrl).port;
      const text = await Deno.readTextFile(config);
      await Deno.writeTextFile(config, text.replace(/(listen = ".*):0"/, `$1:${port}"`));
      const added = await runLatchkey(
        ...["keys", "add", "tablet", "--scope", "models", "--model", MODEL, "--config", config],
      );
      assert.equal(added.code, 0, added.stderr);
      assert.match(added.stderr, /Over plain http whoever reads the network reads the key too/);
      keyId = added.stdout.slice(3, 11);
      const limited = await runLatchkey(
        ...["keys", "limit", keyId, "--per-minute", "60", "--weight", "2", "--config", config],
      );
      assert.equal(limited.code, 0, limited.stderr);
      const { stdout: withLimits } = await runLatchkey("keys", "--config", config);
      assert.match(withLimits, /per-minute=60,weight=2/);
      const bad = ["--per-minute", "many"];
      assert.equal((await runLatchkey("keys", "limit", keyId, ...bad, "--config", config)).code, 2);
      assert.equal((await runLatchkey("keys", "limit", keyId, "--config", config)).code, 2);
      const key = added.stdout.trim();
      const authorization = `Bearer ${key}`;
      await ask(service, { authorization });
      await ask(service, {
        authorization,
        body: { model: MODEL, prompt: "x" },
        path: "/api/generate",
      });
      await ask(service, { authorization, body: { model: "private:70b" } });
      const listed = await runLatchkey("keys", "--config", config);
      assert.match(listed.stdout, new RegExp(`^${keyId} +models +${MODEL} `, "m"));
      const shown = await runLatchkey("usage", "--key", keyId, "--days", "1", "--config", config);
      assert.match(shown.stdout, /^DAY +KEY +REQUESTS +PROMPT +OUTPUT +ERRORS +SECONDS\n/);
      const row = new RegExp(
        `^\\d{4}-\\d\\d-\\d\\d +${keyId} +2 +${2 * PROMPT_TOKENS} +\\d+ +0 `,
        "m",
      );
      assert.match(shown.stdout, row);
      const byModel = await runLatchkey("usage", "--by", "model,key", "--config", config);
      assert.match(byModel.stdout, /^MODEL +KEY +REQUESTS /);
      assert.match(byModel.stdout, new RegExp(`^${MODEL} +${keyId} +2 `, "m"));
      const wrong = await runLatchkey("usage", "--by", "colour", "--config", config);
      assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
      const twice = await runLatchkey("usage", "--by", "day,day", "--config", config);
      assert.equal(twice.code, 2);
      const nobody = await runLatchkey("usage", "--key", "nobodyyy", "--config", config);
      assert.equal(nobody.stdout, "No usage recorded.\n");
    });
    await withGateway(world, async ({ baseUrl }) => {
      const { usage } = await callLocal(baseUrl, "usage", { keyId }) as {
        usage: { requests: number }[];
      };
      assert.deepEqual(usage.map(({ requests }) => requests), [2]);
    });
  });
});

Deno.test("a stop in the midst of an answer ends it with an error line, and counts it", async () => {
  await withUpstream("", async (world) => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    world.ollama.pace = (chunk) => chunk < 2 ? Promise.resolve() : held;
    let keyId = "";
    let rest = Promise.resolve("");
    await withGateway(world, async (service) => {
      const key = await newKey(service);
      keyId = key.slice(3, 11);
      const response = await fetch(`${service.baseUrl}/api/chat`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: MODEL, messages: [], stream: true }),
      });
      assert.equal(response.status, 200);
      rest = response.text();
    });
    const lines = (await rest).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(typeof lines.at(-1).error, "string");
    release();
    await withGateway(world, async ({ baseUrl }) => {
      const { usage } = await callLocal(baseUrl, "usage", { keyId }) as {
        usage: { requests: number; errors: number }[];
      };
      assert.deepEqual(usage.map(({ requests, errors }) => [requests, errors]), [[1, 1]]);
    });
  });
});

Deno.test("a gateway that is off has no routes", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    try {
      assert.equal((await ask(service)).status, 404);
      await assert.rejects(callLocal(service.baseUrl, "usage"), /The model gateway is off/);
    } finally {
      assert.equal(await service.stop(), 0);
    }
  });
});
