// pair() against a device in memory (docs/protocol.md §2 and §3): the bytes it sends, every way in
// which a device can refuse, and every way in which it can lie.

import assert from "node:assert/strict";
import { encodeBase64, utf8 } from "../../src/base/bytes.ts";
import type { JsonObject } from "../../src/base/json.ts";
import {
  type ClientErrorCode,
  pair,
  type PairOptions,
  parseCredentials,
} from "../../src/sdk/connect.ts";
import { DEFAULT_TIMEOUT_MS } from "../../src/sdk/default_timeout.ts";
import { MAX_TRIES, RETRY_DELAY_MS } from "../../src/sdk/pair.ts";
import { createPinMasks } from "../../src/protocol/v1/pake.ts";
import { encodeClientMessage, encodeDeviceMessage } from "../../src/protocol/v1/pake_message.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "../support/fake_socket.ts";
import { seededRandom } from "../support/seeded_random.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import { asPage } from "../support/page_location.ts";
import { expectClientError } from "./expect_client_error.ts";
import { FakeDevice } from "./fake_device.ts";

const BASE_URL = "http://192.168.1.5:7497";

interface Fixture {
  device: FakeDevice;
  options: PairOptions;
  /** The delays that were waited for. */
  waits: number[];
}

function setUp(overrides: Partial<PairOptions> = {}): Fixture {
  const device = new FakeDevice();
  const waits: number[] = [];
  const options: PairOptions = {
    baseUrl: BASE_URL,
    pin: device.pin,
    name: "Test app",
    fetch: device.fetch,
    random: seededRandom(1),
    wait: (delayMs) => {
      waits.push(delayMs);
      return Promise.resolve();
    },
    ...overrides,
  };
  return { device, options, waits };
}

// "plain-2" has its msgA in another member order, which no client of this project sends.
const OWN_ROWS = vectors.pairing.filter(({ pake_case }) => pake_case !== "plain-2");

for (const row of OWN_ROWS) {
  Deno.test(`pair() sends the bytes of the vector ${row.pake_case}`, async () => {
    const exchange = vectors.pake.find(({ name }) => name === row.pake_case);
    assert.ok(exchange !== undefined);
    const sent: unknown[] = [];
    const answers: unknown[] = [row.start_response, row.finish_response];
    const credentials = await pair({
      baseUrl: BASE_URL,
      pin: exchange.pin,
      name: row.client_name,
      random: () => Uint8Array.fromHex(exchange.alpha_a_hex),
      fetch: (url, { method, body }) => {
        sent.push([method, url, JSON.parse(String(body))]);
        return Promise.resolve(Response.json(answers.shift()));
      },
    });
    assert.deepEqual(sent, [
      ["POST", `${BASE_URL}/api/pair/start`, row.start_request],
      ["POST", `${BASE_URL}/api/pair/finish`, {
        session: row.start_response.session,
        confirm: row.finish_request.confirm,
      }],
    ]);
    assert.deepEqual(credentials, {
      clientId: row.finish_response.clientId,
      clientName: row.client_name,
      authToken: row.finish_response.authToken,
      pairingKey: Uint8Array.fromHex(row.pairing_key_hex),
    });
  });
}

Deno.test("pair() ends with the same key on both sides", async () => {
  const { device, options, waits } = setUp({ baseUrl: `${BASE_URL}/` });
  const { authToken, pairingKey } = await pair(options);
  assert.deepEqual(device.clients.get(authToken)?.pairingKey, pairingKey);
  assert.deepEqual(waits, []);
});

Deno.test("pair() tells a wrong PIN", async () => {
  const { device, options } = setUp({ pin: "024681" });
  await expectClientError(pair(options), "wrong_pin");
  assert.equal(device.clients.size, 0);
});

const REFUSALS: [statuses: number[], code: ClientErrorCode][] = [
  [[400], "no_pairing"],
  [[403], "refused"],
  [[404], "refused"],
  [[410], "pairing_expired"],
  [[500], "refused"],
  [[503], "refused"],
  [[200, 400], "refused"],
  [[200, 401], "wrong_pin"],
  [[200, 403], "too_many_attempts"],
  [[200, 404], "no_pairing"],
  [[200, 410], "pairing_expired"],
  [[200, 500], "refused"],
  [[201], "refused"],
];

