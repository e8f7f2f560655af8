// nginx and Caddy in front of the gateway, from the recipes of packaging/proxies: streams arrive as
// they are said, over HTTP/2 too, the client's address is its own, and nobody becomes local.

import assert from "node:assert/strict";
import { Ollama } from "ollama";
import { FakeOllama, manualStream, WORDS } from "../support/fake_ollama.ts";
import {
  PROXY_KINDS,
  type ProxyKind,
  type ReverseProxy,
  startKeyProxy,
  startProxy,
  whyNoProxy,
} from "../support/reverse_proxy.ts";
import {
  callLocal,
  type ServiceProcess,
  startService,
  withDataDir,
} from "../support/service_process.ts";
import { fetchToTheEnd } from "../support/fetch_to_the_end.ts";
import { systemTest } from "../support/system_test.ts";

const MODEL = "llama3.1:8b";
/** Addresses of this host's own from which clients come; one of them is allowed. */
const ALLOWED = "127.0.0.5";
const STRANGER = "127.0.0.6";
/** An address from which nobody is the device itself. */
const OF_PROXIES = ["127.0.0.2", "::1"] as const;
/** More than a proxy takes unless it is told to, and than nginx keeps in memory. */
const PHOTOS_BYTES = 12_000_000;

interface World {
  ollama: FakeOllama;
  service: ServiceProcess;
  proxy: ReverseProxy;
  key: string;
}

function withProxy(kind: ProxyKind, test: (world: World) => Promise<void>): Promise<void> {
  return withService(async (world) => {
    const proxy = await startProxy(kind, Number(new URL(world.service.baseUrl).port));
    try {
      await test({ ...world, proxy });
    } finally {
      await proxy.close();
    }
  });
}

async function withService(test: (world: Omit<World, "proxy">) => Promise<void>): Promise<void> {
  const ollama = new FakeOllama();
  const upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ollama.handle,
  );
  const tables = [
    "[security]",
    `allowed_ips = ["${ALLOWED}", "::1"]`,
    `trusted_proxies = ${JSON.stringify(OF_PROXIES)}`,
    "[models]",
    "enabled = true",
    `upstream = "http://127.0.0.1:${upstream.addr.port}"`,
    `allow = ["${MODEL}"]`,
  ].join("\n");
  try {
    await withDataDir(async (dataDir) => {
      const service = await startService({ dataDir, tables });
      try {
        const { key } = await callLocal(service.baseUrl, "keys.new", {
          name: "test",
          scopes: ["models"],
        }) as { key: string };
        await test({ ollama, service, key });
      } finally {
        await service.stop();
      }
    });
  } finally {
    await upstream.shutdown();
  }
}

/** Who asks at once behind one address. */
const CLASS_SIZE = 200;

/** How curl asks. */
interface Asked {
  path?: string;
  /** @default the allowed one */
  from?: string;
  args?: readonly string[];
  body?: string;
}

