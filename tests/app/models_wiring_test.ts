// The model gateway as the service builds it: its settings reach the parts that they are for.

import assert from "node:assert/strict";
import { openModels } from "../../src/app/models.ts";
import { KEY_SWEEP_MS } from "../../src/features/access/key_holds.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { CHAT } from "../features/models/gateway_world.ts";
import { type AppInProcess, withAppInProcess } from "../support/app_in_process.ts";
import {
  FakeOllama,
  type ManualStream,
  manualStream,
  PROMPT_TOKENS,
  WORDS,
} from "../support/fake_ollama.ts";
import { until } from "../support/until.ts";

interface World extends AppInProcess {
  ollama: FakeOllama;
  /** Calls a method as the device itself. */
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  /** A chat with a key. */
  chat(key: string): Promise<Response>;
  /** A new key for models. */
  newKey(params?: object): Promise<{ key: string; keyId: string }>;
}

async function withModels(toml: string, test: (world: World) => Promise<void>): Promise<void> {
  const ollama = new FakeOllama();
  const whole = `[models]\nenabled = true\nallow = ["llama3.1:8b"]\n${toml}`;
  let overlay = "";
  const parse = (text: string): ReturnType<typeof parseConfig> =>
    parseConfig(whole, {
      file: "config.toml",
      env: { HOME: "/nowhere", isRoot: false },
      overlay: { file: "settings.toml", text },
    });
  const configSource = {
    readWarnings: () => [],
    readOverlay: () => ({ file: "settings.toml", text: overlay }),
    read: () => parse(overlay),
    readWith: (text: string) => parse(overlay = text),
  };
  await withAppInProcess({
    toml: whole,
    options: { configSource },
    edges: { openModels: (options) => openModels({ ...options, fetch: ollama.fetch }) },
  }, async (app) => {
    const call: World["call"] = async (method, params = {}) => {
      const answer = await app.request("/api", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      const { result, error } = await answer.json();
      return result ?? { error };
    };
    await test({
      ...app,
      ollama,
      call,
      chat: (key) =>
        app.request("/api/chat", {
          method: "POST",
          headers: { Authorization: `Bearer ${key}` },
          body: JSON.stringify(CHAT),
        }),
      newKey: async (params = {}) =>
        await call("keys.new", { name: "tablet", scopes: ["models"], ...params }) as {
          key: string;
          keyId: string;
        },
    });
  });
}

Deno.test("a chat goes through and its usage is told", async () => {
  await withModels("", async ({ chat, newKey, call }) => {
    const { key, keyId } = await newKey();
    const answer = await chat(key);
    assert.equal(answer.status, 200);
    await answer.text();
    const { usage } = await call("usage") as { usage: Record<string, unknown>[] };
    assert.deepEqual(
      usage.map(({ keyId, requests, promptTokens, outputTokens }) => [
        keyId,
        requests,
        promptTokens,
        outputTokens,
      ]),
      [[keyId, 1, PROMPT_TOKENS, WORDS.length]],
    );
  });
});

Deno.test("the limits of the configuration hold", async () => {
  await withModels("per_key_per_minute = 1", async ({ chat, newKey }) => {
    const { key } = await newKey();
    await (await chat(key)).text();
    assert.equal((await chat(key)).status, 429);
  });
  await withModels("per_key_tokens_per_day = 1", async ({ chat, newKey }) => {
    const { key } = await newKey();
    await (await chat(key)).text();
    assert.equal((await chat(key)).status, 429);
  });
});

Deno.test("errors have the style of the configuration", async () => {
  for (const [toml, type] of [["", "object"], ['error_style = "client"', "string"]] as const) {
    await withModels(toml, async ({ chat }) => {
      const answer = await chat("lk_wrong");
      assert.equal(answer.status, 401);
      assert.equal(typeof (await answer.json()).error, type);
    });
  }
});

Deno.test("a body may be as long as the configuration says, with its length told or not", async () => {
  await withModels("max_body_mib = 1", async ({ newKey, request }) => {
    const { key } = await newKey();
    const body = JSON.stringify({ ...CHAT, filler: "x".repeat(1024 * 1024) });
    const headers = { Authorization: `Bearer ${key}` };
    const ask = (init: RequestInit): Promise<Response> =>
      request("/api/chat", { method: "POST", ...init });
    const told = { ...headers, "Content-Length": String(body.length) };
    assert.equal((await ask({ headers: told })).status, 413);
    assert.equal((await ask({ headers, body: new Blob([body]).stream() })).status, 413);
  });
});

Deno.test("lists and limits change while the service runs", async () => {
  await withModels("", async ({ chat, newKey, call }) => {
    const { key } = await newKey();
    const status = async (): Promise<number> => {
      const answer = await chat(key);
      await answer.text();
      return answer.status;
    };
    assert.equal(await status(), 200);
    const change = async (models: object): Promise<void> =>
      assert.deepEqual(await call("settings.update", { models }), {
        changed: ["models"],
        needsRestart: [],
      });
    await change({ allow: [] });
    assert.equal(await status(), 403);
    await change({ allow: ["llama3.1:8b"], perKeyPerMinute: 1 });
    assert.equal(await status(), 200);
    assert.equal(await status(), 429);
    await change({ perKeyPerMinute: 0, perKeyTokensPerDay: 1 });
    assert.equal(await status(), 200);
    assert.equal(await status(), 429);
  });
});

Deno.test("limits of a key win over those of the configuration, and change at once", async () => {
  await withModels("per_key_per_minute = 1", async ({ chat, newKey, call }) => {
    const status = async (key: string): Promise<number> => {
      const answer = await chat(key);
      await answer.text();
      return answer.status;
    };
    const { key, keyId } = await newKey({ limits: { perMinute: 2 } });
    assert.deepEqual([await status(key), await status(key), await status(key)], [200, 200, 429]);
    await call("keys.update", { keyId, limits: { perMinute: 0 } });
    assert.equal(await status(key), 200);
    await call("keys.update", { keyId, limits: { perMinute: null } });
    assert.equal(await status(key), 429);
    const { entries } = await call("audit") as { entries: { event: string; details: object }[] };
    assert.deepEqual(
      entries.filter(({ event }) => event === "key_changed").map(({ details }) => details),
      [{ keyId, limits: '{"perMinute":0}' }, { keyId, limits: "{}" }],
    );
    const other = await newKey({ limits: { perMinute: 0, tokensPerDay: 1 } });
    assert.deepEqual([await status(other.key), await status(other.key)], [200, 429]);
    // None, for this key alone.
    await call("keys.update", { keyId: other.keyId, limits: { tokensPerDay: 0 } });
    assert.deepEqual([await status(other.key), await status(other.key)], [200, 200]);
  });
});

Deno.test("requests that wait begin when the slots or their key's limits are raised", async () => {
  await withModels("max_concurrent = 1", async ({ ollama, chat, newKey, call }) => {
    const streams: ManualStream[] = [];
    ollama.script = () => {
      const stream = manualStream();
      streams.push(stream);
      stream.write(`{"message":{"content":"The"},"done":true}\n`);
      return stream.response;
    };
    const { key, keyId } = await newKey({ limits: { concurrent: 2 } });
    const answers = [chat(key), chat(key), chat(key)];
    await until("one is there", () => streams.length === 1);
    await call("settings.update", { models: { maxConcurrent: 3 } });
    await until("the key has all it may have", () => streams.length === 2);
    await call("keys.update", { keyId, limits: { concurrent: 0 } });
    await until("all are there", () => streams.length === 3);
    for (const stream of streams) stream.end();
    for (const answer of await Promise.all(answers)) {
      assert.equal(answer.status, 200);
      await answer.text();
    }
  });
});

for (const how of ["is revoked", "expires", "was revoked by a restore"] as const) {
  Deno.test(`a key that ${how} loses its running answer within a second, and no other key does`, async () => {
    await withModels("", async (world) => {
      const { ollama, chat, newKey, call, clock, stores } = world;
      const upstream = [manualStream(), manualStream()];
      let asked = 0;
      ollama.script = () => upstream[asked++]?.response ?? assert.fail();
      const { key, keyId } = await newKey(how === "expires" ? { expiresIn: 5 } : {});
      const { key: other } = await newKey();
      const line = `{"message":{"content":"The"},"done":false}\n`;
      for (const stream of upstream) stream.write(line);
      const [mine, others] = [await chat(key), await chat(other)];
      assert.deepEqual([mine.status, others.status], [200, 200]);
      const [mineReader, othersReader] = [mine.body?.getReader(), others.body?.getReader()];
      assert.equal(new TextDecoder().decode((await mineReader?.read())?.value), line);
      switch (how) {
        case "is revoked":
          await call("keys.delete", { keyId });
          break;
        case "expires":
          clock.advance(5_000);
          break;
        case "was revoked by a restore":
          stores.keys.revoke(keyId, 1);
          clock.advance(KEY_SWEEP_MS);
      }
      await upstream[0]?.cancelled;
      await assert.rejects(async () => {
        while ((await mineReader?.read())?.done === false);
      });
      upstream[1]?.write(line);
      const decoder = new TextDecoder();
      let text = "";
      while (text.length < 2 * line.length) {
        text += decoder.decode((await othersReader?.read())?.value, { stream: true });
      }
      assert.equal(text, line + line);
      await othersReader?.cancel();
      assert.equal((await chat(key)).status, 401);
    });
  });
}

Deno.test("a trusted proxy of the configuration says whose request it is", async () => {
  const toml = '[security]\nallowed_ips = ["198.51.100.9"]\ntrusted_proxies = ["192.0.2.7"]';
  await withModels(toml, async ({ newKey, request }) => {
    const { key } = await newKey();
    const status = async (client: string): Promise<number> => {
      const headers = { Authorization: `Bearer ${key}`, "X-Forwarded-For": client };
      const answer = await request("/api/tags", { headers, from: "192.0.2.7" });
      await answer.body?.cancel();
      return answer.status;
    };
    assert.deepEqual([await status("198.51.100.9"), await status("198.51.100.10")], [200, 403]);
  });
});

Deno.test("usage, metrics and the request log tell of keys and models, and of no content", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const path = `${folder}/requests.jsonl`;
    await withModels(`request_log = "${path}"`, async ({ chat, newKey, call, request, app }) => {
      const { key, keyId } = await newKey();
      await (await chat(key)).text();
      const { usage } = await call("usage", { by: ["model"] }) as { usage: { model: string }[] };
      assert.deepEqual(usage.map(({ model }) => model), ["llama3.1:8b"]);
      const metrics = await (await request("/metrics")).text();
      const labels = `{key="${keyId}",model="llama3.1:8b",outcome="ok"}`;
      assert.ok(metrics.includes(`latchkey_model_requests_ended_total${labels} 1\n`));
      assert.ok(metrics.includes('latchkey_model_slots{state="free"} 4\n'));
      assert.ok(metrics.includes("latchkey_model_server_up 1\n"));
      await app.stop();
      const text = await Deno.readTextFile(path);
      const line = JSON.parse(text);
      assert.deepEqual(
        [line.keyId, line.model, line.path, line.status, line.outputTokens],
        [keyId, "llama3.1:8b", "/api/chat", 200, WORDS.length],
      );
      assert.doesNotMatch(text + metrics, /moon|127\.0\.0\.1|lk_/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
