// No error tells anything of the device's inside or of what the peer sent (docs/protocol.md §10),
// and a refused key tells nothing at all.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import {
  type Answer,
  type Ask,
  type Device,
  type DeviceOptions,
  openDevice,
  REMOTE,
} from "./device.ts";

// Stands for whatever a peer sends; in every spelling that could come back.
const MARK = "pEeRs0wN";
const NASTY = `${MARK}<script>'"--\u0000/../../etc/passwd`;
const ENCODED = encodeURIComponent(NASTY);

const FORBIDDEN: [string, RegExp][] = [
  ["the peer's input", /peers0wn/i],
  ["a path", /\/(?:etc|var|home|work|tmp|src|dev|usr|proc)\b|file:|\.ts\b|\.toml\b/i],
  ["a stack", /\n\s*at |\bat .*:\d+:\d+|Error:/],
  ["the database", /sqlite|SELECT|INSERT|database/i],
  ["the runtime", /deno|hono|valibot|node:|TypeError|RangeError|SyntaxError|BigInt/i],
  ["an upstream", /ECONN|refused|localhost|127\.0\.0\.1/i],
];

function assertTellsNothing(answer: Answer): void {
  for (const [what, pattern] of FORBIDDEN) {
    assert.doesNotMatch(answer.text, pattern, `${answer.status} tells ${what}`);
    const headers = [...answer.headers].map((header) => header.join(": ")).join("\n");
    assert.ok(!/peers0wn/i.test(headers), `${answer.status} sends the peer's input in a header`);
  }
}

