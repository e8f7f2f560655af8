// Pairing over HTTP without a socket: the order of checks of docs/protocol.md §3 and what is sent.

import assert from "node:assert/strict";
import { decodeBase64, encodeBase64, utf8 } from "../../../src/base/bytes.ts";
import {
  MAX_PAIR_FINISH_BYTES,
  MAX_PAIR_START_BYTES,
} from "../../../src/edges/http/pairing_routes.ts";
import { derivePairingKeys } from "../../../src/protocol/v1/key_schedule.ts";
import { createPinMasks, finishClient } from "../../../src/protocol/v1/pake.ts";
import { decodeDeviceMessage } from "../../../src/protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../../src/protocol/v1/transcript.ts";
import { messageAFor, startPhone } from "../../support/pairing_phone.ts";
import { testClient } from "../../support/session_phone.ts";
import { type Answer, type Ask, type Device, openDevice, REMOTE } from "./device.ts";

const START = "/api/pair/start";
const FINISH = "/api/pair/finish";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NAME = " Phone \u0000 é😀 ";
const MINUTE_MS = 60_000;

async function post(device: Device, path: string, body: unknown, init: Ask = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await device.ask(path, { method: "POST", body: text, ...init });
}

function pakeFor(pin: string): string {
  return encodeBase64(messageAFor(pin).messageA);
}

for (const peer of [undefined, REMOTE]) {
  Deno.test(`a ${peer ? "remote" : "local"} phone pairs, and both sides hold one key`, async () => {
    const device = openDevice();
    const init = peer === undefined ? {} : { peer };
    const { pin } = device.pairing.open();
    const { messageA, x } = messageAFor(pin);
    const started = await post(device, START, { pake: encodeBase64(messageA), name: NAME }, init);
    assert.equal(started.status, 200);
    const { session, pake, ...more } = JSON.parse(started.text);
    assert.match(session, UUID);
    assert.deepEqual(more, {});

    const messageB = decodeBase64(pake);
    const y = messageB && decodeDeviceMessage(messageB);
    assert.ok(messageB !== undefined && y !== undefined);
    const exchange = { clientName: NAME, messageA, messageB };
    const secret = finishClient(createPinMasks(pin), { scalar: 42n, x, y });
    const keys = derivePairingKeys(secret, exchange);
    const confirm = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange));
    device.clock.advance(1_000);
    const finished = await post(device, FINISH, { session, confirm: encodeBase64(confirm) }, init);
    assert.equal(finished.status, 200);
    const { authToken, clientId, confirm: answer, ...rest } = JSON.parse(finished.text);
    assert.deepEqual(rest, {});
    const deviceConfirm = computeConfirm(
      keys.deviceConfirmKey,
      encodeTranscript("device", exchange),
    );
    assert.equal(answer, encodeBase64(deviceConfirm));
    const [client] = device.clients;
    assert.match(clientId, UUID);
    assert.match(authToken, UUID);
    assert.deepEqual(
      { clientId: client?.clientId, authToken: client?.authToken, clientName: client?.clientName },
      { clientId, authToken, clientName: NAME },
    );
    assert.deepEqual(client?.pairingKey, keys.pairingKey);
    assert.ok(!(started.text + finished.text).includes(encodeBase64(keys.pairingKey)));
    assert.deepEqual(device.failedFrom, []);
  });
}

interface Guess {
  readonly status: number;
  readonly text: string;
  readonly left: string | null;
}

async function guess(device: Device, pin: string, address: string): Promise<Guess> {
  const peer = { ...REMOTE, address };
  const started = await post(device, START, { pake: pakeFor(pin), name: NAME }, { peer });
  device.clock.advance(MINUTE_MS / 60);
  const { session } = started.status === 200 ? JSON.parse(started.text) : { session: "none" };
  const confirm = encodeBase64(new Uint8Array(32));
  const { status, text, headers } = await post(device, FINISH, { session, confirm }, { peer });
  device.clock.advance(MINUTE_MS / 60);
  return { status, text, left: headers.get("Latchkey-Tries-Left") };
}

const WRONG = '{"error":"wrong PIN"}';
const BURNED = '{"error":"too many failed attempts"}';

Deno.test("a wrong PIN's answer tells an address its own tries, and nothing of others", async () => {
  const device = openDevice();
  const [phone, sameHost, other] = ["2001:db8::1", "2001:db8::2", "192.0.2.7"];
  const first = device.pairing.open().pin;
  // Who has none left is refused unheard, and told no number.
  for (
    const [from, expected] of [
      [phone, { status: 401, text: WRONG, left: "1" }],
      [sameHost, { status: 401, text: WRONG, left: "0" }],
      [phone, { status: 403, text: BURNED, left: null }],
      [other, { status: 403, text: BURNED, left: null }],
    ] as const
  ) {
    assert.deepEqual(await guess(device, first === "111111" ? "222222" : "111111", from), expected);
  }
  // Another PIN has all its tries, and what another address did costs this one none of its own.
  const next = device.pairing.open().pin;
  for (const from of [other, phone]) {
    assert.deepEqual(await guess(device, next === "111111" ? "222222" : "111111", from), {
      status: 401,
      text: WRONG,
      left: "1",
    });
  }
});

