// Calls, pings and notifications on an open connection (docs/protocol.md §6 and §7): order, closes,
// time.

import assert from "node:assert/strict";
import { type CloseInfo, DEFAULT_TIMEOUT_MS } from "../../src/sdk/connect.ts";
import type { Envelope, WireMessage } from "../../src/protocol/v1/frame.ts";
import { settle } from "../support/fake_socket.ts";
import { setUpConnected } from "./connected.ts";
import { expectClientError } from "./expect_client_error.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];

for (const envelope of ENVELOPES) {
  Deno.test(`200 pipelined ${envelope} calls get their own answers, in any order`, async () => {
    const heard: unknown[] = [];
    const { requests, session, clock, connection } = await setUpConnected({
      envelope,
      onNotification: (method, params) => heard.push([method, params]),
    });
    // Sizes differ, so that ciphers left to themselves would finish out of order.
    const sent = Array.from({ length: 200 }, (_, i) => ({ i, text: "x".repeat(i % 3 * 20_000) }));
    const answers = sent.map((params) => connection.call("echo", params));
    await connection.ping();
    assert.deepEqual(requests.map(({ params }) => params), sent);
    for (const [i, request] of requests.toReversed().entries()) {
      if (i % 50 === 0) session.notify("news", { i });
      session.answer(request, request["params"]);
    }
    assert.deepEqual(await Promise.all(answers), sent);
    assert.deepEqual(heard, [0, 50, 100, 150].map((i) => ["news", { i }]));
    assert.equal(clock.timerCount, 0);
    connection.close();
  });
}

