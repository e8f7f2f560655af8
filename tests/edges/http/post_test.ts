// JSON-RPC over POST: media types, sizes, bodies that do not come, and the order of it all.

import assert from "node:assert/strict";
import { MAX_POST_BYTES } from "../../../src/edges/http/routes.ts";
import { type Ask, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

const HEADERS = { "Content-Type": "application/json" };
const POST: Ask = { method: "POST", headers: HEADERS, body: WHO_AM_I };

Deno.test("a method hears where its caller is, and the id comes back as it was written", async () => {
  const device = openDevice();
  const callers: [Ask, string][] = [
    [{}, '{"isLocal":true,"address":"127.0.0.1"}'],
    [{ peer: REMOTE }, '{"isLocal":false,"address":"198.51.100.1"}'],
    [{ headers: { ...HEADERS, Via: "1.1 proxy" } }, '{"isLocal":false,"address":"127.0.0.1"}'],
  ];
  device.settings.current = { ...device.settings.current, allowedIps: ["0.0.0.0/0"] };
  for (const [init, result] of callers) {
    const answer = await device.ask("/api", { ...POST, ...init });
    assert.deepEqual([answer.status, answer.text], [
      200,
      `{"jsonrpc":"2.0","id":1.0,"result":${result}}`,
    ]);
    assert.equal(answer.headers.get("Content-Type"), "application/json");
  }
});

const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"whoAmI"';
const BODIES: [string, BodyInit, number, number | "none" | "result"][] = [
  ["a request", `${REQUEST}}`, 200, "result"],
  ["a call that is refused", `${REQUEST},"params":{"mustFail":true}}`, 200, 1],
  ["bad params", `${REQUEST},"params":[]}`, 200, -32602],
  ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"x"}', 200, -32601],
  ["a batch", `[${REQUEST}}]`, 200, -32600],
  ["the empty text", "", 200, -32700],
  ["no JSON", "{", 200, -32700],
  ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 200, -32700],
  ["a byte order mark", new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), 200, -32700],
  ["ping", "ping", 200, -32700],
  ["a notification", '{"jsonrpc":"2.0","method":"whoAmI"}', 204, "none"],
  ["a response", '{"jsonrpc":"2.0","id":1,"result":1}', 204, "none"],
];
for (const [what, body, status, outcome] of BODIES) {
  Deno.test(`POST of ${what} is ${status}`, async () => {
    const answer = await openDevice().ask("/api", { ...POST, body });
    assert.equal(answer.status, status);
    const { error } = JSON.parse(answer.text || '{"error":{"code":"none"}}');
    assert.equal(error?.code ?? "result", outcome);
  });
}

const MEDIA_TYPES: [string | undefined, boolean][] = [
  ["application/json", true],
  ["application/json; charset=utf-8", true],
  ["application/json;charset=utf-8", true],
  ["Application/JSON", true],
  ["application/json;", true],
  [undefined, false],
  ["", false],
  ["text/plain", false],
  ["text/plain;charset=UTF-8", false],
  ["application/x-www-form-urlencoded", false],
  ["multipart/form-data; boundary=application/json", false],
  ["text/plain; application/json", false],
  ["text/plain, application/json", false],
  ["application/jsonp", false],
  ["application/json-rpc", false],
  ["application/vnd.api+json", false],
];
for (const [type, isTaken] of MEDIA_TYPES) {
  Deno.test(`POST of ${type ?? "no media type"} is ${isTaken ? "taken" : "415"}`, async () => {
    // Bytes, because a text would get a media type of its own.
    const body = new TextEncoder().encode(WHO_AM_I);
    const headers = type === undefined ? {} : { "Content-Type": type };
    const { status } = await openDevice().ask("/api", { method: "POST", body, headers });
    assert.equal(status, isTaken ? 200 : 415);
  });
}

function paddedTo(length: number): string {
  return WHO_AM_I.padEnd(length);
}

const SIZES: [string, number, Record<string, string>, number][] = [
  ["1 MiB in pieces", MAX_POST_BYTES, {}, 200],
  ["1 MiB that was announced", MAX_POST_BYTES, { "Content-Length": "1048576" }, 200],
  ["a byte more in pieces", MAX_POST_BYTES + 1, {}, 413],
  ["a byte more that was announced", MAX_POST_BYTES + 1, { "Content-Length": "1048577" }, 413],
  ["little, of which much was announced", 100, { "Content-Length": "9007199254740993" }, 413],
];
for (const [what, length, headers, status] of SIZES) {
  Deno.test(`POST of ${what} is ${status}`, async () => {
    assert.equal(MAX_POST_BYTES, 1024 * 1024);
    const device = openDevice();
    const body = paddedTo(length);
    const answer = await device.ask("/api", { ...POST, body, headers: { ...HEADERS, ...headers } });
    assert.equal(answer.status, status);
  });
}

Deno.test("POST of an endless body is 413 and read no further", async () => {
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pieces += 1;
      controller.enqueue(new Uint8Array(64 * 1024).fill(32));
    },
  });
  const answer = await openDevice().ask("/api", { ...POST, body });
  assert.equal(answer.status, 413);
  // 16 fill the limit, one is over it, and the stream keeps some ready.
  assert.ok(pieces >= 17 && pieces <= 20, `${pieces} pieces`);
});

const ANNOUNCED: [string, Record<string, string>][] = [
  ["of unknown length", {}],
  ["of known length", { "Content-Length": "500" }],
];
for (const [what, headers] of ANNOUNCED) {
  Deno.test(`POST of a body ${what} that breaks off is 400 and no failure of ours`, async () => {
    const device = openDevice();
    for (const path of ["/api", "/api/pair/start", "/api/pair/finish"]) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        pull: (controller) => controller.error(new Deno.errors.ConnectionReset("/secret")),
      });
      const init = { ...POST, body, headers: { ...HEADERS, ...headers } };
      const answer = await device.ask(path, init);
      assert.deepEqual([answer.status, answer.message], [400, "The body did not arrive whole"]);
    }
    assert.ok(device.lines.every(([level]) => level === "debug"));
  });
}

Deno.test("POST asks for address, key, limit, media type and size in this order", async () => {
  const device = openDevice({ settings: { allowedIps: [] } });
  const { text: key } = device.keys.create({ name: "x", scopes: ["rpc"] });
  const big: Ask = { method: "POST", peer: REMOTE, body: paddedTo(MAX_POST_BYTES + 1) };
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await device.ask("/api", { ...big, headers })).status;
  const keyed = { Authorization: `Bearer ${key}` };
  assert.equal(await statusOf({ ...keyed, "Content-Type": "text/plain" }), 403);
  device.settings.current = { ...device.settings.current, allowedIps: [REMOTE.address] };
  assert.equal(await statusOf({ "Content-Type": "text/plain" }), 401);
  for (let i = 0; i < 20; i++) {
    // The size is looked at before the type, which is looked at with the body.
    assert.equal(await statusOf({ ...keyed, "Content-Type": "text/plain" }), 413);
  }
  assert.equal(await statusOf({ ...keyed, "Content-Type": "text/plain" }), 429);
  assert.equal(await statusOf({ "Content-Type": "text/plain" }), 401);
});
