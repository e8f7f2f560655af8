// When a connection ends: without a session in time, after silence, with the service, with its socket
// (docs/protocol.md §4 and §6).

import assert from "node:assert/strict";
import {
  PLAINTEXT_IDLE_MS,
  SESSION_DEADLINE_MS,
} from "../../../src/features/session/session_deadline.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { settle } from "../../support/fake_socket.ts";
import { open, setUp } from "./connection_fixture.ts";

Deno.test("a peer that must open a session gets nothing before, and is cut after 10 s", async () => {
  const { connection, socket, clock } = setUp({ mustEncrypt: true });
  connection.notify("news");
  await settle();
  clock.advance(SESSION_DEADLINE_MS - 1);
  assert.equal(socket.isAborted, false);
  clock.advance(1);
  assert.ok(socket.isAborted);
  assert.deepEqual(socket.sent, []);
});

Deno.test("the device itself is notified once it has said something, and stays", async () => {
  const { connection, socket, clock } = setUp();
  connection.notify("too early");
  connection.receive("ping");
  await settle();
  connection.notify("news");
  await settle();
  clock.advance(10 * PLAINTEXT_IDLE_MS);
  assert.deepEqual(socket.sent, ["pong", "news"]);
  assert.equal(socket.isAborted, false);
  connection.ended();
});

Deno.test("a remote peer without a session hears nothing, and ends after 2 quiet minutes", async () => {
  const { connection, socket, clock } = setUp({ isLocal: false });
  connection.receive("hello");
  await settle();
  connection.notify("news");
  clock.advance(PLAINTEXT_IDLE_MS - 1);
  connection.receive("ping");
  await settle();
  clock.advance(PLAINTEXT_IDLE_MS - 1);
  assert.equal(socket.closedWith, undefined);
  clock.advance(1);
  assert.equal(socket.closedWith, CLOSE_CODES.policy);
  assert.deepEqual(socket.sent, ["re:hello", "pong"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a remote peer may wait for its answer, and rest in a session", async () => {
  const fixture = setUp({ isLocal: false, hold: true });
  fixture.connection.receive("slow");
  await settle();
  fixture.clock.advance(2 * PLAINTEXT_IDLE_MS);
  assert.equal(fixture.socket.closedWith, undefined);
  await open(fixture);
  fixture.clock.advance(10 * PLAINTEXT_IDLE_MS);
  assert.equal(fixture.socket.closedWith, undefined);
  fixture.connection.ended();
  fixture.release();
  await settle();
});

Deno.test("shutDown() answers what runs, then closes with 1001", async () => {
  const { connection, socket, release } = setUp({ hold: true });
  connection.receive("slow");
  await settle();
  const down = connection.shutDown();
  connection.receive("late");
  await settle();
  assert.equal(socket.closedWith, undefined);
  release();
  await down;
  assert.deepEqual(socket.sent, ["re:slow"]);
  assert.equal(socket.closedWith, CLOSE_CODES.goingAway);
});

Deno.test("a socket that fails to send cuts the connection", async () => {
  const { connection, socket } = setUp();
  connection.receive("silent");
  await settle();
  socket.send = () => {
    throw new Error("broken pipe");
  };
  connection.notify("news");
  await settle();
  assert.ok(socket.isAborted);
});

Deno.test("ended() may come twice and lets everything go", async () => {
  const { connection, events, clock } = setUp();
  connection.receive("hello");
  await settle();
  connection.ended();
  connection.ended();
  connection.receive("late");
  connection.notify("late");
  await settle();
  assert.deepEqual(events, ["end"]);
  assert.equal(clock.timerCount, 0);
});
