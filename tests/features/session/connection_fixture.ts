// A connection for tests, its peer and its requests under their hand.

import assert from "node:assert/strict";
import { platformAead } from "../../../src/edges/platform/sync_aead.ts";
import type { Eventual } from "../../../src/base/eventual.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { Envelope } from "../../../src/protocol/v1/frame.ts";
import { Connection } from "../../../src/features/session/connection.ts";
import { openByVersion } from "../../../src/features/session/opening.ts";
import { Throttle } from "../../../src/features/session/throttle.ts";
import { V1Opening } from "../../../src/features/session/v1_opening.ts";
import { StrangerRoom } from "../../../src/features/session/stranger_room.ts";
import { TurnBudget } from "../../../src/features/session/turn_budget.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket, settle } from "../../support/fake_socket.ts";
import { MemoryLedger } from "../../support/memory_ledger.ts";
import { createPhone, type SessionPhone, testClient } from "../../support/session_phone.ts";

/** The plaintext error where a session is required. */
export const REQUIRED = '{"error":"required"}';
/** The token of a client that was removed. */
export const REMOVED = "33333333-3333-4333-8333-333333333333";
/** The plaintext error for another version. */
export const UNSUPPORTED = '{"error":"unsupported"}';

/** A connection over a socket without a network, with one paired client. */
export interface Fixture {
  connection: Connection;
  socket: FakeSocket;
  clock: FakeClock;
  events: string[];
  /** Requests as the handler saw them, each with its client. */
  handled: string[];
  /** Lets a request that the handler holds back go on. */
  release: () => void;
}

/** What a connection of a test is given. */
export interface FixtureOptions {
  mustEncrypt?: boolean;
  isPaired?: boolean;
  /** Whether requests wait until they are released. */
  hold?: boolean;
  isLocal?: boolean;
  /** What strangers hold together. */
  strangers?: StrangerRoom;
  /** Answers instead of the handler that is there otherwise. */
  handle?: (text: string) => Eventual<string | undefined>;
  /** What the record of a session waits for. */
  recorded?: Promise<void>;
  /** Hears of frames before the fixture does. */
  onFrame?: () => void;
}

/** Sets up a connection. */
export function setUp(options: FixtureOptions = {}): Fixture {
  const { mustEncrypt = false, isPaired = true, hold = false, isLocal = !mustEncrypt } = options;
  const { onFrame = () => {}, strangers = new StrangerRoom() } = options;
  const client = testClient();
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const events: string[] = [];
  const handled: string[] = [];
  const gate = Promise.withResolvers<void>();
  const ledger = new MemoryLedger(client.clientId);
  const v1 = new V1Opening({
    clients: { findByToken: (token) => token === client.authToken ? client : undefined },
    removed: { wasRemoved: (token) => token === REMOVED },
    ledger,
    recordSession: async ({ clientId, salt }) => {
      await options.recorded;
      return ledger.record(clientId, salt);
    },
    throttle: new Throttle(),
    syncAead: platformAead,
    clock,
  });
  const answerLater = async (text: string): Promise<string | undefined> => {
    if (hold) await gate.promise;
    if (text.startsWith("large")) return `re:${text}`.padEnd(390_000, "x");
    return text === "silent" ? undefined : `re:${text}`;
  };
  const connection = new Connection({
    socket,
    address: "10.0.0.2",
    connectionId: "c1",
    openSession: openByVersion([v1]),
    isPaired: () => isPaired,
    requests: (clientId) => ({
      handle: (text) => {
        handled.push(`${clientId === undefined ? "plain" : "session"} ${text}`);
        return (options.handle ?? answerLater)(text);
      },
      busy: (text) => `busy:${text}`,
    }),
    isLocal,
    strangers,
    mustEncrypt: () => mustEncrypt,
    plaintextErrors: { encryptionRequired: REQUIRED, unsupportedVersion: UNSUPPORTED },
    turn: new TurnBudget(clock),
    clock,
    log: silentLogger,
    events: {
      onSession: () => events.push("session"),
      onRefused: ({ reason }) => events.push(`refused ${reason}`),
      onFrame: () => {
        onFrame();
        events.push("frame");
      },
      onEnd: () => events.push("end"),
    },
  });
  return { connection, socket, clock, events, handled, release: gate.resolve };
}

/** Opens a session with the first message "ping". */
export async function open(
  fixture: Fixture,
  options: { envelope?: Envelope; salt?: number } = {},
): Promise<SessionPhone> {
  const { envelope = "json", salt = 1 } = options;
  const phone = createPhone(testClient(), { salt: new Uint8Array(16).fill(salt), envelope });
  fixture.connection.receive(await phone.seal("ping"));
  await settle();
  const pong = fixture.socket.sent.at(-1);
  assert.ok(pong !== undefined);
  assert.equal(await phone.open(pong), "pong");
  return phone;
}

/** The texts in what the device has sent, from the message at `from` on. */
export async function texts(fixture: Fixture, phone: SessionPhone, from = 1): Promise<string[]> {
  const opened: string[] = [];
  for (const message of fixture.socket.sent.slice(from)) {
    opened.push(await phone.open(message) ?? "(broken)");
  }
  return opened;
}
