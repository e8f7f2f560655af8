// What web pages of allowed and of foreign origins get (docs/protocol.md §8).

import assert from "node:assert/strict";
import { type Ask, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

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
      // deno-lint-ignore no-await-in-loop -- one request after the other
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
      // deno-lint-ignore no-await-in-loop -- one request after the other
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