// A body that breaks every rule from one on, in the order of the table, and what is answered.
const LONG_PAKE = encodeBase64(new Uint8Array(2049));
const NO_POINT = encodeBase64(utf8('{"role":0}'));
const BAD_STARTS: [string, string | object, string][] = [
  ["no JSON", "{", "invalid request body"],
  ["the empty text", "", "invalid request body"],
  ["an array", "[]", "invalid request body"],
  ["null", "null", "invalid request body"],
  ["two objects", "{}{}", "invalid request body"],
  ["a pake that is a number", { pake: 5, name: "" }, "invalid request body"],
  ["a pake that is null", { pake: null, name: "" }, "invalid request body"],
  ["a name that is an object, beside a bad pake", { pake: "!", name: {} }, "invalid request body"],
  ["no pake", { name: "" }, "invalid PAKE message"],
  ["an empty pake", { pake: "", name: "" }, "invalid PAKE message"],
  ["a pake in base64url", { pake: "_-_-", name: "" }, "invalid PAKE message"],
  ["a pake without its padding", { pake: "QUI", name: "" }, "invalid PAKE message"],
  ["a pake with a line end", { pake: "QUJD\n", name: "" }, "invalid PAKE message"],
  ["a pake of the prototype", '{"__proto__":{"pake":"QUJD"}}', "invalid PAKE message"],
  ["no name", { pake: LONG_PAKE }, "client name required"],
  ["an empty name", { pake: LONG_PAKE, name: "" }, "client name required"],
  [
    "129 bytes of name",
    { pake: LONG_PAKE, name: `${"é".repeat(64)}x` },
    "client name too long",
  ],
  [
    "a pake of 2049 bytes",
    { pake: LONG_PAKE, name: NAME },
    "PAKE message too long",
  ],
  ["no PIN pending", { pake: NO_POINT, name: NAME }, "no pairing in progress"],
];
for (const [what, body, message] of BAD_STARTS) {
  Deno.test(`start with ${what} is 400`, async () => {
    const answer = await post(openDevice(), START, body);
    assert.deepEqual([answer.status, answer.message], [400, message]);
  });
}

const EXPIRED: [string, object, number][] = [
  ["a bad name", { pake: NO_POINT, name: "" }, 400],
  ["a pake of 2049 bytes", { pake: LONG_PAKE, name: NAME }, 400],
  ["a pake that is none", { pake: NO_POINT, name: NAME }, 410],
  ["a right message", { pake: pakeFor("123456"), name: NAME }, 410],
];
for (const [what, body, status] of EXPIRED) {
  Deno.test(`start with ${what} after the PIN's 5 minutes is ${status}`, async () => {
    const device = openDevice();
    device.pairing.open();
    device.clock.advance(5 * MINUTE_MS);
    const answer = await post(device, START, body);
    assert.equal(answer.status, status);
  });
}

Deno.test("start with a message that is none is 400 while a PIN is pending", async () => {
  const device = openDevice();
  const { pin } = device.pairing.open();
  const right = new TextDecoder().decode(messageAFor(pin).messageA);
  const texts = ["hello", right.slice(0, -1), right.replace('"role":0', '"role":1'), `${right} x`];
  for (const text of texts) {
    const pake = encodeBase64(utf8(text));
    const answer = await post(device, START, { pake, name: NAME });
    assert.deepEqual(
      [answer.status, answer.message],
      [400, "invalid PAKE message"],
    );
  }
  assert.equal(
    (await post(device, START, { pake: encodeBase64(utf8(right)), name: "x" })).status,
    200,
  );
  device.pairing.close();
});

const BAD_FINISHES: [string, string | object, number, string][] = [
  ["no JSON", "{", 400, "invalid request body"],
  ["a session that is a number", { session: 1, confirm: "" }, 400, "invalid request body"],
  ["a confirm that is an array", { session: "x", confirm: [] }, 400, "invalid request body"],
  ["no confirm", { session: "x" }, 400, "invalid confirm"],
  ["an empty confirm", { session: "x", confirm: "" }, 400, "invalid confirm"],
  ["a confirm that is no base64", { session: "x", confirm: "QQ" }, 400, "invalid confirm"],
  ["an unknown session", { session: "x", confirm: "QUJD" }, 404, "unknown pairing session"],
  ["no session", { confirm: "QUJD" }, 404, "unknown pairing session"],
];
for (const isOpen of [true, false]) {
  for (const [what, body, status, message] of BAD_FINISHES) {
    const when = isOpen ? "while a PIN is pending" : "without a PIN";
    Deno.test(`finish with ${what} ${when} is ${status} and counts nothing`, async () => {
      const device = openDevice();
      if (isOpen) device.pairing.open();
      const answer = await post(device, FINISH, body);
      assert.deepEqual([answer.status, answer.message], [status, message]);
      assert.deepEqual([device.failedFrom, device.pairing.failedConfirms], [[], 0]);
      assert.equal(device.pairing.current() !== undefined, isOpen);
      device.pairing.close();
    });
  }
}

