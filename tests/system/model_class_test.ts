// A class of clients behind one address, as a proxy on the device makes them: the real service with
// its defaults serves 200 streams at once, shares its slots by key, and takes new limits meanwhile.

import assert from "node:assert/strict";
import {
  FakeOllama,
  line,
  type ManualStream,
  manualStream,
  WORDS,
} from "../support/fake_ollama.ts";
import {
  callLocal,
  type ServiceProcess,
  startService,
  withDataDir,
  writeConfig,
} from "../support/service_process.ts";
import { until } from "../support/until.ts";

const MODEL = "llama3.1:8b";
const CLASS_SIZE = 200;
/** Slots with the server unless they are set. */
const DEFAULT_SLOTS = 4;
const GREEDY_REQUESTS = 60;
const WORD = line({ message: { role: "assistant", content: "The" }, done: false });
const LAST = line({ message: { role: "assistant", content: "" }, done: true });

interface World {
  ollama: FakeOllama;
  service: ServiceProcess;
  /** Starts a chat of a key; what it says names it. */
  chat(key: string, says: string): Promise<Response>;
  newKey(): Promise<string>;
  /** How many requests wait for a slot. */
  waiting(): Promise<number>;
  /** Reads a configuration with other settings of [models] while it runs. */
  reload(settings: string): Promise<void>;
}

// The service looks by itself whether the server answers; those requests do not count.
function chatsOf({ seen }: FakeOllama): string[] {
  return seen.filter(({ path }) => path === "/api/chat").map(({ text }) => text);
}

function classTest(name: string, test: (world: World) => Promise<void>): void {
  Deno.test(name, async () => {
    const ollama = new FakeOllama();
    const upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ollama.handle,
    );
    const tablesWith = (settings: string): string =>
      `[models]\nenabled = true\nupstream = "http://127.0.0.1:${upstream.addr.port}"\n` +
      `allow = ["${MODEL}"]\n${settings}`;
    // Connections end with their test.
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    try {
      await withDataDir(async (dataDir) => {
        const service = await startService({ dataDir, tables: tablesWith("") });
        try {
          await test({
            ollama,
            service,
            chat: (key, says) =>
              fetch(`${service.baseUrl}/api/chat`, {
                client,
                method: "POST",
                headers: { Authorization: `Bearer ${key}` },
                body: JSON.stringify({
                  model: MODEL,
                  messages: [{ role: "user", content: says }],
                }),
              }),
            async newKey(): Promise<string> {
              const params = { name: "class", scopes: ["models"] };
              const added = await callLocal(service.baseUrl, "keys.new", params);
              return (added as { key: string }).key;
            },
            async waiting(): Promise<number> {
              const metrics = await (await fetch(`${service.baseUrl}/metrics`)).text();
              return Number(/^latchkey_model_waiting (\d+)$/m.exec(metrics)?.[1]);
            },
            async reload(settings): Promise<void> {
              await writeConfig({ dataDir, tables: tablesWith(settings) });
              await service.reload();
            },
          });
        } finally {
          assert.equal(await service.stop(), 0);
        }
      });
    } finally {
      await upstream.shutdown();
    }
  });
}

classTest(`${CLASS_SIZE} streams from one address at once are all served`, async (world) => {
  const { ollama, chat, newKey, waiting } = world;
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const keys = [await newKey(), await newKey()];
  const asked = Array.from(
    { length: CLASS_SIZE },
    (_, at) => chat(keys[at % 2] ?? "", `seat ${at}`),
  );
  const answered = Promise.all(asked.map(async (answer) => {
    const { status, body } = await answer;
    return { status, text: await new Response(body).text() };
  }));
  await until("all wait", async () => await waiting() === CLASS_SIZE - DEFAULT_SLOTS);
  gate.resolve();
  for (const { status, text } of await answered) {
    assert.equal(status, 200, text);
    const frames = text.trim().split("\n").map((frame) => JSON.parse(frame));
    assert.equal(frames.map(({ message }) => message.content).join(""), WORDS.join(""));
    assert.equal(frames.at(-1).done, true);
  }
  assert.equal(chatsOf(ollama).length, CLASS_SIZE);
});

classTest("a key that asks for much does not keep another one waiting", async (world) => {
  const { ollama, chat, newKey, waiting } = world;
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const [greedy, modest] = [await newKey(), await newKey()];
  const asked = Array.from({ length: GREEDY_REQUESTS }, () => chat(greedy, "greedy"));
  await until("the greedy wait", async () => await waiting() === GREEDY_REQUESTS - DEFAULT_SLOTS);
  asked.push(chat(modest, "modest"), chat(modest, "modest"));
  await until(
    "the modest wait",
    async () => await waiting() === GREEDY_REQUESTS - DEFAULT_SLOTS + 2,
  );
  gate.resolve();
  for (const answer of await Promise.all(asked)) {
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  }
  await until("all have been with the server", () => chatsOf(ollama).length === asked.length);
  // The first slot that is free goes to the key that has none.
  const places = chatsOf(ollama).flatMap((text, at) => text.includes("modest") ? [at] : []);
  assert.equal(places[0], DEFAULT_SLOTS);
  assert.ok((places[1] ?? Infinity) < 2 * DEFAULT_SLOTS, String(places));
});

classTest("a reload breaks no stream, and new limits hold from then on", async (world) => {
  const { ollama, chat, newKey, waiting, reload } = world;
  const streams: ManualStream[] = [];
  ollama.script = ({ path }) => {
    if (path !== "/api/chat") return Response.json({ version: "0.12.6" });
    const stream = manualStream();
    streams.push(stream);
    stream.write(WORD);
    return stream.response;
  };
  const key = await newKey();
  const texts = Array.from({ length: 10 }, async () => {
    const answer = await chat(key, "x");
    return `${answer.status} ${await answer.text()}`;
  });
  await until("six wait", async () => streams.length === 4 && await waiting() === 6);
  await reload("max_concurrent = 2\nqueue = 6");
  // The queue is full by its new limit.
  const refused = await chat(key, "x");
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("Retry-After") ?? "", /^\d+$/);
  await refused.body?.cancel();
  const finish = (some: readonly ManualStream[]): void => {
    for (const stream of some) {
      stream.write(WORD + LAST);
      stream.end();
    }
  };
  finish(streams.slice(0, 4));
  await until("two more are there", async () => streams.length >= 6 && await waiting() <= 4);
  assert.deepEqual([streams.length, await waiting()], [6, 4]);
  await reload("max_concurrent = 8");
  await until("all are there", () => streams.length === 10);
  finish(streams.slice(4));
  for (const text of await Promise.all(texts)) assert.equal(text, `200 ${WORD}${WORD}${LAST}`);
});
