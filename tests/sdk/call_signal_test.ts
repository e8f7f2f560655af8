// A call that is given up through its signal, and a signal that outlives its call.

import assert from "node:assert/strict";
import { setUpConnected } from "./connected.ts";

Deno.test("call() obeys its signal before and while it waits", async () => {
  const { socket, requests, session, clock, connection } = await setUpConnected();
  const controller = new AbortController();
  const { signal } = controller;
  const given = connection.call("a", {}, { signal });
  await connection.ping();
  controller.abort(new Error("Enough"));
  await assert.rejects(given, (error) => error === signal.reason);
  await assert.rejects(connection.call("b", {}, { signal }), (error) => error === signal.reason);
  assert.equal(socket.sent.length, 3, "The call under an aborted signal was sent");
  for (const request of requests) session.answer(request, "late");
  const next = connection.call("c");
  await connection.ping();
  session.answer(requests.at(-1) ?? {}, "c");
  assert.equal(await next, "c");
  assert.equal(clock.timerCount, 0);
  connection.close();
});

Deno.test("call() leaves nothing on a signal that outlives it", async () => {
  const { requests, session, connection } = await setUpConnected();
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) =>
    void listeners.delete(listener);
  const call = connection.call("a", {}, { signal });
  assert.equal(listeners.size, 1);
  await connection.ping();
  session.answer(requests[0] ?? {}, "done");
  assert.equal(await call, "done");
  assert.equal(listeners.size, 0);
  connection.close();
});
