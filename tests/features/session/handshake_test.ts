// A version whose opening takes two messages, beside version 1 on the same connections.

import assert from "node:assert/strict";
import { decodeUtf8, utf8 } from "../../../src/base/bytes.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { MAX_FIRST_FRAME_BYTES, type WireMessage } from "../../../src/protocol/v1/frame.ts";
import { Connection } from "../../../src/features/session/connection.ts";
import {
  type HandshakeStep,
  openByVersion,
  type SessionOpening,
} from "../../../src/features/session/opening.ts";
import { SESSION_DEADLINE_MS } from "../../../src/features/session/session_deadline.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { StrangerRoom } from "../../../src/features/session/stranger_room.ts";
import { TurnBudget } from "../../../src/features/session/turn_budget.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket, settle } from "../../support/fake_socket.ts";

const CLIENT = "client-1";
const HELLO = '{"v":7,"e":"AA==","t":"token","s":"AA=="}';

/** Seals by reversing, which shows who sealed what and protects nothing. */
function reversed(text: string): string {
  return [...text].reverse().join("");
}

/** Asks back as often as it is told, then opens for whoever repeats its last question. */
function questioningVersion(questions: number): SessionOpening {
  const ask = (left: number): HandshakeStep => ({
    kind: "answered",
    reply: utf8(`question ${left}`),
    next: (message) => Promise.resolve(judge(message, left)),
  });
  const judge = (message: WireMessage, left: number): HandshakeStep => {
    if (message !== `question ${left}`) {
      return { kind: "refused", reason: "bad_ciphertext", clientId: CLIENT, beganThrottle: false };
    }
    if (left > 1) return ask(left - 1);
    const session = {
      clientId: CLIENT,
      seal: (text: string) => Promise.resolve(reversed(text)),
      open: (sealed: WireMessage) =>
        Promise.resolve(typeof sealed === "string" ? reversed(sealed) : undefined),
    };
    return { kind: "opened", session, text: "first" };
  };
  return { version: 7, open: () => Promise.resolve(ask(questions)) };
}

interface Fixture {
  connection: Connection;
  socket: FakeSocket;
  clock: FakeClock;
  /** What happened, in order. */
  events: string[];
}

function setUp(options: { mustEncrypt?: boolean; questions?: number } = {}): Fixture {
  const { mustEncrypt = true, questions = 1 } = options;
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const events: string[] = [];
  const connection = new Connection({
    socket,
    address: "10.0.0.2",
    connectionId: "c1",
    openSession: openByVersion([questioningVersion(questions)]),
    isPaired: () => true,
    requests: (clientId) => ({
      handle: (text) => {
        events.push(`${clientId ?? "nobody"} asks ${text}`);
        return Promise.resolve(`re:${text}`);
      },
      busy: () => undefined,
    }),
    isLocal: !mustEncrypt,
    strangers: new StrangerRoom(),
    mustEncrypt: () => mustEncrypt,
    plaintextErrors: { encryptionRequired: "required", unsupportedVersion: "unsupported" },
    turn: new TurnBudget(clock),
    clock,
    log: silentLogger,
    events: {
      onSession: () => events.push("session"),
      onRefused: ({ reason }) => events.push(`refused ${reason}`),
      onEnd: () => events.push("end"),
    },
  });
  return { connection, socket, clock, events };
}

async function say(fixture: Fixture, ...messages: WireMessage[]): Promise<void> {
  for (const message of messages) fixture.connection.receive(message);
  await settle();
}

function sentTexts({ socket }: Fixture): (string | undefined)[] {
  return socket.sent.map((message) => typeof message === "string" ? message : decodeUtf8(message));
}

