// Both ends of a connection in one process, for tests of the SDK.

import assert from "node:assert/strict";
import type { JsonObject } from "../../src/base/json.ts";
import { connect, type Connection, type ConnectOptions } from "../../src/sdk/connect.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { FakeSession } from "./fake_device.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

const URL_TEXT = "ws://192.168.1.5:7497/api/v0.1";

/** What the client has kept of its pairing. */
export const CREDENTIALS = {
  clientId: "11111111-1111-4111-8111-111111111111",
  clientName: "Test app",
  authToken: "22222222-2222-4222-8222-222222222222",
  pairingKey: new Uint8Array(32).fill(7),
};

/** Both ends of a connection. */
export interface Fixture {
  /** The client's end. */
  socket: FakeWebSocket;
  /** The client's time. */
  clock: FakeClock;
  /** The device's end. */
  session: FakeSession;
  /** Requests that the device has seen and not answered. */
  requests: JsonObject[];
  /** What leads the client there. */
  options: ConnectOptions;
}

/** A device that answers nothing but pings, and options that lead to it. */
export function setUp(
  overrides: Partial<ConnectOptions> = {},
  device: { pairingKey?: Uint8Array<ArrayBuffer>; takesPlaintext?: boolean } = {},
): Fixture {
  const { pairingKey = CREDENTIALS.pairingKey, takesPlaintext = false } = device;
  const { authToken } = CREDENTIALS;
  const socket = new FakeWebSocket();
  const clock = new FakeClock();
  const requests: JsonObject[] = [];
  const session = new FakeSession({
    clients: new Map([[authToken, { authToken, pairingKey }]]),
    transport: {
      send: (message) => socket.deliver(message),
      close: (code) => socket.drop(code),
    },
    onRequest: (request) => requests.push(request),
    takesPlaintext,
  });
  socket.peer = (message) => session.receive(message);
  const options: ConnectOptions = {
    url: URL_TEXT,
    credentials: CREDENTIALS,
    random: seededRandom(1),
    clock,
    webSocket: (url) => {
      assert.equal(url, URL_TEXT);
      queueMicrotask(() => socket.open());
      return socket;
    },
    ...overrides,
  };
  return { socket, clock, session, requests, options };
}

/** The same with the connection open. */
export async function setUpConnected(
  overrides: Partial<ConnectOptions> = {},
): Promise<Fixture & { connection: Connection }> {
  const fixture = setUp(overrides);
  return { ...fixture, connection: await connect(fixture.options) };
}
