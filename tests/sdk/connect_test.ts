// connect() and connectPlain() until the connection is open (docs/protocol.md §4 and §5).

import assert from "node:assert/strict";
import type { JsonObject } from "../../src/base/json.ts";
import { connect, connectPlain, DEFAULT_TIMEOUT_MS } from "../../src/sdk/connect.ts";
import type { Envelope } from "../../src/protocol/v1/frame.ts";
import { settle } from "../support/fake_socket.ts";
import { seededRandom } from "../support/seeded_random.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import { CREDENTIALS, setUp, setUpConnected } from "./connected.ts";
import { asPage } from "../support/page_location.ts";
import { expectClientError } from "./expect_client_error.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];

for (const envelope of ENVELOPES) {
  Deno.test(`connect() proves the session with a ping as ${envelope}`, async () => {
    const { socket, clock, connection } = await setUpConnected({ envelope });
    const [first, ...more] = socket.sent;
    assert.ok(first !== undefined);
    assert.deepEqual(more, []);
    if (typeof first === "string") {
      const { v, t, s, e }: JsonObject = JSON.parse(first);
      const salt = seededRandom(1)(16).toBase64();
      assert.deepEqual({ v, t, s }, { v: 1, t: CREDENTIALS.authToken, s: salt });
      assert.equal(Uint8Array.fromBase64(String(e)).length, "ping".length + 16);
    } else {
      assert.deepEqual(first.slice(0, 18), Uint8Array.of(1, ...seededRandom(1)(16), 36));
      assert.equal(first.length, 18 + 36 + "ping".length + 16);
    }
    assert.equal(clock.timerCount, 0);
    connection.close();
  });
}

Deno.test("connect() finds the WebSocket of a device's address", async () => {
  const rows = [
    ["http://192.168.1.5:7497", "ws://192.168.1.5:7497/api/v0.1"],
    ["https://home.test/device/", "wss://home.test/device/api/v0.1"],
    ["ws://192.168.1.5:7497/api", "ws://192.168.1.5:7497/api"],
  ];
  for (const [url = "", expected] of rows) {
    const { socket, options } = setUp({ url });
    const asked: string[] = [];
    const connection = await connect({
      ...options,
      webSocket: (address) => {
        asked.push(address);
        queueMicrotask(() => socket.open());
        return socket;
      },
    });
    assert.deepEqual(asked, [expected]);
    connection.close();
  }
});

Deno.test("connect() draws a fresh salt each time", async () => {
  const random = seededRandom(1);
  const salts: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const { socket, connection } = await setUpConnected({ random });
    salts.push(JSON.parse(String(socket.sent[0]))["s"]);
    connection.close();
  }
  assert.equal(new Set(salts).size, 3);
});

Deno.test("connect() tells that the device refuses the session", async () => {
  const other = { pairingKey: new Uint8Array(32) };
  const { socket, options, clock } = setUp({}, other);
  const error = await expectClientError(connect(options), "connection_closed");
  assert.match(error.message, /refused the session/);
  assert.equal(socket.closeCount, 1);
  assert.equal(clock.timerCount, 0);
});

Deno.test("connect() tells that nobody is there", async () => {
  const { socket, options } = setUp();
  const failing = connect({
    ...options,
    webSocket: () => {
      queueMicrotask(() => socket.fail());
      return socket;
    },
  });
  await expectClientError(failing, "unreachable");
  const cause = new DOMException("Mixed content", "SecurityError");
  const forbidden = connect({
    ...options,
    webSocket: () => {
      throw cause;
    },
  });
  assert.equal((await expectClientError(forbidden, "unreachable")).cause, cause);
});

for (const reconnect of [false, true]) {
  const kind = reconnect ? "with reconnect" : "once";
  Deno.test(`connect() ${kind} gives up while a page asks why the device is not there`, async () => {
    const { socket, options } = setUp();
    const controller = new AbortController();
    const reason = new Error("The page is left");
    const webSocket = (): typeof socket => {
      queueMicrotask(() => socket.fail());
      return socket;
    };
    const asked: string[] = [];
    const fetch = (url: unknown): Promise<Response> => {
      asked.push(String(url));
      queueMicrotask(() => controller.abort(reason));
      return new Promise(() => {});
    };
    const { signal } = controller;
    await asPage({ href: "http://other.test/", fetch }, async () => {
      const failing = connect({ ...options, webSocket, signal, reconnect });
      await assert.rejects(failing, (error) => error === reason);
    });
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? "", /\/health$/);
  });
}