Deno.test("finish keeps a session whose confirm was no base64", async () => {
  const device = openDevice();
  const { sessionId, confirm } = startPhone(device.pairing, { pin: device.pairing.open().pin });
  assert.equal((await post(device, FINISH, { session: sessionId, confirm: "!" })).status, 400);
  const body = { session: sessionId, confirm: encodeBase64(confirm) };
  assert.equal((await post(device, FINISH, body)).status, 200);
});

Deno.test("finish with wrong confirms of any length is 401, 401 and 403, and told with its address", async () => {
  const device = openDevice();
  const { pin } = device.pairing.open();
  const confirms = [new Uint8Array(32), new Uint8Array(1), new Uint8Array(33)];
  const seen: unknown[] = [];
  for (const [i, confirm] of confirms.entries()) {
    const { sessionId } = startPhone(device.pairing, { pin, scalar: BigInt(i + 2) });
    const body = { session: sessionId, confirm: encodeBase64(confirm) };
    const peer = { ...REMOTE, address: `198.51.100.${Math.min(i, 1)}` };
    const { status, message } = await post(device, FINISH, body, { peer });
    seen.push([status, message]);
    device.clock.advance(1_000);
  }
  assert.deepEqual(seen, [[401, "wrong PIN"], [401, "wrong PIN"], [
    403,
    "too many failed attempts",
  ]]);
  assert.deepEqual(device.failedFrom, ["198.51.100.0", "198.51.100.1", "198.51.100.1"]);
  assert.equal(device.pairing.current(), undefined);
  assert.deepEqual(device.clients, []);
});

Deno.test("forty guesses at once come no further than three", async () => {
  const device = openDevice();
  const { pin } = device.pairing.open();
  const sessions = Array.from(
    { length: 16 },
    (_, i) => startPhone(device.pairing, { pin, scalar: BigInt(i + 2) }).sessionId,
  );
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      post(device, FINISH, {
        session: sessions[i % 16],
        confirm: encodeBase64(new Uint8Array(32)),
      }, { peer: { ...REMOTE, address: `203.0.113.${i}` } })),
  );
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [401, 401, 403, ...Array(37).fill(404)]);
  assert.equal(device.pairing.failedConfirms, 3);
});

Deno.test("finish of a session older than 2 minutes is 410 once, and 404 then", async () => {
  const device = openDevice();
  const { sessionId, confirm } = startPhone(device.pairing, { pin: device.pairing.open().pin });
  const body = { session: sessionId, confirm: encodeBase64(confirm) };
  device.clock.advance(2 * MINUTE_MS);
  assert.equal((await post(device, FINISH, body)).message, "pairing expired");
  assert.equal((await post(device, FINISH, body)).message, "unknown pairing session");
  device.pairing.close();
});

Deno.test("finish where all places are taken is 403 and keeps the PIN", async () => {
  const device = openDevice({ maxClients: 1 });
  const { pin } = device.pairing.open();
  const { sessionId, confirm } = startPhone(device.pairing, { pin });
  device.clients.push(testClient());
  const body = { session: sessionId, confirm: encodeBase64(confirm) };
  const answer = await post(device, FINISH, body);
  assert.deepEqual([answer.status, answer.message], [403, "maximum paired clients reached"]);
  assert.equal(device.pairing.current()?.pin, pin);
  assert.deepEqual(device.failedFrom, []);
  device.pairing.close();
});

Deno.test("finish that cannot be kept is the fixed 500 and tells the log why", async () => {
  const device = openDevice({ isStoreBroken: true });
  const { sessionId, confirm } = startPhone(device.pairing, { pin: device.pairing.open().pin });
  const body = { session: sessionId, confirm: encodeBase64(confirm) };
  const answer = await post(device, FINISH, body);
  assert.deepEqual([answer.status, answer.message], [500, "internal error"]);
  const [line] = device.lines.filter(([level]) => level === "error");
  assert.match(String(line?.[2]["error"]), /database is locked/);
  assert.equal((await post(device, FINISH, body)).status, 404);
  device.pairing.close();
});

