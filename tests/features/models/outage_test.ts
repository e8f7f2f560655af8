import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { Outages } from "../../../src/features/models/outage.ts";
import { manualStream } from "../../support/fake_ollama.ts";
import { CHAT, openGateway, refused, settle } from "./gateway_world.ts";

interface Fixture {
  outages: Outages;
  lines: string[];
  fail(): Promise<void>;
  succeed(): Promise<void>;
}

function fixture(): Fixture {
  const lines: string[] = [];
  const outages = new Outages({
    what: "The store",
    log: {
      ...silentLogger,
      info: (message) => lines.push(`info ${message}`),
      error: (message) => lines.push(`error ${message}`),
    },
  });
  return {
    outages,
    lines,
    fail: () => assert.rejects(outages.watch(() => Promise.reject(new Error("away"))), /away/),
    succeed: async () => assert.equal(await outages.watch(() => Promise.resolve(7)), 7),
  };
}

Deno.test("an outage is told once at its start and once at its end", async () => {
  const { lines, fail, succeed } = fixture();
  const gone = "error The store cannot be used";
  const back = "info The store can be used again";
  await succeed();
  assert.deepEqual(lines, []);
  await fail();
  await fail();
  await fail();
  assert.deepEqual(lines, [gone]);
  await succeed();
  await succeed();
  assert.deepEqual(lines, [gone, back]);
  await fail();
  assert.deepEqual(lines, [gone, back, gone]);
});

Deno.test("an answer to what was asked before the outage does not end it", async () => {
  const { outages, lines, fail, succeed } = fixture();
  const { promise, resolve } = Promise.withResolvers<number>();
  const early = outages.watch(() => promise);
  await fail();
  resolve(1);
  await early;
  await fail();
  assert.equal(lines.length, 1);
  await succeed();
  assert.equal(lines.length, 2);
});

Deno.test("what the caller ended itself is no outage", async () => {
  const { outages, lines } = fixture();
  const ended = outages.watch(() => Promise.reject(new Error("left")), { isOurs: () => true });
  await assert.rejects(ended, /left/);
  assert.deepEqual(lines, []);
});

Deno.test("an outage of the server is one line at its start and one at its end", async () => {
  let isAway = true;
  const { ask, lines, ollama } = openGateway({
    fetch: (url, init) =>
      isAway ? Promise.reject(new TypeError("refused")) : ollama.fetch(url, init),
  });
  const loud = (): string[] =>
    lines.filter(([level]) => level !== "debug").map(([, message]) => message);
  for (const _ of [1, 2, 3]) {
    await refused(ask("/api/chat", { body: CHAT }), "upstream_unavailable");
  }
  assert.deepEqual(loud(), ["The model server cannot be used"]);
  isAway = false;
  for (const _ of [1, 2]) {
    await (await ask("/api/chat", { body: CHAT })).text();
  }
  assert.deepEqual(loud(), [
    "The model server cannot be used",
    "The model server can be used again",
  ]);
});

for (const status of [429, 502, 503, 504]) {
  Deno.test(`a server that answers ${status} is away: one line at its start and one at its end`, async () => {
    const { ask, lines, ollama } = openGateway();
    const code = status === 429 || status === 503 ? "unavailable" : "upstream_unavailable";
    const loud = (): string[] =>
      lines.filter(([level]) => level !== "debug").map(([, message]) => message);
    ollama.script = () => new Response("/root is away", { status });
    for (const _ of [1, 2, 3]) {
      await refused(ask("/api/chat", { body: CHAT }), code);
    }
    assert.deepEqual(loud(), ["The model server cannot be used"]);
    const told = lines.find(([level]) => level === "error")?.[2];
    assert.deepEqual(told, { reason: `It answers with status ${status}` });
    ollama.script = undefined;
    await (await ask("/api/chat", { body: CHAT })).text();
    assert.deepEqual(loud().slice(1), ["The model server can be used again"]);
  });
}

Deno.test("a server that says nothing is away: one line for all who waited in vain", async () => {
  const { ask, clock, lines, ollama } = openGateway({ settings: { timeoutS: 5 } });
  ollama.script = () => new Promise(() => {});
  for (const _ of [1, 2, 3]) {
    const asked = refused(ask("/api/chat", { body: CHAT }), "upstream_timeout");
    await settle();
    clock.advance(5_000);
    await asked;
  }
  const loud = lines.filter(([level]) => level !== "debug").map(([, message]) => message);
  assert.deepEqual(loud, ["The model server cannot be used"]);
});

Deno.test("an answer that stops is told of each time: the server was there", async () => {
  const { ask, clock, lines, ollama } = openGateway({ settings: { timeoutS: 5 } });
  for (const _ of [1, 2]) {
    const stream = manualStream();
    ollama.script = () => stream.response;
    stream.write('{"message":{"content":"x"},"done":false}\n');
    const answer = await ask("/api/chat", { body: CHAT });
    const text = answer.text();
    await settle();
    clock.advance(5_000);
    assert.match(await text, /upstream_timeout/);
  }
  const loud = lines.filter(([level]) => level !== "debug").map(([, , { code }]) => code);
  assert.deepEqual(loud.filter((code) => code === "upstream_timeout").length, 2);
});

Deno.test("a client that leaves is no outage of the server, and requests refused for room are no news", async () => {
  const { ask, lines, ollama } = openGateway({ settings: { maxConcurrent: 1, queue: 0 } });
  ollama.script = () => new Promise(() => {});
  const leave = new AbortController();
  const held = ask("/api/chat", { body: CHAT, signal: leave.signal });
  await settle();
  await refused(ask("/api/chat", { body: CHAT }), "unavailable");
  leave.abort();
  await refused(held, "bad_request");
  assert.deepEqual(
    lines.filter(([level]) => level !== "debug").map(([, , { reason }]) => reason),
    ["The client disconnected"],
  );
});
