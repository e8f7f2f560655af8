// A device whose HTTP routes are called without a socket, with all its parts in memory. Every
// answer is checked for what every answer must have (docs/protocol.md §10).

import assert from "node:assert/strict";
import * as v from "valibot";
import { AppError } from "../../../src/base/app_error.ts";
import type { LogFields, Logger } from "../../../src/base/log.ts";
import type { Client } from "../../../src/features/access/client.ts";
import { EventStreams } from "../../../src/edges/http/events.ts";
import { createAppPage } from "../../../src/edges/http/page/app_page.ts";
import { createPolicyFacts, type PolicySettings } from "../../../src/edges/http/policy_facts.ts";
import type { Peer } from "../../../src/edges/http/request_env.ts";
import { createRoutes, type RoutesOptions } from "../../../src/edges/http/routes.ts";
import { KeyHolds } from "../../../src/features/access/key_holds.ts";
import { KeyRing } from "../../../src/features/access/key_ring.ts";
import { PairingWindow } from "../../../src/features/pairing/pairing_window.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import { defineMethod } from "../../../src/features/rpc/method.ts";
import { Notifications } from "../../../src/features/rpc/notifications.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryKeyStore } from "../../support/memory_key_store.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** The device itself. */
export const LOCAL: Peer = { address: "127.0.0.1", cameOverLoopback: true, guarded: undefined };

/** Somebody in the network, who is in allowed_ips unless a test says otherwise. */
export const REMOTE: Peer = {
  address: "198.51.100.1",
  cameOverLoopback: false,
  guarded: undefined,
};

const SETTINGS: PolicySettings = {
  encryption: false,
  allowedIps: [REMOTE.address],
  metricsAllow: [],
  hostNames: [],
  allowedOrigins: ["https://app.example"],
  allowRun: ["hello.*"],
};

/** One request. */
export interface Ask extends RequestInit {
  /** Who asks. @default LOCAL */
  peer?: Peer;
}

/** An answer that was read to its end. */
export interface Answer {
  /** The status. */
  status: number;
  /** The headers. */
  headers: Headers;
  /** The body. */
  text: string;
  /** The code of an error's body. */
  code: string | undefined;
  /** The message of an error's body. */
  message: string | undefined;
}

/** A log line. */
export type Line = [level: keyof Logger, message: string, fields: LogFields];

/** A device under test and its parts. */
export interface Device {
  /** The settings, which may be replaced. */
  readonly settings: { current: PolicySettings };
  /** The API keys. */
  readonly keys: KeyRing;
  /** What keys hold open. */
  readonly holds: KeyHolds;
  /** The pairing window. */
  readonly pairing: PairingWindow;
  /** The paired clients. */
  readonly clients: Client[];
  /** Time. */
  readonly clock: FakeClock;
  /** The event streams. */
  readonly events: EventStreams;
  /** The notifications that they carry. */
  readonly bus: Notifications;
  /** What was logged. */
  readonly lines: Line[];
  /** The statuses of the answers, as the metrics hear of them. */
  readonly statuses: number[];
  /** The texts that were run. */
  readonly runs: string[];
  /** The addresses from which a confirm failed. */
  readonly failedFrom: string[];
  /** What the router has. */
  readonly routes: readonly { method: string; path: string }[];
  /** Asks and reads the whole answer. */
  ask(path: string, init?: Ask): Promise<Answer>;
  /** Asks and leaves the body unread. */
  fetch(path: string, init?: Ask): Promise<Response>;
}

/** What a test changes about its device. */
export interface DeviceOptions extends Partial<Omit<RoutesOptions, "pairing" | "events">> {
  /** Other settings. */
  settings?: Partial<PolicySettings>;
  /** How many clients there may be. @default 50 */
  maxClients?: number;
  /** Whether clients cannot be kept. @default false */
  isStoreBroken?: boolean;
}