const SIZES: [string, number, string][] = [
  [START, MAX_PAIR_START_BYTES, "invalid PAKE message"],
  [FINISH, MAX_PAIR_FINISH_BYTES, "invalid confirm"],
];
for (const [path, limit, message] of SIZES) {
  Deno.test(`${path} takes a body of ${limit} bytes and answers one byte more with 400`, async () => {
    assert.equal(limit, path === START ? 16 * 1024 : 4 * 1024);
    const device = openDevice();
    const within = await post(device, path, "{}".padEnd(limit));
    assert.deepEqual([within.status, within.message], [400, message]);
    const headers = [{}, { "Content-Length": String(limit + 1) }];
    for (const announced of headers) {
      const body = "{}".padEnd(limit + 1);
      const over = await post(device, path, body, { headers: announced });
      assert.deepEqual([over.status, over.message], [400, `body: expected at most ${limit} bytes`]);
    }
  });
}

Deno.test("the media type of a pairing request is not looked at", async () => {
  const device = openDevice();
  for (const type of ["text/plain", "application/json", "image/png"]) {
    const headers = { "Content-Type": type };
    const answer = await post(device, START, "{}", { headers });
    assert.equal(answer.message, "invalid PAKE message");
  }
});

Deno.test("start and finish share one request a second of an address, before anything is read", async () => {
  const device = openDevice();
  const peer = { peer: REMOTE };
  assert.equal((await post(device, START, "{", peer)).status, 400);
  const refused = await post(device, FINISH, "{", peer);
  assert.deepEqual([refused.status, refused.message], [429, "rate limited"]);
  assert.equal(refused.headers.get("Retry-After"), "1");
  assert.equal((await post(device, START, "{", peer)).status, 429);
  device.clock.advance(1_000);
  assert.equal((await post(device, FINISH, "{", peer)).status, 400);
  assert.equal((await post(device, START, "{", peer)).status, 429);
});

Deno.test("all remote peers together start twice a second, and finish freely", async () => {
  const device = openDevice();
  const from = (n: number): Ask => ({ peer: { ...REMOTE, address: `203.0.113.${n}` } });
  const starts = await Promise.all([1, 2, 3, 4].map((n) => post(device, START, "{", from(n))));
  assert.deepEqual(starts.map(({ status }) => status), [400, 400, 429, 429]);
  const finishes = await Promise.all([5, 6, 7].map((n) => post(device, FINISH, "{", from(n))));
  assert.deepEqual(finishes.map(({ status }) => status), [400, 400, 400]);
  assert.equal((await post(device, START, "{")).status, 400);
  device.clock.advance(1_000);
  // Who has just started has no part in the half that is kept for others.
  assert.equal((await post(device, START, "{", from(1))).status, 400);
  assert.equal((await post(device, START, "{", from(2))).status, 429);
  assert.equal((await post(device, START, "{", from(8))).status, 400);
  assert.equal((await post(device, START, "{", from(9))).status, 429);
});

Deno.test("an address that failed twice is 403 at start and finish, and others still pair", async () => {
  const device = openDevice();
  const { pin } = device.pairing.open();
  const body = { confirm: encodeBase64(new Uint8Array(32)) };
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const session = device.pairing.start({
      clientName: "x",
      messageA: messageAFor(pin).messageA,
      address: "192.0.2.99",
    }).sessionId;
    const { status, message } = await post(device, FINISH, { ...body, session }, { peer: REMOTE });
    seen.push([status, message]);
    device.clock.advance(1_000);
  }
  const start = { pake: pakeFor(pin), name: NAME };
  const { status, message } = await post(device, START, start, { peer: REMOTE });
  seen.push([status, message]);
  const refused = [403, "too many failed attempts"];
  assert.deepEqual(seen, [[401, "wrong PIN"], [401, "wrong PIN"], refused, refused, refused]);
  assert.equal(device.failedFrom.length, 2);
  const other = { peer: { ...REMOTE, address: "192.0.2.2" } };
  device.clock.advance(1_000);
  assert.equal((await post(device, START, start, other)).status, 200);
  device.pairing.close();
});

const ELSEWHERE: [what: string, path: string, init: Ask, status: number][] = [
  ["a foreign origin", START, { headers: { Origin: "https://evil.example" } }, 403],
  ["another method", START, { method: "GET" }, 405],
  ["no such route", "/api/pair/other", {}, 404],
  ["another name of the device", FINISH, { headers: { Host: "evil.example" } }, 421],
];
for (const [what, path, init, status] of ELSEWHERE) {
  Deno.test(`${what} below /api/pair/ is ${status} in the form of pairing`, async () => {
    const answer = await openDevice().ask(path, { method: "POST", ...init });
    assert.equal(answer.status, status);
    assert.deepEqual(JSON.parse(answer.text), { error: answer.message });
  });
}
