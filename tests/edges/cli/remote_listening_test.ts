// `latchkey remote listen`: sessions one after the other, by a clock that stands still.

import assert from "node:assert/strict";
import {
  listenToRemote,
  PING_PERIOD_MS,
  RECONNECT_DELAYS_MS,
} from "../../../src/edges/cli/remote_listening.ts";
import { ClientError, type CloseInfo, type Connection } from "../../../src/sdk/connect.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { settle } from "../../support/fake_socket.ts";

class FakeConnection implements Connection {
  pings = 0;
  readonly #closed = Promise.withResolvers<CloseInfo>();
  readonly closed = this.#closed.promise;
  call(): Promise<unknown> {
    return Promise.resolve();
  }
  ping(): Promise<void> {
    this.pings += 1;
    return Promise.reject(new ClientError("timeout", "No pong"));
  }
  notifications(): ReturnType<Connection["notifications"]> {
    throw new Error("Not read here");
  }
  close(): void {
    this.end("Closed", undefined);
  }
  end(message: string, code: number | undefined): void {
    const error = new ClientError("connection_closed", message);
    this.#closed.resolve({ error, code, isOwn: code === undefined });
  }
}

const AWAY = new ClientError("unreachable", "Away");

Deno.test("pauses grow while the device is away, and begin anew after a session", async () => {
  const told: string[] = [];
  const clock = new FakeClock();
  const end = new AbortController();
  const sessions: (FakeConnection | ClientError)[] = Array.from({ length: 8 }, () => AWAY);
  const good = new FakeConnection();
  sessions.push(good, AWAY);
  const done = listenToRemote({
    open: async () => {
      const session = sessions.shift() ?? AWAY;
      if (session instanceof ClientError) throw session;
      return await Promise.resolve(session);
    },
    onOpen: () => told.push("open"),
    onLost: ({ message }, retryInMs) => told.push(`${message} ${retryInMs}`),
    signal: end.signal,
    clock,
  });
  await settle();
  for (const delay of [...RECONNECT_DELAYS_MS, 30_000, 30_000]) {
    const before = told.length;
    clock.advance(delay - 1);
    await settle();
    assert.equal(told.length, before);
    clock.advance(1);
    await settle();
  }
  good.end("Stopped", 1001);
  await settle();
  clock.advance(1000);
  await settle();
  assert.deepEqual(told, [
    ...[1, 2, 4, 8, 16, 30, 30, 30].map((s) => `Away ${s * 1000}`),
    "open",
    "Stopped 1000",
    "Away 2000",
  ]);
  end.abort();
  await done;
  assert.equal(clock.timerCount, 0);
});

Deno.test("a silent device is asked whether it is there, and the end closes the session", async () => {
  const session = new FakeConnection();
  const clock = new FakeClock();
  const end = new AbortController();
  const done = listenToRemote({
    open: () => Promise.resolve(session),
    onOpen: () => {},
    onLost: () => assert.fail("lost"),
    signal: end.signal,
    clock,
  });
  await settle();
  clock.advance(PING_PERIOD_MS * 3);
  assert.equal(session.pings, 3);
  end.abort();
  await done;
  assert.equal(clock.timerCount, 0);
});

const FINAL: [string, ClientError][] = [
  ["removed this client", new ClientError("client_removed", "Removed")],
  ["speaks another version", new ClientError("unsupported_version", "Other")],
];
for (const [name, error] of FINAL) {
  Deno.test(`a device that ${name} is not asked again`, async () => {
    const clock = new FakeClock();
    await assert.rejects(
      listenToRemote({
        open: () => Promise.reject(error),
        onOpen: () => {},
        onLost: () => assert.fail("lost"),
        signal: new AbortController().signal,
        clock,
      }),
      error,
    );
    assert.equal(clock.timerCount, 0);
  });
}

Deno.test("who was replaced by a newer connection does not come back by itself", async () => {
  const session = new FakeConnection();
  const clock = new FakeClock();
  const done = listenToRemote({
    open: () => Promise.resolve(session),
    onOpen: () => session.end("replaced by a newer connection", 4000),
    onLost: () => assert.fail("lost"),
    signal: new AbortController().signal,
    clock,
  });
  await assert.rejects(done, {
    code: "connection_closed",
    message: "A newer connection of this client has taken its place",
  });
  assert.equal(clock.timerCount, 0);
});