function spawnCurl({ proxy, key }: World, asked: Asked): Deno.ChildProcess {
  const { path = "/api/tags", from = ALLOWED, args = [], body } = asked;
  const child = new Deno.Command("curl", {
    args: [
      ...["-sS", "-N", "--max-time", "60", "--interface", from, ...proxy.curlArgs],
      ...["-H", `Authorization: Bearer ${key}`, "-w", "\n%{http_code} %{http_version}", ...args],
      ...(body === undefined ? [] : ["--data-binary", "@-"]),
      `${proxy.url}${path}`,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  void new Blob([body ?? ""]).stream().pipeTo(child.stdin).catch(() => {});
  return child;
}

/** The status of an answer and the version of HTTP. */
async function ask(world: World, asked: Asked): Promise<string> {
  const child = spawnCurl(world, asked);
  const text = await new Response(child.stdout).text();
  await child.status;
  return text.split("\n").at(-1) ?? "";
}

for (const kind of PROXY_KINDS) {
  systemTest(`${kind.name} carries the gateway with TLS`, {
    whyNot: await whyNoProxy(kind),
    run: () =>
      withProxy(kind, async (world) => {
        await streamsArriveAtOnce(world);
        await addressesAreTheClients(world);
        await nobodyBecomesLocal(world);
        await clientsComeOverIpv6(world);
        await largeBodiesPass(world);
        await aClassIsServed(world);
      }),
  });
}

systemTest("caddy adds a key for programs that cannot send one", {
  whyNot: await whyNoProxy({ name: "caddy" }),
  run: () =>
    withService(async ({ ollama, service, key }) => {
      const upstreamPort = Number(new URL(service.baseUrl).port);
      const proxy = await startKeyProxy({ key, upstreamPort });
      try {
        // As Ollama's command line asks, from the device itself: no address has to be allowed.
        assert.match(await curl(["-I", proxy.url]), /^HTTP\/1\.1 200 /);
        const client = new Ollama({ host: proxy.url, fetch: fetchToTheEnd });
        const { models } = await client.list();
        assert.deepEqual(models.map(({ name }) => name), [MODEL]);
        const words: string[] = [];
        const messages = [{ role: "user", content: "x" }];
        const stream = await client.chat({ model: MODEL, messages, stream: true });
        for await (const { message } of stream) words.push(message.content);
        assert.deepEqual(words, [...WORDS, ""]);
        assert.equal(ollama.seen.at(-1)?.headers.get("Authorization"), null);
        const pull = await curl(["-d", "{}", `${proxy.url}/api/pull`]);
        assert.match(pull, /No such route/);
        // A page whose own name leads here, and one that says whose it is.
        const { port } = new URL(proxy.url);
        const rebound = await curl(["-H", `Host: evil.example:${port}`, `${proxy.url}/api/tags`]);
        assert.doesNotMatch(rebound, /models/);
        const foreign = await curl(["-H", "Origin: https://evil.example", `${proxy.url}/api/tags`]);
        assert.match(foreign, /This origin is not allowed/);
      } finally {
        await proxy.close();
      }
    }),
});

async function curl(args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("curl", { args: ["-sS", "--max-time", "10", ...args] })
    .output();
  return new TextDecoder().decode(stdout);
}

async function streamsArriveAtOnce(world: World): Promise<void> {
  const cases = [
    [
      "--http2",
      "/api/chat",
      "application/x-ndjson",
      '{"message":{"content":"The"},"done":false}\n',
    ],
    [
      "--http1.1",
      "/api/chat",
      "application/x-ndjson",
      '{"message":{"content":"The"},"done":false}\n',
    ],
    [
      "--http2",
      "/v1/chat/completions",
      "text/event-stream",
      'data: {"choices":[{"delta":{"content":"The"}}]}\n\n',
    ],
  ] as const;
  for (const [version, path, contentType, frame] of cases) {
    const stream = manualStream(contentType);
    world.ollama.script = () => stream.response;
    const body = JSON.stringify({ model: MODEL, messages: [], stream: true });
    const child = spawnCurl(world, { path, args: [version], body });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    // The server says the next word when the one before has arrived.
    for (let word = 1; word <= 3; word++) {
      stream.write(frame);
      while (text.length < word * frame.length) {
        const { done, value } = await reader.read();
        assert.ok(!done, `${path}: ${text}`);
        text += value;
      }
    }
    assert.equal(text, frame.repeat(3));
    stream.write(contentType === "text/event-stream" ? "data: [DONE]\n\n" : '{"done":true}\n');
    stream.end();
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
    assert.ok(text.endsWith(`\n200 ${version === "--http2" ? "2" : "1.1"}`), text);
    await child.status;
  }
  world.ollama.script = undefined;
}

async function addressesAreTheClients(world: World): Promise<void> {
  assert.equal(await ask(world, {}), "200 2");
  assert.equal(await ask(world, { from: STRANGER }), "403 2");
  for (const claimed of [ALLOWED, "127.0.0.1", `${ALLOWED}, 127.0.0.1`]) {
    const args = ["-H", `X-Forwarded-For: ${claimed}`];
    assert.equal(await ask(world, { from: STRANGER, args }), "403 2", claimed);
  }
  // The log tells whose request it was.
  assert.match(world.service.output(), new RegExp(STRANGER.replaceAll(".", "\\.")));
}

async function nobodyBecomesLocal(world: World): Promise<void> {
  // The recipes carry nothing of the device but the gateway.
  for (const path of ["/api", "/api/events", "/api/pair/start", "/metrics", "/api/pull"]) {
    assert.equal(await ask(world, { path }), "404 2", path);
  }
  // Nor does the service where a trusted proxy carries everything.
  const { baseUrl } = world.service;
  for (const claimed of ["127.0.0.1", "::1", ALLOWED]) {
    const answer = await fetch(`${baseUrl}/api`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-For": claimed },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "clients.pair.start" }),
    });
    assert.doesNotMatch(await answer.text(), /"pin"/, claimed);
  }
  // Nor by a proxy that says nothing.
  const port = new URL(baseUrl).port;
  for (const address of OF_PROXIES) {
    const at = address.includes(":") ? `[${address}]` : "127.0.0.1";
    const answer = await curl([
      ...["--interface", address, "-H", "Content-Type: application/json", "-d"],
      '{"jsonrpc":"2.0","id":1,"method":"clients.pair.start"}',
      `http://${at}:${port}/api`,
    ]);
    assert.match(answer, /"error"/, address);
    assert.doesNotMatch(answer, /"pin"/, address);
  }
}

async function clientsComeOverIpv6(world: World): Promise<void> {
  const { host, port } = new URL(world.proxy.url);
  const args = ["--connect-to", `${host}:[::1]:${port}`];
  assert.equal(await ask(world, { from: "::1", args }), "200 2");
}

async function largeBodiesPass(world: World): Promise<void> {
  const messages = [{ role: "user", content: "x", images: ["A".repeat(PHOTOS_BYTES)] }];
  const body = JSON.stringify({ model: MODEL, messages, stream: false });
  assert.equal(await ask(world, { path: "/api/chat", body }), "200 2");
  assert.equal(world.ollama.seen.at(-1)?.text.length, body.length);
  assert.equal(await ask(world, { path: "/api/chat", body: body.repeat(3) }), "413 2");
}

async function aClassIsServed(world: World): Promise<void> {
  const body = JSON.stringify({ model: MODEL, messages: [] });
  const child = new Deno.Command("curl", {
    args: [
      ...["-sS", "--max-time", "60", "--interface", ALLOWED, ...world.proxy.curlArgs, "-Z"],
      ...["--parallel-immediate", "--parallel-max", `${CLASS_SIZE}`, "--http1.1"],
      ...["-H", `Authorization: Bearer ${world.key}`, "-d", body, "-w", "\n%{http_code}\n"],
      `${world.proxy.url}/api/chat#[1-${CLASS_SIZE}]`,
    ],
  });
  const { stdout } = await child.output();
  const statuses = new TextDecoder().decode(stdout).split("\n").filter((line) =>
    /^\d+$/.test(line)
  );
  assert.deepEqual(statuses, Array(CLASS_SIZE).fill("200"));
}
