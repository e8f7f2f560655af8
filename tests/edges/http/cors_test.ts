// What web pages of allowed and of foreign origins get (docs/protocol.md §8).

import assert from "node:assert/strict";
import { MAX_CLIENT_HEADERS } from "../../../src/edges/http/cors.ts";
import { type Ask, openDevice, REMOTE, WHO_AM_I } from "./device.ts";
import { AUTHORIZED, openModels, post } from "./model_device.ts";

const PAGE = "https://app.example";
const PREFLIGHT = {
  Origin: PAGE,
  "Access-Control-Request-Method": "POST",
  "Access-Control-Request-Headers": "content-type, authorization, x-other",
};
const PATHS = [
  ...["/api", "/api/v0.1", "/api/events", "/run/hello", "/api/pair/start", "/api/pair/finish"],
  ...["/health", "/metrics", "/app/", "/"],
];

for (const path of PATHS) {
  Deno.test(`a preflight of ${path} tells an allowed page what it may send, and does nothing`, async () => {
    const device = openDevice();
    device.keys.create({ name: "x", scopes: ["rpc"] });
    const peers = [{}, { peer: REMOTE }];
    for (const peer of peers) {
      const answer = await device.ask(path, { method: "OPTIONS", headers: PREFLIGHT, ...peer });
      assert.deepEqual([answer.status, answer.text], [204, ""]);
      const { headers } = answer;
      assert.equal(headers.get("Access-Control-Allow-Origin"), PAGE);
      assert.equal(headers.get("Access-Control-Allow-Methods"), "GET,POST,OPTIONS");
      assert.equal(
        headers.get("Access-Control-Allow-Headers"),
        "Accept,Content-Type,Authorization",
      );
      assert.equal(headers.get("Access-Control-Allow-Private-Network"), null);
      assert.equal(headers.get("Access-Control-Allow-Credentials"), null);
      assert.match(headers.get("Vary") ?? "", /\bOrigin\b/);
    }
    assert.deepEqual([device.runs, device.events.count], [[], 0]);
  });
}

const PRIVATE_NETWORK: [string | undefined, string | null][] = [
  ["true", "true"],
  ["false", null],
  ["", null],
  [undefined, null],
];
for (const [asked, answered] of PRIVATE_NETWORK) {
  Deno.test(`a preflight that asks for the private network with ${asked} hears ${answered}`, async () => {
    const headers = {
      ...PREFLIGHT,
      ...(asked === undefined ? {} : { "Access-Control-Request-Private-Network": asked }),
    };
    const answer = await openDevice().ask("/api", { method: "OPTIONS", headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get("Access-Control-Allow-Private-Network"), answered);
  });
}

for (const origin of ["https://evil.example", "null", "", "https://app.example.evil.example"]) {
  Deno.test(`a preflight from ${JSON.stringify(origin)} is 403 and allows nothing`, async () => {
    for (const path of [...PATHS, "/nowhere"]) {
      const answer = await openDevice().ask(path, {
        method: "OPTIONS",
        headers: {
          ...PREFLIGHT,
          Origin: origin,
          "Access-Control-Request-Private-Network": "true",
        },
      });
      assert.equal(answer.status, 403);
      const allowing = [...answer.headers.keys()].filter((name) => name.startsWith("access-"));
      assert.deepEqual(allowing, []);
    }
  });
}

Deno.test("a preflight under a foreign name is 421", async () => {
  const headers = { ...PREFLIGHT, Host: "evil.example" };
  assert.equal((await openDevice().ask("/api", { method: "OPTIONS", headers })).status, 421);
});

Deno.test("OPTIONS without an origin is no preflight", async () => {
  const device = openDevice();
  const statuses = await Promise.all(
    PATHS.map(async (path) => (await device.ask(path, { method: "OPTIONS" })).status),
  );
  assert.deepEqual(new Set(statuses), new Set([405]));
});

const JSON_POST: Ask = {
  method: "POST",
  body: WHO_AM_I,
  headers: { "Content-Type": "application/json" },
};
const READABLE: [string, number, Ask][] = [
  ["/health", 200, {}],
  ["/api", 200, JSON_POST],
  ["/api", 401, { ...JSON_POST, peer: REMOTE }],
  ["/run/x", 403, { peer: REMOTE }],
  ["/nowhere", 404, {}],
  ["/health", 405, { method: "POST" }],
  ["/api", 415, { method: "POST" }],
  ["/metrics", 500, {}],
];
for (const [path, status, init] of READABLE) {
  Deno.test(`an allowed page can read the ${status} of ${path}`, async () => {
    const device = openDevice({ metrics: () => Promise.reject(new Error("x")) });
    device.keys.create({ name: "x", scopes: ["rpc"] });
    const headers = { ...Object.fromEntries(new Headers(init.headers)), Origin: PAGE };
    const answer = await device.ask(path, { ...init, headers });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), PAGE);
    assert.match(answer.headers.get("Vary") ?? "", /\bOrigin\b/);
    const plain = await device.ask(path, init);
    assert.equal(plain.status, status);
    assert.equal(plain.headers.get("Access-Control-Allow-Origin"), null);
  });
}

