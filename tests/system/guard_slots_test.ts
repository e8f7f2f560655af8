// Each way of using a connection gives its slot back, however it ends; against the real service.
// Every loopback address but 127.0.0.1 comes in through the guard.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { pairPhone, type PhonePairing } from "../support/reference_phone.ts";
import { ReferenceSession } from "../support/reference_protocol.ts";
import {
  callLocal,
  openPairing,
  type ServiceProcess,
  withService,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const HOST = "127.0.0.2";
const SETTLED_MS = 5_000;

interface World {
  readonly service: ServiceProcess;
  readonly port: number;
  readonly pairing: PhonePairing;
}

type Opened = { socket: Socket; text: () => string };

async function open(world: World, request: string, isOpen: RegExp): Promise<Opened> {
  const socket = connect({ host: HOST, port: world.port });
  let text = "";
  socket.on("error", () => {});
  const opened = new Promise<void>((resolve, reject) => {
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (isOpen.test(text)) resolve();
    });
    socket.on("close", () => reject(new Error(`Ended after: ${text}`)));
  });
  socket.write(request);
  await opened;
  return { socket, text: () => text };
}

const head = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, `Host: ${HOST}`, ...headers, "", ""].join("\r\n");

const UPGRADE = head(
  "/api",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
);

// Masked with zeros.
function textFrame(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x81, 0x80 | 126, bytes.length >> 8, bytes.length, 0, 0, 0, 0, ...bytes);
}

const openSession = async (world: World): Promise<Opened> => {
  const { pairing: { pairingKey, authToken } } = world;
  const opened = await open(world, UPGRADE, /101 Switching/);
  const session = new ReferenceSession({
    pairingKey,
    authToken,
    salt: randomBytes(16),
    envelope: "json",
  });
  const frame = session.seal('{"jsonrpc":"2.0","id":1,"method":"version"}');
  assert.ok(typeof frame === "string");
  opened.socket.write(textFrame(frame));
  await until(() => opened.text().includes('{"e":'));
  return opened;
};

const OPENERS: Readonly<Record<string, (world: World) => Promise<Opened>>> = {
  "a request for /metrics": (world) => open(world, head("/metrics"), / 403 [^]*\}\}$/),
  "an event stream": (world) => open(world, head("/api/events"), / 200 [^]*: open/),
  "a WebSocket without a session": (world) => open(world, UPGRADE, /101 Switching/),
  "a session": openSession,
};

type End = (opened: Opened, world: World) => unknown;

const PEER_ENDS: Readonly<Record<string, End>> = {
  "its peer closes": ({ socket }) => socket.destroy(),
  "its peer resets": ({ socket }) => socket.resetAndDestroy(),
};

// Opener, what ends it, how.
const ROWS: [string, string, End][] = [
  ...Object.keys(OPENERS).flatMap((opener) =>
    Object.entries(PEER_ENDS).map(([how, end]): [string, string, End] => [opener, how, end])
  ),
  ["a request for /metrics", "its peer ends its half", ({ socket }) => socket.end()],
  [
    "a WebSocket without a session",
    "its peer says goodbye",
    ({ socket }) => socket.write(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0)),
  ],
  [
    "a WebSocket without a session",
    "the device refuses its frame",
    ({ socket }) => socket.write(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 1)),
  ],
  [
    "a session",
    "its client is deleted",
    (_, { service, pairing: { clientId } }) =>
      callLocal(service.baseUrl, "clients.delete", { clientId }),
  ],
  ["a session", "a frame does not open", ({ socket }) => socket.write(textFrame('{"e":"AAAA"}'))],
];

systemTest("requests, event streams and WebSockets give their slots back at every end", {
  whyNot: undefined,
  run: async () => {
    const tables = `[security]\nallowed_ips = ["127.0.0.0/8"]`;
    await withService({ listen: "0.0.0.0:0", tables }, async (service) => {
      const port = Number(new URL(service.baseUrl).port);
      const left: string[] = [];
      for (const [opener, how, end] of ROWS) {
        const pairing = await pairPhone(service.baseUrl, {
          pin: await openPairing(service.baseUrl),
        });
        const world = { service, port, pairing };
        const opened = await OPENERS[opener]?.(world);
        assert.ok(opened !== undefined);
        assert.equal(await connections(service), 1, opener);
        await end(opened, world);
        if (!await becomesFree(service)) left.push(`${opener}, when ${how}`);
        opened.socket.destroy();
        await becomesFree(service);
      }
      assert.deepEqual(left, []);
    });
  },
});

async function connections({ baseUrl }: ServiceProcess): Promise<number> {
  const metrics = await (await fetch(`${baseUrl}/metrics`)).text();
  const counts = [...metrics.matchAll(/^latchkey_guarded_connections\{state="\w+"\} (\d+)$/gm)];
  assert.equal(counts.length, 2);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function becomesFree(service: ServiceProcess): Promise<boolean> {
  const deadline = performance.now() + SETTLED_MS;
  while (performance.now() < deadline) {
    if (await connections(service) === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