/** A device that is ready. */
export function openDevice(options: DeviceOptions = {}): Device {
  const { settings: changes, maxClients = 50, isStoreBroken = false, ...routeOptions } = options;
  const clock = new FakeClock();
  const settings = { current: { ...SETTINGS, ...changes } };
  const lines: Line[] = [];
  const log = recordingLogger(lines);
  const keys = new KeyRing({ store: new MemoryKeyStore(), clock, random: seededRandom(1), log });
  const clients: Client[] = [];
  const pairing = new PairingWindow({
    clock,
    random: seededRandom(2),
    clients: {
      limit: maxClients,
      maxNameBytes: 128,
      count: () => clients.length,
      add: (client) => {
        if (isStoreBroken) throw new Error("database is locked: /var/lib/latchkey/latchkey.sqlite");
        clients.push(client);
      },
    },
    events: { opened: () => {}, failed: () => {}, refused: () => {}, ended: () => {} },
  });
  const holds = new KeyHolds({
    isInForce: (keyId, scope) => keys.isInForce(keyId, scope),
    clock,
    log,
  });
  const bus = new Notifications();
  const events = new EventStreams((sink) => bus.subscribe(sink), clock);
  const statuses: number[] = [];
  const runs: string[] = [];
  const failedFrom: string[] = [];
  const dispatcher = createDispatcher({ methods: [whoAmI], roleOf: () => "member", log });
  const routes = createRoutes({
    pairing,
    events,
    onPairingFailed: (address) => void failedFrom.push(address),
    handleRpc: (text, caller) => dispatcher.handle(text, caller),
    connect: () => assert.fail("There are no sockets here"),
    holds,
    runText: (text) => {
      runs.push(text);
      return Promise.resolve();
    },
    page: createAppPage({ publicName: () => undefined, reachableUrl: () => undefined }),
    metrics: () => Promise.resolve({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }),
    onAnswered: (status) => statuses.push(status),
    policyFacts: createPolicyFacts({
      settings: () => settings.current,
      keys,
      hostName: "Handheld.local",
      announcedNames: () => [],
      addresses: () => ["192.0.2.7"],
      port: () => 7497,
      clock,
    }),
    state: () => "ready",
    isStopping: () => false,
    random: seededRandom(3),
    log,
    ...routeOptions,
  });

  async function send(path: string, init: Ask = {}): Promise<Response> {
    const { peer = LOCAL, headers, ...rest } = init;
    const request = new Request(`http://192.0.2.7:7497${path}`, {
      ...rest,
      headers: { host: "192.0.2.7:7497", ...Object.fromEntries(new Headers(headers)) },
    });
    const response = await routes.fetch(request, { peer });
    assert.match(response.headers.get("X-Request-ID") ?? "", UUID, `${path} has a name`);
    return response;
  }

  async function ask(path: string, init: Ask = {}): Promise<Answer> {
    const response = await send(path, init);
    const { status, headers } = response;
    const text = await response.text();
    const isError = status >= 400 && init.method !== "HEAD";
    const error = !isError
      ? undefined
      : path.startsWith("/api/pair/")
      ? checkPairingError(text, headers)
      : checkError(text, headers);
    return { status, headers, text, code: error?.code, message: error?.message };
  }

  return {
    settings,
    keys,
    holds,
    pairing,
    clients,
    clock,
    events,
    bus,
    lines,
    statuses,
    runs,
    failedFrom,
    routes: routes.routes,
    ask,
    fetch: send,
  };
}

/** A JSON-RPC request for the device's method of tests, which tells who called. */
export const WHO_AM_I = '{"jsonrpc":"2.0","id":1.0,"method":"whoAmI"}';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const whoAmI = defineMethod({
  name: "whoAmI",
  access: "anyone",
  params: v.object({ mustFail: v.optional(v.boolean()) }),
  result: v.unknown(),
  run: ({ mustFail }, { caller }) => {
    if (mustFail) throw new AppError("conflict", "As wished");
    return { isLocal: caller.isLocal, address: caller.address };
  },
});

// The one shape of every error, named like its header.
function checkError(text: string, headers: Headers): { code: string; message: string } {
  assert.equal(headers.get("Content-Type"), "application/json");
  const body = JSON.parse(text);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.deepEqual(Object.keys(body.error), ["code", "message", "request_id"]);
  assert.equal(body.error.request_id, headers.get("X-Request-ID"));
  return body.error;
}

// Pairing has Core's: a text.
function checkPairingError(text: string, headers: Headers): { code: undefined; message: string } {
  assert.equal(headers.get("Content-Type"), "application/json");
  const body = JSON.parse(text);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.equal(typeof body.error, "string");
  return { code: undefined, message: body.error };
}

function recordingLogger(lines: Line[]): Logger {
  const at = (level: keyof Logger) => (message: string, fields: LogFields = {}): void => {
    lines.push([level, message, fields]);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
