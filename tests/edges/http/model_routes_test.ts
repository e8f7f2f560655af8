// The model gateway over HTTP: which requests exist, who may make them, and what all refusals have
// in common.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import type { GuardedConnection } from "../../../src/edges/http/guard/guarded_connection.ts";
import { ENDPOINTS } from "../../../src/features/models/endpoints.ts";
import { CHAT, LEAKS, MAX_BODY_BYTES } from "../../features/models/gateway_world.ts";
import { type Answer, type Ask, openDevice, REMOTE } from "./device.ts";
import { AUTHORIZED, KEY, openModels, post } from "./model_device.ts";

Deno.test("every endpoint answers its method, and no other", async () => {
  for (const { method, path: pattern } of ENDPOINTS) {
    const path = pattern.replace(":model", "llama3.1:8b");
    const device = openModels();
    const asked = method === "GET" ? { headers: AUTHORIZED } : post();
    const answer = await device.ask(path, asked);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("Cache-Control"), "no-store");
    for (const other of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      if (other === method) continue;
      const refused = await device.ask(path, { method: other, headers: AUTHORIZED });
      assert.deepEqual([refused.status, refused.headers.get("Allow")], [405, method], path);
    }
    const head = await device.ask(path, { method: "HEAD", headers: AUTHORIZED });
    assert.deepEqual([head.status, head.text], [method === "GET" ? 200 : 405, ""]);
  }
});

const FOREIGN: [method: string, path: string][] = [
  ["POST", "/api/pull"],
  ["POST", "/api/%70ull"],
  ["POST", "//api/pull"],
  ["POST", "/api//pull"],
  ["POST", "/api/chat/../pull"],
  ["POST", "/api/chat/%2e%2e/pull"],
  ["POST", "/api/chat%2f..%2fpull"],
  ["POST", "/api/chat/"],
  ["POST", "/api/chat/x"],
  ["POST", "/api/chat;x"],
  ["POST", "/api/chat%00"],
  ["POST", "/API/chat"],
  ["POST", "/api/push"],
  ["POST", "/api/create"],
  ["POST", "/api/copy"],
  ["DELETE", "/api/delete"],
  ["POST", "/api/blobs/sha256:1"],
  ["HEAD", "/api/blobs/sha256:1"],
  ["GET", "/v1/models/"],
  ["GET", "/v1/models/library/llama3.1:8b"],
  ["DELETE", "/v1/models/x/y"],
  ["GET", "/v1/responses/resp_12"],
  ["POST", "/v1/messages/batches"],
  ["POST", "/v1/messages/count_tokens"],
  ["POST", "/v1/images/generations"],
];
for (const [method, path] of FOREIGN) {
  Deno.test(`${method} ${path} does not exist`, async () => {
    const device = openModels();
    const body = method === "POST" ? JSON.stringify(CHAT) : null;
    const { status } = await device.ask(path, { method, headers: AUTHORIZED, body });
    assert.equal(status, 404);
    assert.equal(device.ollama.seen.length, 0);
  });
}

Deno.test("without a gateway none of its routes exists", async () => {
  const device = openDevice();
  for (const { method, path } of ENDPOINTS) {
    const { status } = await device.ask(path, { method, headers: AUTHORIZED });
    assert.equal(status, 404, path);
  }
});

Deno.test("health is told without a key", async () => {
  const { status, text } = await openModels().ask("/healthz");
  assert.deepEqual([status, JSON.parse(text).status], [200, "ok"]);
});