Deno.test("a handshake of several messages opens a session with its last", async () => {
  const fixture = setUp({ questions: 2 });
  await say(fixture, HELLO);
  assert.deepEqual(sentTexts(fixture), ["question 2"]);
  assert.equal(fixture.connection.clientId, undefined);
  await say(fixture, "question 2");
  assert.deepEqual(fixture.events, []);
  await say(fixture, "question 1");
  assert.deepEqual(fixture.events, ["session", `${CLIENT} asks first`]);
  assert.deepEqual(sentTexts(fixture).slice(2), [reversed("re:first")]);
  await say(fixture, reversed("second"));
  assert.equal(fixture.events.at(-1), `${CLIENT} asks second`);
  fixture.clock.advance(10 * SESSION_DEADLINE_MS);
  assert.equal(fixture.socket.isAborted, false);
});

Deno.test("messages of a handshake that come at once are judged in their order", async () => {
  const fixture = setUp({ questions: 2 });
  await say(fixture, HELLO, "question 2", "question 1", reversed("second"));
  assert.deepEqual(fixture.events.slice(0, 3), [
    "session",
    `${CLIENT} asks first`,
    `${CLIENT} asks second`,
  ]);
  assert.deepEqual(sentTexts(fixture).slice(0, 2), ["question 2", "question 1"]);
});

Deno.test("a wrong message in a handshake ends the connection", async () => {
  for (const wrong of ["no answer", '{"jsonrpc":"2.0","method":"version","id":1}', HELLO, "ping"]) {
    const fixture = setUp();
    await say(fixture, HELLO, wrong, "question 1");
    assert.deepEqual(fixture.events, ["refused bad_ciphertext", "end"]);
    assert.equal(fixture.socket.closedWith, CLOSE_CODES.policy);
  }
});

Deno.test("a handshake takes no plaintext where plaintext is allowed, and hears nothing", async () => {
  const fixture = setUp({ mustEncrypt: false });
  await say(fixture, "plain");
  assert.deepEqual(fixture.events, ["nobody asks plain"]);
  await say(fixture, HELLO);
  fixture.connection.notify("news");
  await settle();
  assert.deepEqual(sentTexts(fixture), ["re:plain", "question 1"]);
  await say(fixture, "plain");
  assert.deepEqual(fixture.events.slice(1), ["refused bad_ciphertext", "end"]);
});

Deno.test("a message of a handshake is no longer than a first frame", async () => {
  const fixture = setUp();
  await say(fixture, HELLO, "x".repeat(MAX_FIRST_FRAME_BYTES + 1));
  assert.equal(fixture.socket.closedWith, CLOSE_CODES.tooBig);
});

for (const mustEncrypt of [true, false]) {
  const who = mustEncrypt ? "must encrypt" : "may speak plaintext";
  Deno.test(`all messages of a handshake share one deadline for a peer that ${who}`, async () => {
    const fixture = setUp({ mustEncrypt, questions: 9 });
    const spentMs = mustEncrypt ? SESSION_DEADLINE_MS / 2 : 3 * SESSION_DEADLINE_MS;
    fixture.clock.advance(spentMs);
    await say(fixture, HELLO);
    const leftMs = mustEncrypt ? SESSION_DEADLINE_MS / 2 : SESSION_DEADLINE_MS;
    fixture.clock.advance(leftMs - 1);
    await say(fixture, "question 9");
    assert.equal(fixture.socket.isAborted, false);
    fixture.clock.advance(1);
    assert.equal(fixture.socket.isAborted, true);
    assert.deepEqual(fixture.events, ["end"]);
  });
}

Deno.test("a handshake that ends with its peer leaves no deadline behind", async () => {
  const fixture = setUp();
  await say(fixture, HELLO);
  assert.equal(fixture.clock.timerCount, 1);
  fixture.connection.ended();
  assert.equal(fixture.clock.timerCount, 0);
  fixture.clock.advance(2 * SESSION_DEADLINE_MS);
  assert.deepEqual(fixture.events, ["end"]);
  assert.equal(fixture.socket.isAborted, false);
});

Deno.test("a version that nobody speaks is told so", async () => {
  const fixture = setUp();
  await say(fixture, HELLO.replace("7", "8"));
  assert.deepEqual(sentTexts(fixture), ["unsupported"]);
  assert.deepEqual(fixture.events, ["refused unsupported_version", "end"]);
});