for (const [statuses, code] of REFUSALS) {
  Deno.test(`pair() makes ${code} of ${statuses.join(", ")}`, async () => {
    const { device, options, waits } = setUp();
    device.statuses.push(...statuses);
    await expectClientError(pair(options), code);
    assert.equal(device.requests.length, statuses.length);
    assert.deepEqual(waits, []);
  });
}

const WORDS: [step: "start" | "finish", status: number, text: string, code: ClientErrorCode][] = [
  ["start", 400, "no pairing in progress", "no_pairing"],
  ["start", 400, "invalid PAKE message", "refused"],
  ["start", 400, "PAKE message too long", "refused"],
  ["start", 400, "client name too long", "refused"],
  ["start", 400, "client name required", "refused"],
  ["start", 400, "toString", "no_pairing"],
  ["start", 403, "too many failed attempts", "too_many_attempts"],
  ["start", 403, "This origin is not allowed", "origin_not_allowed"],
  ["start", 410, "pairing expired", "pairing_expired"],
  ["start", 503, "rate limited", "rate_limited"],
  ["finish", 401, "wrong PIN", "wrong_pin"],
  ["finish", 403, "too many failed attempts", "too_many_attempts"],
  ["finish", 403, "maximum paired clients reached", "no_place"],
  ["finish", 404, "unknown pairing session", "no_pairing"],
  ["finish", 410, "pairing expired", "pairing_expired"],
  ["finish", 500, "internal error", "refused"],
];

for (const [step, status, text, code] of WORDS) {
  Deno.test(`pair() makes ${code} of ${status} "${text}" at ${step}`, async () => {
    const { device, options } = setUp();
    const fetch: PairOptions["fetch"] = (url, request) =>
      url.endsWith(step)
        ? Promise.resolve(Response.json({ error: text }, { status }))
        : device.fetch(url, request);
    await expectClientError(pair({ ...options, fetch }), code);
  });
}

Deno.test("pair() tries again after 429, with the same bytes", async () => {
  const { device, options, waits } = setUp();
  device.statuses.push(429, 200, 429, 429, 429, 200);
  await pair(options);
  assert.deepEqual(waits, [RETRY_DELAY_MS, RETRY_DELAY_MS, RETRY_DELAY_MS, RETRY_DELAY_MS]);
  const [start, startAgain, finish, ...finishAgain] = device.requests;
  assert.deepEqual(startAgain, start);
  assert.equal(finish?.step, "finish");
  assert.deepEqual(finishAgain, [finish, finish, finish]);
});

for (const step of ["start", "finish"] as const) {
  Deno.test(`pair() gives up when ${step} is answered 429 each time`, async () => {
    const { device, options, waits } = setUp();
    if (step === "finish") device.statuses.push(200);
    device.statuses.push(...Array.from({ length: MAX_TRIES }, () => 429));
    await expectClientError(pair(options), "rate_limited");
    assert.equal(device.requests.filter((request) => request.step === step).length, MAX_TRIES);
    assert.equal(waits.length, MAX_TRIES - 1);
  });
}

Deno.test("pair() returns nothing where the device's confirm is forged", async () => {
  const flip = (text: unknown, at: number): string => {
    const bytes = Uint8Array.fromBase64(String(text));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return encodeBase64(bytes);
  };
  const forgeries: ((right: unknown, device: FakeDevice) => string)[] = [
    (right) => flip(right, 0),
    (right) => flip(right, 31),
    (right) => encodeBase64(Uint8Array.fromBase64(String(right)).slice(0, 31)),
    (right) => encodeBase64(Uint8Array.of(...Uint8Array.fromBase64(String(right)), 0)),
    () => encodeBase64(new Uint8Array(32)),
    (_right, device) => String(device.requests.at(-1)?.body["confirm"]),
  ];
  for (const forge of forgeries) {
    const { device, options } = setUp();
    device.forge = (step, answer) =>
      step === "start" ? answer : { ...answer, confirm: forge(answer["confirm"], device) };
    await expectClientError(pair(options), "device_not_authentic");
    assert.equal(device.requests.length, 2);
  }
});

