// Many requests of one key and few of another, through the gateway.

import assert from "node:assert/strict";
import { manualStream } from "../../support/fake_ollama.ts";
import { CHAT, openGateway, refused, settle } from "./gateway_world.ts";
import { FIRST, LAST } from "./stream_world.ts";

Deno.test("a key that fills places and queue cannot keep another one out", async () => {
  const { ask, ollama } = openGateway({ settings: { maxConcurrent: 2, queue: 2 } });
  const streams = Array.from({ length: 5 }, () => manualStream());
  const unused = [...streams];
  ollama.script = () => unused.shift()?.response ?? assert.fail("One too many");
  const greedy = Array.from(
    { length: 4 },
    () => ask("/api/chat", { body: CHAT, keyId: "greedy00" }),
  );
  await settle();
  const pushedOut = refused(greedy[3] ?? Promise.reject(), "unavailable");
  const modest = ask("/api/chat", { body: CHAT, keyId: "modest00" });
  assert.equal((await pushedOut).retryAfterS, 1);
  for (const stream of streams) stream.write(FIRST.ndjson + LAST.ndjson);
  await (await greedy[0])?.body?.cancel();
  await settle();
  // The place that is free goes to the key that has none.
  assert.equal((await modest).status, 200);
  await (await greedy[1])?.body?.cancel();
  await (await modest).body?.cancel();
  await (await greedy[2])?.body?.cancel();
});

Deno.test("a key has as many requests with the server as its limit says", async () => {
  const { ask, ollama, gateway } = openGateway({ settings: { maxConcurrent: 4, queue: 4 } });
  const first = manualStream();
  ollama.script = () => first.response;
  first.write(FIRST.ndjson + LAST.ndjson);
  const limits = { concurrent: 1 };
  const one = await ask("/api/chat", { body: CHAT, limits });
  const two = ask("/api/chat", { body: CHAT, limits });
  await settle();
  assert.equal(ollama.seen.length, 1);
  ollama.script = undefined;
  // 0 is no limit, and another key has none.
  await (await ask("/api/chat", { body: CHAT, keyId: "other000", limits: { concurrent: 0 } }))
    .text();
  await one.body?.cancel();
  await (await two).text();
  assert.deepEqual(gateway.counts(), { requests: 0, heldBytes: 0 });
});

Deno.test("the weight of a key is its share of the queue", async () => {
  const { ask, ollama } = openGateway({ settings: { maxConcurrent: 1, queue: 2 } });
  ollama.script = () => new Promise(() => {});
  const leave = new AbortController();
  const { signal } = leave;
  const heavy = { body: CHAT, keyId: "heavy000", limits: { weight: 3 }, signal };
  const running = ask("/api/chat", { body: CHAT, keyId: "other000", signal });
  await settle();
  const light = ask("/api/chat", { body: CHAT, keyId: "light000", signal });
  const first = ask("/api/chat", heavy);
  await settle();
  // Two of weight three are less than one of weight one.
  const second = ask("/api/chat", heavy);
  await refused(light, "unavailable");
  leave.abort();
  await Promise.all([running, first, second].map((one) => refused(one, "bad_request")));
});
