import assert from "node:assert/strict";
import { settle } from "../../support/fake_socket.ts";
import { watchBody } from "../../../src/edges/http/watched_body.ts";

interface Watched {
  request: Request;
  /** How often the body was told to be whole. */
  whole: number;
  /** How many parts were asked of the peer. */
  pulled: number;
  /** Why the body was given up; undefined where it was not. */
  cancelled: unknown;
}

/** A POST whose body comes in the given parts; undefined breaks it off. */
function watched(parts: readonly (string | undefined)[], init: RequestInit = {}): Watched {
  const state: Omit<Watched, "request"> = { whole: 0, pulled: 0, cancelled: undefined };
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      const part = parts[state.pulled];
      state.pulled += 1;
      if (part !== undefined) controller.enqueue(new TextEncoder().encode(part));
      else if (state.pulled > parts.length) controller.close();
      else controller.error(new TypeError("the peer has gone"));
    },
    cancel(reason): void {
      state.cancelled = reason;
    },
  }, { highWaterMark: 0 });
  const original = new Request("http://device/api", {
    method: "POST",
    headers: { "Content-Type": "text/plain", "X-Test": "1" },
    body,
    ...init,
  });
  return Object.assign(state, { request: watchBody(original, () => state.whole += 1) });
}

const WAYS: [string, (request: Request) => Promise<unknown>][] = [
  ["text()", (request) => request.text()],
  ["arrayBuffer()", (request) => request.arrayBuffer()],
  ["a reader", async (request) => {
    for await (const part of request.body ?? []) assert.ok(part.length > 0);
  }],
];
for (const [way, read] of WAYS) {
  Deno.test(`watchBody() tells once when the body was read whole by ${way}`, async () => {
    const body = watched(["one", "two"]);
    await read(body.request);
    assert.equal(body.whole, 1);
  });
}

Deno.test("watchBody() passes on every byte, the headers and the method", async () => {
  const { request } = watched(["one", "two"]);
  assert.equal(request.method, "POST");
  assert.equal(request.headers.get("X-Test"), "1");
  assert.equal(await request.text(), "onetwo");
});

Deno.test("watchBody() reads nothing ahead, and says nothing before the end", async () => {
  const body = watched(["one", "two"]);
  await settle();
  assert.equal(body.pulled, 0);
  const reader = body.request.body?.getReader();
  await reader?.read();
  assert.deepEqual([body.pulled, body.whole], [1, 0]);
  await reader?.cancel("enough");
  assert.deepEqual([body.cancelled, body.whole], ["enough", 0]);
});

Deno.test("watchBody() does not take a body that breaks off for a whole one", async () => {
  const body = watched(["one", undefined]);
  await assert.rejects(body.request.text(), { message: "the peer has gone" });
  assert.equal(body.whole, 0);
});

Deno.test("watchBody() leaves a request without a body as it is", () => {
  const request = new Request("http://device/api");
  assert.equal(watchBody(request, () => assert.fail("no body")), request);
});

Deno.test("watchBody() keeps the end of the connection in the request's signal", () => {
  const stop = new AbortController();
  const { request } = watched(["one"], { signal: stop.signal });
  stop.abort();
  assert.equal(request.signal.aborted, true);
});