// What the official clients ask for from a page, and what is not theirs.
const CLIENTS: [what: string, asked: string, allowed: string][] = [
  [
    "OpenAI's",
    "authorization,content-type,idempotency-key,openai-organization,x-stainless-arch,x-stainless-lang,x-stainless-retry-count",
    "idempotency-key,openai-organization,x-stainless-arch,x-stainless-lang,x-stainless-retry-count",
  ],
  [
    "Anthropic's",
    "anthropic-beta, anthropic-dangerous-direct-browser-access, anthropic-version, x-api-key",
    "anthropic-beta,anthropic-dangerous-direct-browser-access,anthropic-version,x-api-key",
  ],
  ["Ollama's", "Content-Type,User-Agent", "user-agent"],
  ["nobody's", "x-other, x-stainless-, cookie, x-stainless-\u00e9", ""],
];
for (const [what, asked, allowed] of CLIENTS) {
  Deno.test(`a preflight of a model route allows ${what} headers`, async () => {
    const device = openModels();
    const headers = { ...PREFLIGHT, "Access-Control-Request-Headers": asked };
    const expected = ["Accept,Content-Type,Authorization", allowed].filter((one) => one).join();
    for (const path of ["/api/chat", "/v1/messages", "/v1/models/llama3.1:8b"]) {
      const answer = await device.ask(path, { method: "OPTIONS", headers, peer: REMOTE });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers.get("Access-Control-Allow-Headers"), expected, path);
    }
    for (const other of [device, openDevice()]) {
      const path = other === device ? "/api" : "/api/chat";
      const { headers: plain } = await other.ask(path, { method: "OPTIONS", headers });
      assert.equal(plain.get("Access-Control-Allow-Headers"), "Accept,Content-Type,Authorization");
    }
  });
}

Deno.test("a page may name only so many headers of clients", async () => {
  const asked = Array.from({ length: 100 }, () => "x-stainless-os").join();
  const headers = { ...PREFLIGHT, "Access-Control-Request-Headers": asked };
  const answer = await openModels().ask("/api/chat", { method: "OPTIONS", headers });
  const allowed = answer.headers.get("Access-Control-Allow-Headers")?.split(",");
  assert.equal(allowed?.length, 3 + MAX_CLIENT_HEADERS);
});

Deno.test("a page may read the name of a request and when to try again, of errors too", async () => {
  const device = openModels();
  const asks = [post(), post({ model: "private:70b" }), post({}, {})];
  for (const ask of asks) {
    const headers = { ...ask.headers as Record<string, string>, Origin: PAGE };
    const answer = await device.ask("/api/chat", { ...ask, headers });
    assert.equal(answer.headers.get("Access-Control-Expose-Headers"), "X-Request-ID,Retry-After");
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), PAGE);
  }
  // A page of the gateway's own machine is no reason to tell others.
  const { headers } = await device.ask("/api/tags", { headers: AUTHORIZED });
  assert.equal(headers.get("Access-Control-Expose-Headers"), null);
});