Deno.test("pair() refuses a Y that makes the shared point the identity", async () => {
  const { device, options } = setUp();
  const masks = createPinMasks(device.pin);
  const y = masks.deviceMask.toAffine();
  const messageB = encodeDeviceMessage(masks.clientMask.toAffine(), y);
  device.forge = (_step, answer) => ({ ...answer, pake: encodeBase64(messageB) });
  await expectClientError(pair(options), "device_not_authentic");
  assert.equal(device.requests.length, 1);
});

const ODD_POINT = { x: 1n, y: 1n };
const BAD_ANSWERS: [name: string, step: "start" | "finish", change: JsonObject][] = [
  ["no session", "start", { session: undefined }],
  ["an empty session", "start", { session: "" }],
  ["no pake", "start", { pake: undefined }],
  ["a pake that is not base64", "start", { pake: "e30" }],
  ["a pake that is no message", "start", { pake: "e30=" }],
  ["a pake with the client's role", "start", {
    pake: encodeBase64(encodeClientMessage(createPinMasks("000000").clientMask.toAffine())),
  }],
  ["a Y off the curve", "start", {
    pake: encodeBase64(encodeDeviceMessage(ODD_POINT, ODD_POINT)),
  }],
  ["no confirm", "finish", { confirm: undefined }],
  ["a confirm that is not base64", "finish", { confirm: "?" }],
  ["a clientId that is a number", "finish", { clientId: 1 }],
  ["no authToken", "finish", { authToken: undefined }],
];

for (const [name, step, change] of BAD_ANSWERS) {
  Deno.test(`pair() refuses ${name} at ${step}`, async () => {
    const { device, options } = setUp();
    device.forge = (at, answer) => at === step ? { ...answer, ...change } : answer;
    await expectClientError(pair(options), "bad_answer");
  });
}

Deno.test("pair() refuses a 200 that is no JSON object", async () => {
  for (const text of ["", "<html>", "[]", "null", '"x"']) {
    const { options } = setUp({ fetch: () => Promise.resolve(new Response(text)) });
    await expectClientError(pair(options), "bad_answer");
  }
});

Deno.test("pair() tells that nobody answers, and why", async () => {
  const cause = new TypeError("Connection refused");
  const { options } = setUp({ fetch: () => Promise.reject(cause) });
  const error = await expectClientError(pair(options), "unreachable");
  assert.equal(error.cause, cause);

  const body = new ReadableStream({ start: (controller) => controller.error(cause) });
  const { options: broken } = setUp({ fetch: () => Promise.resolve(new Response(body)) });
  await expectClientError(pair(broken), "unreachable");
});

Deno.test("pair() throws the signal's reason when it is told to give up", async () => {
  const reason = new Error("The person went away");
  const { device, options, waits } = setUp();
  const controller = new AbortController();
  device.statuses.push(429);
  const wait = (delayMs: number): Promise<void> => {
    waits.push(delayMs);
    queueMicrotask(() => controller.abort(reason));
    return new Promise(() => {});
  };
  const { signal } = controller;
  await assert.rejects(pair({ ...options, wait, signal }), (error) => error === reason);
  assert.equal(device.requests.length, 1);
});

Deno.test("pair() throws the signal's reason when a request is cut short", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const clock = new FakeClock();
  const { options } = setUp({
    signal,
    clock,
    fetch: (_url, request) => {
      controller.abort();
      assert.equal(request.signal?.reason, signal.reason);
      return Promise.reject(new TypeError("Cut short"));
    },
  });
  await assert.rejects(pair(options), (error) => error === signal.reason);
  assert.equal(clock.timerCount, 0);
});