Deno.test("a close rejects open calls and all later ones", async () => {
  const infos: CloseInfo[] = [];
  const fixture = await setUpConnected({ onClose: (info) => infos.push(info) });
  const { socket, clock, session, connection } = fixture;
  const calls = [connection.call("a"), connection.ping(), connection.call("b")];
  calls.forEach((call) => call.catch(() => {}));
  session.close(1001);
  await connection.closed;
  calls.push(connection.call("c"), connection.ping());
  for (const call of calls) await expectClientError(call, "connection_closed");
  const info = await connection.closed;
  assert.deepEqual([info.code, info.isOwn], [1001, false]);
  assert.equal(info.error.message, "The connection was closed");
  // Platforms may tell of one end several times; nobody hears it twice.
  socket.fail();
  socket.drop(1006);
  await settle();
  assert.deepEqual(infos, [info]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("an answer that came before the close counts", async () => {
  const { requests, session, connection } = await setUpConnected({ envelope: "binary" });
  const call = connection.call("a");
  await connection.ping();
  for (const request of requests) session.answer(request, "x".repeat(500_000));
  session.close(1001);
  assert.equal(String(await call).length, 500_000);
  assert.equal((await connection.closed).code, 1001);
});

Deno.test("close() rejects open calls and silences the device", async () => {
  const heard: string[] = [];
  const { socket, session, clock, connection } = await setUpConnected({
    onNotification: (method) => heard.push(method),
  });
  const frames: WireMessage[] = [];
  session.send('{"jsonrpc":"2.0","method":"late"}', (frame) => {
    frames.push(frame);
    return [];
  });
  await settle();
  const call = connection.call("a");
  // One frame is being opened, one waits in the queue.
  for (const frame of frames) socket.deliver(frame);
  await Promise.resolve();
  session.notify("later", {});
  connection.close();
  connection.close();
  await expectClientError(call, "connection_closed");
  await settle();
  assert.deepEqual(heard, []);
  assert.equal((await connection.closed).isOwn, true);
  assert.equal(socket.sent.length, 1, "A call was sent after close()");
  assert.equal(socket.closeCount, 1);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a socket that cannot send ends the connection", async () => {
  const { socket, connection } = await setUpConnected();
  const cause = new DOMException("Not open", "InvalidStateError");
  socket.peer = () => {
    throw cause;
  };
  const error = await expectClientError(connection.call("a"), "connection_closed");
  assert.equal(error.cause, cause);
});

Deno.test("a call gives up alone, and its late answer is ignored", async () => {
  const { requests, session, clock, connection } = await setUpConnected({ timeoutMs: 5000 });
  const slow = connection.call("slow", undefined, { timeoutMs: 7000 });
  const late = connection.call("late");
  late.catch(() => {});
  await connection.ping();
  clock.advance(5000);
  await expectClientError(late, "timeout");
  for (const request of requests) session.answer(request, request["method"]);
  assert.equal(await slow, "slow");
  await connection.ping();
  assert.equal(clock.timerCount, 0);
  connection.close();
});

Deno.test("an unanswered ping ends the connection", async () => {
  const { socket, clock, connection } = await setUpConnected();
  socket.peer = () => {};
  const ping = connection.ping();
  const call = connection.call("a", {}, { timeoutMs: DEFAULT_TIMEOUT_MS + 1 });
  ping.catch(() => {});
  call.catch(() => {});
  clock.advance(DEFAULT_TIMEOUT_MS);
  await expectClientError(ping, "timeout");
  await expectClientError(call, "timeout");
  assert.equal((await connection.closed).error.code, "timeout");
  assert.equal(clock.timerCount, 0);
  await settle();
});

Deno.test("pings are answered in their order", async () => {
  const { socket, session, connection } = await setUpConnected();
  socket.peer = () => {};
  const done: number[] = [];
  const pings = [1, 2, 3].map((i) => connection.ping().then(() => done.push(i)));
  session.send("pong");
  await pings[0];
  await settle();
  assert.deepEqual(done, [1]);
  session.send("pong");
  session.send("pong");
  await Promise.all(pings);
  assert.deepEqual(done, [1, 2, 3]);
  // One too many changes nothing.
  session.send("pong");
  await settle();
  connection.close();
});

Deno.test("call() that cannot be written as JSON leaves nothing behind", async () => {
  const { socket, clock, connection } = await setUpConnected();
  await assert.rejects(connection.call("a", { value: 1n }), TypeError);
  assert.equal(socket.sent.length, 1);
  assert.equal(clock.timerCount, 0);
  connection.close();
});

Deno.test("call() makes rpc_error of the device's error", async () => {
  const { requests, session, connection } = await setUpConnected();
  const calls = [connection.call("a"), connection.call("b"), connection.call("c")];
  await connection.ping();
  const errors = [
    { code: 1, message: "No place left", data: { code: "conflict" } },
    { code: -32601, message: "Unknown method" },
    { code: "1" },
  ];
  for (const [i, error] of errors.entries()) {
    session.send(JSON.stringify({ jsonrpc: "2.0", id: requests[i]?.["id"], error }));
  }
  const [first, second, third] = calls;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const refused = await expectClientError(first, "rpc_error");
  assert.deepEqual([refused.rpcCode, refused.message, refused.data], [
    1,
    "No place left",
    { code: "conflict" },
  ]);
  const unknown = await expectClientError(second, "rpc_error");
  assert.deepEqual([unknown.rpcCode, unknown.data], [-32601, undefined]);
  await expectClientError(third, "bad_answer");
  connection.close();
});

Deno.test("what fits no call is ignored", async () => {
  const { requests, session, connection } = await setUpConnected();
  const call = connection.call("a");
  await connection.ping();
  const [request] = requests;
  assert.ok(request !== undefined);
  const texts = ["", "{", "[]", "pong ", '{"result":1}', '{"id":null,"result":1}'];
  for (const text of texts) session.send(text);
  session.answer({ id: String(request["id"]) }, "text id");
  session.answer({ id: 99 }, "other id");
  session.answer(request, "mine");
  assert.equal(await call, "mine");
  connection.close();
});

Deno.test("a listener that throws is uncaught, and the connection goes on", async () => {
  const uncaught: unknown[] = [];
  const note = (event: ErrorEvent): void => {
    event.preventDefault();
    uncaught.push(event.error);
  };
  const mistake = new Error("The app's own mistake");
  globalThis.addEventListener("error", note);
  try {
    const { requests, session, connection } = await setUpConnected({
      onNotification: () => {
        throw mistake;
      },
    });
    const call = connection.call("a");
    await connection.ping();
    session.notify("news", {});
    session.answer(requests[0] ?? {}, "fine");
    assert.equal(await call, "fine");
    assert.deepEqual(uncaught, [mistake]);
    connection.close();
  } finally {
    globalThis.removeEventListener("error", note);
  }
});
