// What holds for the answers of all routes: limits, names, crashes, HEAD, streams, live settings.

import assert from "node:assert/strict";
import { EVENT_PATHS } from "../../../src/edges/http/routes.ts";
import { type Ask, type Line, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

const POST: Ask = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: WHO_AM_I,
};
const crash = new Error("cannot read /etc/latchkey/config.toml");
const NO_LINE: Line = ["debug", "", {}];

Deno.test("the 21st request at once from an address is 429, on every route of that limit together", async () => {
  const device = openDevice();
  const asks: [string, Ask][] = [
    ["/api", POST],
    ["/run/hello", {}],
    ["/api/pair/start", { method: "POST" }],
  ];
  for (let i = 0; i < 20; i++) {
    const [path, init] = asks[i % asks.length] ?? ["", {}];
    const { status } = await device.ask(path, { ...init, peer: REMOTE });
    if (path !== "/api/pair/start") assert.notEqual(status, 429);
  }
  for (const [path, init] of asks) {
    const answer = await device.ask(path, { ...init, peer: REMOTE });
    const code = path === "/api/pair/start" ? undefined : "rate_limited";
    assert.deepEqual([answer.status, answer.code], [429, code]);
    assert.equal(answer.headers.get("Retry-After"), "1");
  }
  const other = { ...REMOTE, address: "198.51.100.2" };
  assert.equal((await device.ask("/run/hello", { peer: other })).status, 200);
  assert.equal((await device.ask("/health", { peer: REMOTE })).status, 200);
  device.clock.advance(600);
  assert.equal((await device.ask("/run/hello", { peer: REMOTE })).status, 200);
});

Deno.test("the device itself is under no limit", async () => {
  const device = openDevice();
  for (let i = 0; i < 200; i++) {
    assert.equal((await device.ask("/api", POST)).status, 200);
  }
});

Deno.test("every answer has a name of its own, whatever name the peer proposes", async () => {
  const device = openDevice();
  const proposal = "11111111-1111-4111-8111-111111111111";
  const names = new Set<string | null>([proposal]);
  for (let i = 0; i < 10; i++) {
    const init = { headers: { "X-Request-ID": proposal } };
    const { headers } = await device.ask(i % 2 ? "/health" : "/x", init);
    names.add(headers.get("X-Request-ID"));
  }
  assert.equal(names.size, 11);
});

const CRASHES: [string, () => unknown][] = [
  ["an Error", () => crash],
  ["a text", () => "cannot read /etc/latchkey/config.toml"],
  ["undefined", () => undefined],
  ["an error of the platform", () => new Deno.errors.PermissionDenied("/dev/fb0")],
];
for (const [what, thrownBy] of CRASHES) {
  Deno.test(`a handler that throws ${what} is a fixed 500 and a full line of the log`, async () => {
    const thrown = thrownBy();
    const device = openDevice({ runText: () => Promise.reject(thrown) });
    const answer = await device.ask("/run/hello", { peer: REMOTE });
    const requestId = answer.headers.get("X-Request-ID");
    assert.equal(answer.status, 500);
    const error = { code: "internal", message: "Internal error", request_id: requestId };
    assert.equal(answer.text, JSON.stringify({ error }));
    const errors = device.lines.filter(([level]) => level === "error");
    assert.equal(errors.length, 1);
    const [, message, { error: logged, ...fields }] = errors[0] ?? NO_LINE;
    assert.equal(message, "Request failed");
    assert.deepEqual(fields, { requestId, address: REMOTE.address, method: "GET" });
    assert.ok(logged instanceof Error);
    assert.ok(logged === thrown || logged.message === String(thrown));
    assert.equal((await device.ask("/run/hello")).status, 500);
    assert.equal((await device.ask("/health")).status, 200);
  });
}

Deno.test("a refusal is told in the log under its name, at the level debug only", async () => {
  const device = openDevice();
  const { headers } = await device.ask("/run/secret-text", { peer: REMOTE });
  const requestId = headers.get("X-Request-ID");
  assert.ok(device.lines.length > 0);
  for (const [level, , fields] of device.lines) {
    assert.deepEqual([level, fields["requestId"]], ["debug", requestId]);
  }
  assert.ok(!JSON.stringify(device.lines).includes("secret-text"));
});

Deno.test("HEAD is answered like GET without a body, where GET only tells something", async () => {
  const device = openDevice();
  for (const path of ["/health", "/", "/app/", "/metrics", "/nowhere"]) {
    const [got, head] = await Promise.all([device.ask(path), device.ask(path, { method: "HEAD" })]);
    assert.deepEqual([head.status, head.text], [got.status, ""]);
    assert.equal(head.headers.get("Content-Type"), got.headers.get("Content-Type"));
  }
});

Deno.test("HEAD runs nothing, opens no stream and upgrades nothing", async () => {
  const device = openDevice();
  for (const path of ["/run/hello", "/r/hello", "/l/hello", ...EVENT_PATHS]) {
    const head = await device.ask(path, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("Allow")], [405, "GET"]);
  }
  assert.equal((await device.ask("/api", { method: "HEAD" })).status, 426);
  assert.deepEqual([device.runs, device.events.count], [[], 0]);
});

for (const path of EVENT_PATHS) {
  Deno.test(`GET ${path} streams notifications to whoever is let in`, async () => {
    const device = openDevice();
    for (const peer of [undefined, REMOTE]) {
      const init = peer === undefined ? {} : { peer };
      const response = await device.fetch(path, init);
      assert.equal(response.headers.get("Content-Type"), "text/event-stream");
      device.bus.publish("m", { n: 1 });
      device.bus.publish("local", {}, "local");
      device.events.close();
      const expected = [": open\n\n", 'data: {"jsonrpc":"2.0","method":"m","params":{"n":1}}\n\n'];
      if (peer === undefined) {
        expected.push('data: {"jsonrpc":"2.0","method":"local","params":{}}\n\n');
      }
      assert.equal(await response.text(), expected.join(""));
    }
  });
}

Deno.test("settings take effect with the next request", async () => {
  const device = openDevice();
  const ask = async (): Promise<number[]> =>
    await Promise.all([
      device.ask("/api", { ...POST, peer: REMOTE }),
      device.ask("/run/hello", { peer: REMOTE }),
      device.ask("/health", { headers: { Origin: "https://app.example" } }),
    ].map(async (answer) => (await answer).status));
  assert.deepEqual(await ask(), [200, 200, 200]);
  const closed = { allowedIps: [], allowRun: [], allowedOrigins: [] };
  device.settings.current = { ...device.settings.current, ...closed };
  assert.deepEqual(await ask(), [403, 403, 403]);
  const open = {
    allowedIps: ["::/0", "0.0.0.0/0"],
    allowRun: [".*"],
    allowedOrigins: ["https://app.example"],
  };
  device.settings.current = { ...device.settings.current, ...open };
  assert.deepEqual(await ask(), [200, 200, 200]);
});