const JSON_TYPE = { "Content-Type": "application/json" };
const ASKS: [string, Ask][] = [
  [`/${ENCODED}`, {}],
  [`/api/pair/${ENCODED}`, { method: "POST" }],
  [`/run/${ENCODED}`, { peer: REMOTE }],
  [`/run/%E4${MARK}`, {}],
  [`/${MARK}/%`, {}],
  [`/api/events?key=${ENCODED}`, { peer: REMOTE }],
  [`/api?key=${ENCODED}`, { peer: REMOTE }],
  [`/api?${ENCODED}`, {}],
  ["/api", { method: "POST", headers: { "Content-Type": MARK }, body: NASTY }],
  ["/api", { method: "POST", headers: JSON_TYPE, body: MARK.repeat(200_000) }],
  ["/api", { peer: REMOTE, method: "POST", headers: { Authorization: `Bearer ${MARK}` } }],
  ["/api", { peer: REMOTE, method: "POST", headers: { Authorization: MARK } }],
  ["/api", { headers: { Upgrade: MARK, Connection: MARK } }],
  ["/api", { method: "PUT", body: NASTY }],
  ["/api", { method: MARK }],
  ["/health", { headers: { Host: `${MARK}.example` } }],
  ["/health", { headers: { Origin: `https://${MARK}.example` } }],
  ["/health", { headers: { Origin: MARK } }],
  ["/metrics", { headers: { "X-Forwarded-For": MARK } }],
  ["/metrics", { peer: REMOTE, headers: { "X-Request-ID": MARK } }],
  ["/api", { method: "OPTIONS", headers: { Origin: MARK, "Access-Control-Request-Method": MARK } }],
  ["/api", { method: "OPTIONS", headers: { "Access-Control-Request-Headers": MARK } }],
  ["/run/hello", { headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": MARK } }],
  ...["start", "finish"].flatMap((step) =>
    [
      NASTY,
      JSON.stringify(NASTY),
      JSON.stringify([NASTY]),
      `{"${MARK}":`,
      JSON.stringify({ [MARK]: 1 }),
      JSON.stringify({ pake: NASTY, name: NASTY, session: NASTY, confirm: NASTY }),
      JSON.stringify({ pake: { [MARK]: 1 }, session: { [MARK]: 1 } }),
      JSON.stringify({ pake: "QUJD", name: NASTY.repeat(99), session: NASTY, confirm: "QUJD" }),
      JSON.stringify({ pake: btoa(MARK), name: MARK, session: MARK, confirm: btoa(MARK) }),
      JSON.stringify({ pake: btoa(`{"role":"${MARK}","ux":"${MARK}"}`), name: MARK }),
      MARK.repeat(10_000),
    ].map((body): [string, Ask] => [`/api/pair/${step}`, { method: "POST", body }])
  ),
];

Deno.test("no error of a nasty request tells anything", async () => {
  const device = openDevice();
  device.keys.create({ name: "x", scopes: ["rpc", "events", "run"] });
  device.pairing.open();
  const answers = await Promise.all(ASKS.map(([path, init]) => device.ask(path, init)));
  for (const answer of answers) {
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    assertTellsNothing(answer);
  }
  const statuses = new Set(answers.map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [400, 401, 403, 404, 405, 413, 415, 421, 426]);
  device.pairing.close();
});

// What the inside may throw, none of which is for a peer.
const SECRETS: [string, unknown][] = [
  ["an error of the platform", new Deno.errors.NotFound(`No such file: /var/lib/${MARK}`)],
  [
    "an error of the database",
    Object.assign(new Error("UNIQUE failed"), { code: "ERR_SQLITE_ERROR" }),
  ],
  [
    "an error with a stack and causes",
    new Error(MARK, { cause: new TypeError("/src/app.ts:1:2") }),
  ],
  ["an upstream's failure", new TypeError("error sending request: 127.0.0.1 Connection refused")],
  ["a text", `/etc/${MARK}`],
  ["an object", { message: MARK, status: 418, code: "gone" }],
];
for (const [what, thrown] of SECRETS) {
  Deno.test(`no answer tells of ${what} inside`, async () => {
    const fail = (): never => {
      throw thrown;
    };
    const devices: [DeviceOptions, string, Ask][] = [
      [{ runText: () => Promise.reject(thrown) }, "/run/hello", {}],
      [{ metrics: () => Promise.reject(thrown) }, "/metrics", {}],
      [{ page: { open: fail, file: fail } }, "/app/", { peer: REMOTE }],
      [{ page: { open: fail, file: fail } }, "/app/page.js", { peer: REMOTE }],
      [{ state: fail }, "/health", { peer: REMOTE }],
      [{ handleRpc: () => Promise.reject(thrown) }, "/api", {
        method: "POST",
        headers: JSON_TYPE,
        body: NASTY,
      }],
      [{ policyFacts: fail }, "/api/pair/start", { method: "POST", peer: REMOTE }],
      [{ isStopping: fail }, "/health", {}],
    ];
    for (const [options, path, init] of devices) {
      const answer = await openDevice(options).ask(path, init);
      const text = path === "/api/pair/start" ? "internal error" : "Internal error";
      assert.deepEqual([answer.status, answer.message], [500, text]);
      assertTellsNothing(answer);
    }
  });
}

Deno.test("a refusal keeps its cause to itself", async () => {
  const refusal = new AppError("unavailable", "Try later", { cause: new Error(MARK) });
  const device = openDevice({ runText: () => Promise.reject(refusal) });
  const answer = await device.ask("/run/hello");
  assert.deepEqual([answer.status, answer.message], [503, "Try later"]);
  assertTellsNothing(answer);
});

// Every wrong key against a device that knows a valid, a revoked and an expired one.
async function refuse(device: Device, headers: Record<string, string>): Promise<Answer> {
  return await device.ask("/api", {
    method: "POST",
    peer: REMOTE,
    headers: { ...JSON_TYPE, ...headers },
    body: "{}",
  });
}

Deno.test("the 401 of every wrong key is the same but for its name", async () => {
  const device = openDevice();
  const newKey = (lifetimeMs?: number): { text: string; keyId: string } => {
    const { text, key } = device.keys.create({ name: "x", scopes: ["rpc"], lifetimeMs });
    return { text, keyId: key.keyId };
  };
  const [valid, revoked, expired] = [newKey(), newKey(), newKey(1)];
  device.keys.revoke(revoked.keyId);
  device.clock.advance(1);
  const wrong = [
    undefined,
    "",
    "nonsense",
    MARK,
    `lk_00000000_${valid.text.slice(12)}`,
    `${valid.text.slice(0, 12)}${"A".repeat(43)}`,
    `${valid.text}x`,
    revoked.text,
    expired.text,
  ];
  const answers = await Promise.all(
    wrong.map((key) => refuse(device, key === undefined ? {} : { Authorization: `Bearer ${key}` })),
  );
  const seen = answers.map(({ status, text, headers }) => {
    const name = headers.get("X-Request-ID") ?? "";
    const others = [...headers].filter(([header]) => header !== "x-request-id");
    return JSON.stringify([status, text.replace(name, "NAME"), others]);
  });
  assert.equal(new Set(seen).size, 1);
  const [status, body, headers] = JSON.parse(seen[0] ?? "[]");
  assert.equal(status, 401);
  assert.equal(
    body,
    '{"error":{"code":"unauthorized","message":"A valid API key is required","request_id":"NAME"}}',
  );
  assert.deepEqual(headers, [["content-type", "application/json"], ["www-authenticate", "Bearer"]]);
  assert.equal((await refuse(device, { Authorization: `Bearer ${valid.text}` })).status, 200);
});

Deno.test("a key in the query opens events and WebSockets and nothing else", async () => {
  const device = openDevice();
  const { text: key } = device.keys.create({ name: "x", scopes: ["rpc", "events", "run"] });
  const statusOf = async (path: string, init: Ask = {}): Promise<number> => {
    const response = await device.fetch(`${path}?key=${key}`, { ...init, peer: REMOTE });
    device.events.close();
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf("/api/events"), 200);
  assert.equal(await statusOf("/api"), 426);
  assert.equal(await statusOf("/api", { method: "POST", headers: JSON_TYPE, body: "{}" }), 401);
  assert.equal(await statusOf("/run/hello"), 401);
});
