// A class behind one address of the network, as a router makes them: the real service with its
// defaults, and a second host that asks for 200 streams at once, each on a connection of its own.

import assert from "node:assert/strict";
import { FakeOllama, WORDS } from "../support/fake_ollama.ts";
import type { FloodResult } from "../support/remote_agent.ts";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import {
  callLocal,
  type ServiceProcess,
  startService,
  withDataDir,
  writeConfig,
} from "../support/service_process.ts";
import type { StreamResult } from "../support/stream_class.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoRemoteHost();
const MODEL = "llama3.1:8b";
const CLASS_SIZE = 200;
/** Slots with the server unless they are set. */
const DEFAULT_SLOTS = 4;
const KEYS = 4;

interface World {
  readonly ollama: FakeOllama;
  readonly service: ServiceProcess;
  readonly host: RemoteHost;
  readonly port: number;
  /** A class that asks at once; a key each in turn. */
  ask(size: number): Promise<StreamResult[]>;
  /** What a line of /metrics says. */
  metric(name: string): Promise<number>;
  /** Reads a configuration with other limits while it runs. */
  reload(limits: string): Promise<void>;
}

function lanTest(
  name: string,
  { number, limits = "" }: { number: number; limits?: string },
  test: (world: World) => Promise<void>,
): void {
  systemTest(name, { whyNot, run: () => withWorld(number, limits, test) });
}

async function withWorld(
  number: number,
  limits: string,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(number);
  const ollama = new FakeOllama();
  const upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ollama.handle,
  );
  const tablesWith = (table: string): string =>
    `[models]\nenabled = true\nupstream = "http://127.0.0.1:${upstream.addr.port}"\n` +
    `allow = ["${MODEL}"]\n[security]\nallowed_ips = ["${host.address}"]\n[limits]\n${table}`;
  try {
    await withDataDir(async (dataDir) => {
      const tables = tablesWith(limits);
      const service = await startService({ dataDir, listen: "[::]:0", tables });
      try {
        const { baseUrl } = service;
        const port = Number(new URL(baseUrl).port);
        const keys = await Promise.all(Array.from({ length: KEYS }, async (_, at) => {
          const params = { name: `class ${at}`, scopes: ["models"] };
          return (await callLocal(baseUrl, "keys.new", params) as { key: string }).key;
        }));
        await test({
          ollama,
          service,
          host,
          port,
          ask: (size) =>
            host.ask<StreamResult[]>({
              op: "streams",
              host: host.deviceAddress,
              port,
              path: "/api/chat",
              requests: Array.from({ length: size }, (_, at) => ({
                key: keys[at % KEYS] ?? "",
                body: JSON.stringify({
                  model: MODEL,
                  messages: [{ role: "user", content: `seat ${at}` }],
                }),
              })),
            }),
          async metric(name): Promise<number> {
            const metrics = await (await fetch(`${baseUrl}/metrics`)).text();
            const line = metrics.split("\n").find((text) => text.startsWith(`${name} `));
            return Number(line?.slice(name.length + 1));
          },
          async reload(table): Promise<void> {
            await writeConfig({ dataDir, listen: "[::]:0", tables: tablesWith(table) });
            await service.reload();
          },
        });
      } finally {
        assert.equal(await service.stop(), 0);
      }
    });
  } finally {
    await host.remove();
    await upstream.shutdown();
  }
}

function assertServed(results: readonly StreamResult[]): void {
  const failed = results.filter(({ status }) => status !== 200);
  assert.deepEqual(failed.slice(0, 3), [], `${failed.length} of ${results.length} failed`);
  for (const { text } of results) {
    const frames = text.trim().split("\n").map((frame) => JSON.parse(frame));
    assert.equal(frames.map(({ message }) => message.content).join(""), WORDS.join(""));
    assert.equal(frames.at(-1).done, true);
  }
}

const KNOWN = 'latchkey_guarded_connections{state="known"}';
const WAITING = "latchkey_guard_waiting";

lanTest(`${CLASS_SIZE} streams from one address of the network at once are all served`, {
  number: 40,
}, async ({ ollama, ask, metric }) => {
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const asked = ask(CLASS_SIZE);
  await until(
    "all hold their connections",
    async () => await metric("latchkey_model_waiting") === CLASS_SIZE - DEFAULT_SLOTS,
  );
  assert.equal(await metric(KNOWN), CLASS_SIZE);
  gate.resolve();
  assertServed(await asked);
  assert.equal(await metric('latchkey_guard_ended{how="evicted"}'), 0);
  assert.equal(await metric('latchkey_guard_ended{how="refused"}'), 0);
});

lanTest("connections beyond those of keys wait for their place, and get it", {
  number: 41,
  limits: "known_connections = 8\nconnections_per_key = 4",
}, async ({ ollama, ask, metric }) => {
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const asked = ask(40);
  await until("the others wait", async () => await metric(WAITING) === 32);
  assert.equal(await metric(KNOWN), 8);
  gate.resolve();
  assertServed(await asked);
});

lanTest("a reload that raises the limits lets in who waits", {
  number: 42,
  limits: "known_connections = 8\nconnection_wait_s = 60",
}, async ({ ollama, ask, metric, reload }) => {
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const asked = ask(40);
  await until("the others wait", async () => await metric(WAITING) === 32);
  await reload("known_connections = 30\nconnection_wait_s = 60");
  await until("more are let in", async () => await metric(WAITING) === 10);
  assert.equal(await metric(KNOWN), 30);
  gate.resolve();
  assertServed(await asked);
});

lanTest("who waits for longer than the limit, or beyond it, is told when to come again", {
  number: 43,
  limits: "known_connections = 4\nwaiting_connections = 10\nconnection_wait_s = 5",
}, async ({ ollama, ask, metric }) => {
  const gate = Promise.withResolvers<void>();
  ollama.pace = () => gate.promise;
  const asked = ask(20);
  await until("some wait", async () => await metric(WAITING) === 10);
  await until("nobody does any more", async () => await metric(WAITING) === 0);
  gate.resolve();
  const results = await asked;
  const refused = results.filter(({ status }) => status === 503);
  assert.equal(refused.length, 16, JSON.stringify(results));
  for (const { text } of refused) assert.match(text, /"Too many connections"/);
  assertServed(results.filter(({ status }) => status !== 503));
});

lanTest("a class of which many cannot wait is served or told so, and nobody is cut", {
  number: 45,
  limits: "waiting_connections = 4",
}, async ({ ask, metric }) => {
  const results = await ask(CLASS_SIZE);
  const told = results.filter(({ status }) => status === 503);
  for (const { text } of told) assert.match(text, /"Too many connections"/);
  assertServed(results.filter(({ status }) => status !== 503));
  assert.equal(await metric('latchkey_guard_ended{how="evicted"}'), 0);
  assert.equal(await metric('latchkey_guard_ended{how="refused"}'), told.length);
});

lanTest("those who hold all places and say nothing lose them to a class", {
  number: 44,
}, async ({ host, port, ask, metric }) => {
  const silent = host.ask<FloodResult>({
    op: "flood",
    host: host.deviceAddress,
    port,
    count: 8,
    holdMs: 60_000,
  });
  await until(
    "all places are held",
    async () => await metric('latchkey_guarded_connections{state="unknown"}') === 8,
  );
  assertServed(await ask(40));
  assert.deepEqual(await silent, { open: 0, refused: 0, closed: 8 });
});
