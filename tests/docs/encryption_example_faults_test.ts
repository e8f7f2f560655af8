// The client of docs/api/encryption.md with a device that can be told to misbehave: what it refuses,
// tries again and gives up.

import assert from "node:assert/strict";
import type { JsonObject } from "../../src/base/json.ts";
import type { WireMessage } from "../../src/protocol/v1/frame.ts";
import { FakeDevice, FakeSession } from "../sdk/fake_device.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import { type EncryptionExample, loadEncryptionExample, socketUrl } from "./encryption_example.ts";

const NAME = "Überraschung 🎮";

interface Fixture {
  example: EncryptionExample;
  device: FakeDevice;
  baseUrl: string;
  /** Ends the device's side of the newest connection. */
  closeSession: (code: number) => void;
  /** Sends a message as it is on the newest connection. */
  sendRaw: (message: WireMessage) => void;
}

function answer(request: JsonObject, session: FakeSession): void {
  const { id, method, params } = request;
  switch (method) {
    case "echo":
      session.notify("heard", params);
      return session.answer(request, params);
    case "refuse": {
      const error = { code: 1, message: "Not now", data: { code: "conflict" } };
      return session.send(JSON.stringify({ jsonrpc: "2.0", id, error }));
    }
  }
}

/** Runs `body` with the example and a device on a loopback port. */
async function withDevice(
  body: (fixture: Fixture) => Promise<void>,
  device = new FakeDevice(),
): Promise<void> {
  const example = await loadEncryptionExample();
  const sockets: WebSocket[] = [];
  const sessions: FakeSession[] = [];
  const closed: Promise<unknown>[] = [];
  // The example hides its sockets. Their closing goes on after its calls have failed, on both sides.
  const { WebSocket: PlatformSocket } = globalThis;
  globalThis.WebSocket = class extends PlatformSocket {
    constructor(...args: ConstructorParameters<typeof PlatformSocket>) {
      super(...args);
      closed.push(closeOf(this));
    }
  };
  const { crypto: platformCrypto } = globalThis;
  // A call that fails because of a close leaves its seal under way in a thread of the platform.
  const sealing = new Set<Promise<unknown>>();
  const { encrypt, decrypt } = platformCrypto.subtle;
  const watch =
    <Args extends unknown[]>(run: (...args: Args) => Promise<ArrayBuffer>) =>
    (...args: Args): Promise<ArrayBuffer> => {
      const result = run.apply(platformCrypto.subtle, args);
      const done: Promise<unknown> = result.catch(() => {}).then(() => sealing.delete(done));
      sealing.add(done);
      return result;
    };
  Object.assign(platformCrypto.subtle, { encrypt: watch(encrypt), decrypt: watch(decrypt) });
  const newest = (): WebSocket => {
    const socket = sockets.at(-1);
    assert.ok(socket !== undefined);
    return socket;
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      if (request.headers.get("Upgrade") !== "websocket") return device.handle(request);
      const { socket, response } = Deno.upgradeWebSocket(request);
      sockets.push(socket);
      closed.push(closeOf(socket));
      const session = new FakeSession({
        clients: device.clients,
        transport: {
          send: (message) => socket.send(message),
          close: (code) => socket.close(code),
        },
        onRequest: answer,
      });
      sessions.push(session);
      socket.onmessage = ({ data }: MessageEvent<string>) => session.receive(data);
      return response;
    },
  );
  try {
    await body({
      example,
      device,
      baseUrl: `http://127.0.0.1:${server.addr.port}`,
      closeSession: (code) => newest().close(code),
      sendRaw: (message) => newest().send(message),
    });
  } finally {
    globalThis.WebSocket = PlatformSocket;
    for (const socket of sockets) socket.close(1001);
    await Promise.all([server.shutdown(), ...closed]);
    await Promise.all(sessions.map((session) => session.settled()));
    while (sealing.size > 0) await Promise.all(sealing);
    Object.assign(platformCrypto.subtle, { encrypt, decrypt });
  }
}

function closeOf(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
}

Deno.test("the example pairs and talks", async () => {
  await withDevice(async ({ example, device, baseUrl }) => {
    const credentials = await example.pair(baseUrl, device.pin, NAME);
    const paired = device.clients.get(credentials.authToken);
    assert.equal(paired?.pairingKey.toBase64(), credentials.pairingKey);
    assert.equal(device.requests[0]?.body["name"], NAME);

    const heard: unknown[] = [];
    const session = await example.openSession(socketUrl(baseUrl), credentials, (method, params) => {
      heard.push([method, params]);
    });
    const sent = Array.from({ length: 50 }, (_, i) => ({ i, text: "ü".repeat(i % 3 * 10_000) }));
    const results = await Promise.all(sent.map((params) => session.call("echo", params)));
    assert.deepEqual(results, sent);
    assert.deepEqual(heard, sent.map((params) => ["heard", params]));
    await session.ping();
    await assert.rejects(session.call("refuse"), { message: "Not now", code: 1 });
    session.close();
    await assert.rejects(session.call("echo"), /closed/);
  });
});

for (const row of vectors.pake.filter(({ byte_lengths: { Yx } }) => Yx < 32)) {
  Deno.test(`the example does not pad a short coordinate: ${row.name}`, async () => {
    const device = new FakeDevice(row.pin, () => Uint8Array.fromHex(row.alpha_b_hex));
    await withDevice(async ({ example, baseUrl }) => {
      const { authToken } = await example.pair(baseUrl, row.pin, NAME);
      assert.ok(device.clients.has(authToken));
    }, device);
  });
}

Deno.test("the example tries again after 429", async () => {
  const delays: unknown[] = [];
  const { setTimeout } = globalThis;
  await withDevice(async ({ example, device, baseUrl }) => {
    device.statuses.push(200, 429, 429);
    const impatient = (run: () => void, delayMs?: number): unknown => {
      delays.push(delayMs);
      return setTimeout(run, 0);
    };
    Object.assign(globalThis, { setTimeout: impatient });
    try {
      await example.pair(baseUrl, device.pin, NAME);
    } finally {
      Object.assign(globalThis, { setTimeout });
    }
  });
  assert.deepEqual(delays, [1100, 1100]);
});

Deno.test("the example refuses a wrong PIN and a device that is not the one", async () => {
  await withDevice(async ({ example, device, baseUrl }) => {
    await assert.rejects(example.pair(baseUrl, "024681", NAME), /Refused: 401/);
    device.forge = (_step, fields) => ({
      ...fields,
      ...("confirm" in fields && { confirm: device.requests.at(-1)?.body["confirm"] }),
    });
    await assert.rejects(example.pair(baseUrl, device.pin, NAME), /not the device/);
  });
});

Deno.test("the example fails its calls when the connection ends", async () => {
  await withDevice(async ({ example, device, baseUrl, closeSession, sendRaw }) => {
    const credentials = await example.pair(baseUrl, device.pin, NAME);
    const ends: (() => void)[] = [
      () => closeSession(1001),
      () => sendRaw(JSON.stringify({ e: btoa("0123456789abcdef") })),
      () => sendRaw('{"jsonrpc":"2.0","id":null,"error":{"code":-32002,"message":"x"}}'),
    ];
    for (const end of ends) {
      const session = await example.openSession(socketUrl(baseUrl), credentials);
      await session.ping();
      const call = session.call("never answered");
      end();
      await assert.rejects(call, /closed/);
    }
    const stranger = { ...credentials, authToken: credentials.clientId };
    const session = await example.openSession(socketUrl(baseUrl), stranger);
    await assert.rejects(session.ping(), /closed/);
  });
});