Deno.test("a key is asked for always, and what is wrong with it is never told", async () => {
  const device = openModels();
  const WRONG: Record<string, string>[] = [
    {},
    { Authorization: "" },
    { Authorization: "Bearer" },
    { Authorization: "Bearer " },
    { Authorization: KEY },
    { Authorization: `Basic ${KEY}` },
    { Authorization: `Bearer ${KEY} x` },
    { Authorization: `Bearer ${KEY}, Bearer ${KEY}` },
    { Authorization: "Bearer lk_unknown" },
    { "Api-Key": KEY },
    { Cookie: `key=${KEY}` },
  ];
  for (const { method, path } of ENDPOINTS) {
    for (const headers of WRONG) {
      const answer = await device.ask(`${path}?key=${KEY}`, { method, headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("WWW-Authenticate"), "Bearer");
      const requestId = answer.headers.get("X-Request-ID");
      assert.deepEqual(JSON.parse(answer.text), {
        error: {
          code: "unauthorized",
          message: "A valid API key is required",
          request_id: requestId,
        },
      });
    }
    const other = await device.ask(path, {
      method,
      headers: { Authorization: "Bearer lk_otherscope" },
    });
    assert.deepEqual([other.status, other.code], [403, "forbidden"]);
  }
  assert.equal(device.judged.length, ENDPOINTS.length * (WRONG.length + 1), "all cost the same");
  assert.equal(device.ollama.seen.length, 0);
});

Deno.test("x-api-key is a key for Anthropic's clients alone, and Authorization comes first", async () => {
  const device = openModels();
  const body = JSON.stringify({ ...CHAT, max_tokens: 9 });
  const ROWS: [path: string, headers: Record<string, string>, status: number][] = [
    ["/v1/messages", { "x-api-key": KEY }, 200],
    ["/v1/messages", { "X-Api-Key": "lk_unknown" }, 401],
    ["/v1/messages", { "x-api-key": "" }, 401],
    ["/v1/messages", { "x-api-key": "lk_unknown", ...AUTHORIZED }, 200],
    ["/v1/messages", { "x-api-key": KEY, Authorization: "Bearer lk_unknown" }, 401],
    ["/v1/chat/completions", { "x-api-key": KEY }, 401],
    ["/api/chat", { "x-api-key": KEY }, 401],
  ];
  for (const [path, headers, status] of ROWS) {
    const answer = await device.ask(path, { method: "POST", headers, body });
    assert.equal(answer.status, status, `${path} ${JSON.stringify(headers)}`);
  }
});

Deno.test("the version of Anthropic's API goes upstream, and nothing in its disguise", async () => {
  const device = openModels();
  const ROWS: [path: string, version: string, sent: string | null][] = [
    ["/v1/messages", "2023-06-01", "2023-06-01"],
    ["/v1/messages", "a b", null],
    ["/v1/messages", "x".repeat(33), null],
    ["/v1/chat/completions", "2023-06-01", null],
  ];
  for (const [path, version, sent] of ROWS) {
    const headers = { ...AUTHORIZED, "anthropic-version": version, "anthropic-beta": "x" };
    await device.ask(path, post(CHAT, headers));
    const seen = device.ollama.seen.at(-1)?.headers;
    assert.equal(seen?.get("anthropic-version"), sent, version);
    assert.equal(seen?.get("anthropic-beta"), null);
  }
});

Deno.test("one model is told of where the key may use it", async () => {
  const device = openModels();
  const ask = (model: string, key = KEY): Promise<Answer> =>
    device.ask(`/v1/models/${model}`, { headers: { Authorization: `Bearer ${key}` } });
  const entry = { object: "model", created: 1, owned_by: "library" };
  for (const spelling of ["llama3.1:8b", "llama3.1%3A8b"]) {
    const { status, text } = await ask(spelling);
    assert.deepEqual([status, JSON.parse(text)], [200, { id: "llama3.1:8b", ...entry }]);
  }
  assert.equal(device.ollama.seen.at(-1)?.path, "/v1/models/llama3.1%3A8b");
  const seen = device.ollama.seen.length;
  const REFUSED: [string, string?][] = [
    ["private:70b"],
    ["llama3.1:8b", "lk_narrowkey"],
    ["..%2F..%2Fapi%2Ftags"],
    ["%E4"],
    ["x".repeat(3000)],
  ];
  for (const [model, key] of REFUSED) {
    const { status, code } = await ask(model, key);
    assert.deepEqual([status, code], [403, "model_not_allowed"], model);
  }
  assert.equal(device.ollama.seen.length, seen);
  device.ollama.models = [];
  assert.equal((await ask("llama3.1:8b")).status, 404);
});

Deno.test("an Ollama client finds a server at /, a browser the page", async () => {
  const device = openModels();
  const page = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const ROWS: [string, Record<string, string>, number, string][] = [
    ["GET", {}, 200, "Ollama is running"],
    ["GET", { Accept: "*/*" }, 200, "Ollama is running"],
    ["HEAD", { Accept: "application/json, text/event-stream" }, 200, ""],
    ["GET", page, 302, ""],
    ["HEAD", page, 302, ""],
  ];
  for (const [method, headers, status, text] of ROWS) {
    const answer = await device.ask("/", { method, headers, peer: REMOTE });
    assert.deepEqual([answer.status, answer.text], [status, text], method);
  }
  assert.equal(device.ollama.seen.length, 0);
  // Without a gateway there is only the page.
  assert.equal((await openDevice().ask("/", {})).status, 302);
});

Deno.test("/readyz tells whether the model server answers, without a key and without its name", async () => {
  const there = openModels();
  const ready = await there.ask("/readyz", { peer: REMOTE });
  assert.deepEqual([ready.status, JSON.parse(ready.text)], [200, { status: "ok", state: "ready" }]);
  const away = openModels();
  away.ollama.script = () =>
    Response.json({ error: "http://10.0.0.9 is loading" }, { status: 503 });
  const refused = await away.ask("/readyz", { peer: REMOTE });
  assert.deepEqual([refused.status, refused.code], [503, "unavailable"]);
  assert.equal(refused.message, "The model server does not answer");
  assert.doesNotMatch(refused.text, LEAKS);
  // Without a gateway only the service itself is judged.
  assert.equal((await openDevice().ask("/readyz")).status, 200);
  assert.equal((await openDevice({ state: () => "starting" }).ask("/readyz")).status, 503);
});

Deno.test("a key is all that counts of the name that was asked for, on model routes alone", async () => {
  const device = openModels();
  const foreign = { ...AUTHORIZED, Host: "models.example" };
  const ROWS: [path: string, ask: Ask, status: number][] = [
    ["/api/tags", { headers: foreign }, 200],
    ["/v1/models/llama3.1:8b", { headers: foreign }, 200],
    ["/api/tags", { headers: foreign, peer: REMOTE }, 200],
    ["/api/tags", { headers: { Host: "models.example" } }, 401],
    ["/api/tags", { headers: { Host: "models.example" }, peer: REMOTE }, 401],
    ["/metrics", { headers: foreign }, 421],
    ["/health", { headers: foreign }, 421],
  ];
  for (const [path, ask, status] of ROWS) {
    assert.equal((await device.ask(path, ask)).status, status, path);
  }
  // Without a gateway they are paths like all others.
  assert.equal((await openDevice().ask("/api/tags", { headers: foreign })).status, 421);
});

Deno.test("origins and addresses are looked at before the key", async () => {
  const device = openModels();
  const ROWS: [Ask, number][] = [
    [{ headers: { ...AUTHORIZED, Origin: "https://evil.example" } }, 403],
    [{ headers: AUTHORIZED, peer: { ...REMOTE, address: "198.51.100.9" } }, 403],
  ];
  for (const [init, status] of ROWS) {
    assert.equal((await device.ask("/api/tags", init)).status, status);
  }
  assert.deepEqual(device.judged, []);
  assert.equal((await device.ask("/api/tags", { headers: AUTHORIZED, peer: REMOTE })).status, 200);
});

Deno.test("keys that cannot be judged are 503", async () => {
  const device = openModels({
    authenticate: () =>
      Promise.reject(
        new AppError("unavailable", "Keys cannot be checked at the moment", {
          cause: new Error("postgres://10.0.0.9"),
        }),
      ),
  });
  const { status, text } = await device.ask("/api/tags", { headers: AUTHORIZED });
  assert.equal(status, 503);
  assert.doesNotMatch(text, LEAKS);
});

Deno.test("the key that came with a request is the one whose models are looked at", async () => {
  const device = openModels();
  const headers = { Authorization: "Bearer lk_narrowkey" };
  const refused = await device.ask("/api/chat", post(CHAT, headers));
  assert.deepEqual([refused.status, refused.code], [403, "model_not_allowed"]);
  const { text } = await device.ask("/api/tags", { headers });
  assert.deepEqual(JSON.parse(text).models.map(({ name }: { name: string }) => name), [
    "nomic-embed-text:latest",
  ]);
});

Deno.test("a request is asked for anew: no query, no header of the client's goes upstream", async () => {
  const device = openModels();
  await device.ask("/api/chat?model=private:70b", {
    peer: REMOTE,
    ...post(CHAT, {
      ...AUTHORIZED,
      "Cookie": "a=b",
      "User-Agent": "somebody",
      "Referer": "https://app.example/x",
      "Origin": "https://app.example",
      "X-Forwarded-For": "203.0.113.9",
      "Forwarded": "for=203.0.113.9",
      "X-Api-Key": "x",
      "Accept-Language": "nb",
      "Content-Type": "application/x-www-form-urlencoded",
    }),
  });
  const [seen] = device.ollama.seen;
  assert.equal(seen?.path, "/api/chat");
  assert.deepEqual([...seen?.headers.keys() ?? []], [
    "accept",
    "accept-encoding",
    "content-type",
    "user-agent",
  ]);
  assert.doesNotMatch(JSON.stringify([...seen?.headers ?? []]), /somebody|203|lk_|form/);
});

Deno.test("a packed body is 415, and a body that says it is too long is 413 unread", async () => {
  const device = openModels();
  for (const encoding of ["gzip", "br", "identity, gzip", "x"]) {
    const { status, code } = await device.ask(
      "/api/chat",
      post(CHAT, { ...AUTHORIZED, "Content-Encoding": encoding }),
    );
    assert.deepEqual([status, code], [415, "bad_request"]);
  }
  const length = { "Content-Length": String(MAX_BODY_BYTES + 1) };
  const { status } = await device.ask("/api/chat", post(CHAT, { ...AUTHORIZED, ...length }));
  assert.equal(status, 413);
  const plain = post(CHAT, { ...AUTHORIZED, "Content-Encoding": "identity" });
  assert.equal(device.ollama.seen.length, 0);
  assert.equal((await device.ask("/api/chat", plain)).status, 200);
});

Deno.test("no error has anything of the server in it", async () => {
  const said = "llama runner at /root/.ollama/models on http://10.0.0.9 died: traceback";
  for (const status of [400, 401, 403, 404, 413, 418, 429, 500, 502, 503, 504]) {
    const device = openModels();
    device.ollama.script = () =>
      Response.json({ error: said }, { status, headers: { Server: "ollama" } });
    for (const { method, path } of ENDPOINTS) {
      const asked = method === "GET" ? { headers: AUTHORIZED } : post();
      const { text, headers } = await device.ask(path, asked);
      assert.doesNotMatch(text + JSON.stringify([...headers]), LEAKS);
    }
  }
});

Deno.test("the guard is told to promote a model client, and of its body", async () => {
  const told: string[] = [];
  const guarded: GuardedConnection = {
    address: REMOTE.address,
    closed: Promise.resolve(),
    requestSeen: () => told.push("requestSeen"),
    bodyPart: () => told.push("bodyPart"),
    progressed: () => told.push("progressed"),
    answered: () => told.push("answered"),
    promote: ({ holder, byKey } = {}) =>
      told.push(byKey && holder?.startsWith("key ") ? "promote" : "promote of nobody") > 0,
    promoteInTurn: (promotion) => Promise.resolve(guarded.promote(promotion)),
    pairing: () => told.push("pairing"),
    remember: () => told.push("remember"),
    serveSocket: () => false,
    upgraded: () => told.push("upgraded"),
    closing: () => told.push("closing"),
    abort: () => told.push("abort"),
  };
  const peer = { ...REMOTE, guarded };
  const device = openModels();
  await device.ask("/api/chat", { ...post(), peer });
  assert.deepEqual(told.splice(0), [
    "requestSeen",
    "promote",
    "bodyPart",
    "progressed",
    "progressed",
  ]);
  await device.ask("/api/chat", { ...post(CHAT, {}), peer });
  assert.deepEqual(told, ["requestSeen", "progressed"]);
  const full = { ...REMOTE, guarded: { ...guarded, promoteInTurn: () => Promise.resolve(false) } };
  const asked = device.ollama.seen.length;
  assert.equal((await device.ask("/api/chat", { ...post(), peer: full })).status, 503);
  assert.equal(device.ollama.seen.length, asked);
});