Deno.test("pair() throws the signal's reason while a page asks why the device is not there", async () => {
  const controller = new AbortController();
  const reason = new Error("The page is left");
  const fetch = (url: string): Promise<Response> => {
    if (!url.endsWith("/health")) return Promise.reject(new TypeError("Failed to fetch"));
    queueMicrotask(() => controller.abort(reason));
    return new Promise(() => {});
  };
  const { options } = setUp({ signal: controller.signal, fetch });
  await asPage({ href: "http://other.test/", fetch: () => assert.fail("not asked") }, async () => {
    await assert.rejects(pair(options), (error) => error === reason);
  });
});

Deno.test("pair() leaves nothing on a signal that outlives it", async () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  let heard = 0;
  signal.addEventListener = (_type: string, listener: unknown) => {
    heard += 1;
    listeners.add(listener);
  };
  signal.removeEventListener = (_type: string, listener: unknown) =>
    void listeners.delete(listener);
  await pair(setUp({ signal }).options);
  assert.deepEqual([heard, listeners.size], [2, 0]);
});

for (const silent of ["start", "finish"] as const) {
  for (const timeoutMs of [undefined, 250]) {
    Deno.test(`pair() waits ${timeoutMs ?? "usually"} for an answer to ${silent}`, async () => {
      const clock = new FakeClock();
      const { device, options } = setUp({ clock, ...(timeoutMs && { timeoutMs }) });
      // As the platform's fetch does: what has no answer ends with the signal's reason.
      const unanswered = ({ signal }: RequestInit): Promise<Response> =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
      const fetch: PairOptions["fetch"] = (url, request) =>
        url.endsWith(silent) ? unanswered(request) : device.fetch(url, request);
      const pairing = pair({ ...options, fetch });
      let isOver = false;
      pairing.catch(() => isOver = true);
      await settle();
      clock.advance((timeoutMs ?? DEFAULT_TIMEOUT_MS) - 1);
      await settle();
      assert.equal(isOver, false);
      clock.advance(1);
      await expectClientError(pairing, "timeout");
      assert.equal(clock.timerCount, 0);
    });
  }
}

Deno.test("pair() asks nobody with a PIN or a name that does not fit", async () => {
  const wrong: Partial<PairOptions>[] = [
    ...["", "12345", "1234567", "12345a", "１２３４５６"].map((pin) => ({ pin })),
    { name: "" },
    { name: "ü".repeat(64) + "x" },
  ];
  for (const change of wrong) {
    const { device, options } = setUp(change);
    await assert.rejects(pair(options), RangeError);
    assert.equal(device.requests.length, 0);
  }
  const { options } = setUp({ name: "ü".repeat(64) });
  assert.equal(utf8((await pair(options)).clientName).length, 128);
});

Deno.test("pair() passes on after how long another try makes sense", async () => {
  const rows = [
    ["600", 600],
    ["0", 0],
    [undefined, undefined],
    ["soon", undefined],
    ["-1", undefined],
  ];
  for (const [header, seconds] of rows) {
    const headers = header === undefined ? {} : { "Retry-After": `${header}` };
    const { options } = setUp({
      fetch: () =>
        Promise.resolve(
          Response.json({ error: "no pairing in progress" }, { status: 400, headers }),
        ),
    });
    const error = await expectClientError(pair(options), "no_pairing");
    assert.equal(error.retryAfterS, seconds);
  }
});

Deno.test("what pair() gives out survives JSON.stringify()", async () => {
  const { options } = setUp();
  const credentials = await pair(options);
  assert.deepEqual(parseCredentials(JSON.parse(JSON.stringify(credentials))), credentials);
});

Deno.test("pair() takes a PIN as people read it out", async () => {
  const { device, options } = setUp({ pin: " 024 680 " });
  const { authToken } = await pair(options);
  assert.ok(device.clients.has(authToken));
});

Deno.test("pair() needs no WebCrypto, as pages over plain http have none", async () => {
  const { device, options } = setUp();
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
  try {
    const { authToken, pairingKey } = await pair(options);
    assert.deepEqual(device.clients.get(authToken)?.pairingKey, pairingKey);
  } finally {
    Reflect.deleteProperty(crypto, "subtle");
  }
});