for (const envelope of ENVELOPES) {
  Deno.test(`connect() needs no WebCrypto, as pages over plain http have none, as ${envelope}`, async () => {
    Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
    try {
      const { requests, session, connection } = await setUpConnected({ envelope });
      const texts = ["", "short", "x".repeat(100_000)];
      const answers = texts.map((text) => connection.call("echo", text));
      await connection.ping();
      for (const request of requests) session.answer(request, request["params"]);
      assert.deepEqual(await Promise.all(answers), texts);
      connection.close();
    } finally {
      Reflect.deleteProperty(crypto, "subtle");
    }
  });
}

const [ENCRYPTION_REQUIRED, UNSUPPORTED_VERSION] = vectors.plaintext_errors.map(({ frame }) =>
  frame
);
const PLAINTEXT_ERRORS = [
  ["client_removed", ENCRYPTION_REQUIRED],
  ["unsupported_version", UNSUPPORTED_VERSION],
] as const;

for (const [code, frame] of PLAINTEXT_ERRORS) {
  for (const envelope of ENVELOPES) {
    Deno.test(`connect() makes ${code} of the plaintext error, as ${envelope}`, async () => {
      const { socket, options } = setUp({ envelope });
      socket.peer = () => {
        socket.deliver(frame ?? "");
        socket.drop(1008);
      };
      await expectClientError(connect(options), code);
      assert.equal(socket.closeCount, 1);
    });

    Deno.test(`${code} in plaintext means nothing in a ${envelope} session`, async () => {
      const { socket, connection } = await setUpConnected({ envelope });
      const call = connection.call("x");
      socket.deliver(frame ?? "");
      await expectClientError(call, "device_not_authentic");
      await settle();
    });
  }
}

Deno.test("connect() gives up on a socket that does not open, or a device that is silent", async () => {
  for (const opens of [false, true]) {
    const { socket, clock, options } = setUp();
    socket.peer = () => {};
    const webSocket = opens ? options.webSocket : () => socket;
    const connecting = connect({ ...options, ...(webSocket && { webSocket }) });
    connecting.catch(() => {});
    await settle();
    assert.equal(socket.sent.length, opens ? 1 : 0);
    clock.advance(DEFAULT_TIMEOUT_MS - 1);
    assert.equal(socket.closeCount, 0);
    clock.advance(1);
    await expectClientError(connecting, "timeout");
    assert.equal(socket.closeCount, 1);
    assert.equal(clock.timerCount, 0);
  }
});

Deno.test("connectPlain() calls without a session", async () => {
  const heard: unknown[] = [];
  const { socket, requests, session, options } = setUp({
    onNotification: (method, params) => heard.push([method, params]),
  }, { takesPlaintext: true });
  // A local peer may hear of something before it has asked for anything.
  session.notify("early", [1]);
  const connection = await connectPlain(options);
  assert.deepEqual(socket.sent, ["ping"]);
  const call = connection.call("echo", { a: 1 });
  await connection.ping();
  assert.deepEqual(requests, [{ jsonrpc: "2.0", id: 1, method: "echo", params: { a: 1 } }]);
  session.answer(requests[0] ?? {}, { version: "1" });
  assert.deepEqual(await call, { version: "1" });
  assert.deepEqual(heard, [["early", [1]]]);
  connection.close();
});

Deno.test("connectPlain() tells that the device wants encryption, at first and later", async () => {
  const frame = ENCRYPTION_REQUIRED ?? "";
  const { socket, options } = setUp();
  socket.peer = () => socket.deliver(frame);
  await expectClientError(connectPlain(options), "encryption_required");

  const later = setUp({}, { takesPlaintext: true });
  const connection = await connectPlain(later.options);
  const call = connection.call("a");
  later.socket.deliver(frame);
  await expectClientError(call, "encryption_required");
});

Deno.test("connectPlain() ends on a binary message", async () => {
  const { socket, options } = setUp();
  socket.peer = () => socket.deliver(new Uint8Array(20));
  await expectClientError(connectPlain(options), "bad_answer");
});

Deno.test("with reconnect, connect() tries at once when the browser says that the network is back", async () => {
  const { socket, options } = setUp({ reconnect: true });
  const unheard: unknown[] = [];
  const remove = globalThis.removeEventListener;
  globalThis.removeEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
  ): void => {
    unheard.push(type);
    remove.call(globalThis, type, listener);
  };
  try {
    let opened = 0;
    const connection = await connect({
      ...options,
      webSocket: () => {
        opened += 1;
        queueMicrotask(() => socket.open());
        return socket;
      },
    });
    socket.drop(1006);
    await settle();
    assert.equal(opened, 1);
    globalThis.dispatchEvent(new Event("online"));
    await settle();
    assert.equal(opened, 2);
    connection.close();
    assert.deepEqual(unheard, ["online"]);
  } finally {
    globalThis.removeEventListener = remove;
  }
});
