// Every cell of the table of docs/protocol.md §8 against the real service: from the device itself
// and from a second host, encryption on and off, with and without a key.

import assert from "node:assert/strict";
import type { HttpResult, SocketResult } from "../support/remote_agent.ts";
import { whyNoRemoteHost } from "../support/remote_host.ts";
import { type RemoteWorld, withRemoteWorld } from "../support/remote_world.ts";
import {
  callLocal,
  openPairing,
  startService,
  withDataDir,
  writeConfig,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { pairPhone, postJson, startPairing } from "../support/reference_phone.ts";
import { ReferenceSession } from "../support/reference_protocol.ts";

const whyNot = await whyNoRemoteHost();
const VERSION_CALL = '{"jsonrpc":"2.0","id":1,"method":"version"}';
const RUN_MATCH = "hello";

async function configure(
  world: RemoteWorld,
  options: { encryption: boolean; allowed: boolean },
): Promise<void> {
  const { encryption, allowed } = options;
  await writeConfig({
    dataDir: world.dataDir,
    listen: "[::]:0",
    settings: `encryption = ${encryption}`,
    tables: allowed
      ? `[security]\nallowed_ips = ["${world.host.address}"]\nallow_run = ["${RUN_MATCH}"]`
      : "",
  });
  await world.service.reload();
}

interface Cell {
  path: string;
  method?: string;
  body?: string;
  key?: string | undefined;
}

async function statusOf(
  world: RemoteWorld,
  cell: Cell,
): Promise<{ status: number; result: HttpResult }> {
  const { path, method = "GET", body, key } = cell;
  const { deviceAddress } = world.host;
  const result = await world.host.ask<HttpResult>({
    op: "http",
    host: deviceAddress,
    port: world.port,
    method,
    path,
    headers: {
      Host: `${deviceAddress}:${world.port}`,
      "Content-Type": "application/json",
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: result.status, result };
}

async function upgrade(
  world: RemoteWorld,
  options: { key?: string; send?: string[]; listenMs?: number; origin?: string } = {},
): Promise<SocketResult> {
  const { key, send = [], listenMs = 200, origin } = options;
  const query = key === undefined ? "" : `?key=${key}`;
  return await world.host.ask<SocketResult>({
    op: "socket",
    url: `ws://${world.host.deviceAddress}:${world.port}/api/v0.1${query}`,
    headers: origin === undefined ? {} : { Origin: origin },
    send,
    listenMs,
  });
}

// The general limiter lets 20 requests through at once: the tests here stay below or wait.
async function refillLimits(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 12_500));
}

systemTest("remote: what is open without a key, encryption off and on", {
  whyNot,
  run: () =>
    withRemoteWorld(1, async (world) => {
      const post = { path: "/api", method: "POST", body: VERSION_CALL };
      // Nothing allowed: only pairing, pages and WebSocket are open.
      assert.equal((await statusOf(world, post)).status, 403);
      assert.equal((await statusOf(world, { path: "/api/events" })).status, 403);
      assert.equal((await statusOf(world, { path: `/run/${RUN_MATCH}` })).status, 403);
      assert.equal((await statusOf(world, { path: "/metrics" })).status, 403);
      assert.equal((await statusOf(world, { path: "/health" })).status, 200);
      assert.equal((await statusOf(world, { path: "/" })).status, 302);
      assert.equal(
        (await statusOf(world, { path: "/api/pair/start", method: "POST", body: "{}" })).status,
        400,
      );
      const plain = await upgrade(world, { send: [VERSION_CALL] });
      assert.equal(plain.status, 101);
      assert.ok(plain.received[0]?.includes("platform"));

      await configure(world, { encryption: true, allowed: true });
      const post200 = await statusOf(world, post);
      assert.equal(post200.status, 200);
      assert.ok(post200.result.body.includes("platform"));
      const localOnly = { ...post, body: VERSION_CALL.replace("version", "clients") };
      assert.ok((await statusOf(world, localOnly)).result.body.includes('"forbidden"'));
      assert.equal((await statusOf(world, { path: "/api/events" })).status, 200);
      assert.equal((await statusOf(world, { path: `/run/${RUN_MATCH}` })).status, 404);
      assert.equal((await statusOf(world, { path: `/run/${RUN_MATCH}x` })).status, 403);
      const refused = await upgrade(world, { send: [VERSION_CALL] });
      assert.equal(refused.status, 101);
      assert.equal(JSON.parse(refused.received[0] ?? "{}").error.code, -32002);
      assert.equal(refused.received.length, 1);
      assert.notEqual(refused.closeCode, undefined);
    }),
});

systemTest("remote: what needs a key once there is one, and which", {
  whyNot,
  run: () =>
    withRemoteWorld(2, async (world) => {
      const { baseUrl } = world.service;
      const newKey = async (scopes: string[]): Promise<string> =>
        (await callLocal(baseUrl, "keys.new", { name: "test", scopes }) as { key: string }).key;
      const all = await newKey(["rpc", "events", "run", "models"]);
      const other = await newKey(["models"]);
      const post = { path: "/api/v0", method: "POST", body: VERSION_CALL };
      // The address is asked before the key.
      assert.equal((await statusOf(world, { ...post, key: all })).status, 403);
      // An upgrade needs none: without one the connection is held to encryption.
      assert.equal((await upgrade(world)).status, 101);
      assert.equal((await upgrade(world, { key: all })).status, 101);

      await configure(world, { encryption: false, allowed: true });
      const cells: Cell[] = [post, { path: "/api/v0/events" }, { path: `/r/${RUN_MATCH}` }];
      for (const cell of cells) {
        const right = cell.path.startsWith("/r/") ? 404 : 200;
        assert.equal((await statusOf(world, cell)).status, 401, cell.path);
        assert.equal((await statusOf(world, { ...cell, key: other })).status, 403, cell.path);
        assert.equal((await statusOf(world, { ...cell, key: all })).status, right, cell.path);
      }
      assert.equal((await statusOf(world, { path: `/api/v0/events?key=${all}` })).status, 200);
      assert.equal((await statusOf(world, { ...post, path: `/api/v0?key=${all}` })).status, 401);

      await configure(world, { encryption: true, allowed: true });
      // With encryption on, the session is the credential.
      assert.equal((await upgrade(world)).status, 101);
    }),
});

systemTest("remote: a WebSocket's origin, and silence before a session", {
  whyNot,
  run: () =>
    withRemoteWorld(3, async (world) => {
      await configure(world, { encryption: true, allowed: false });
      const origins: [string, number][] = [
        ["https://evil.example", 403],
        ["null", 403],
        ["https://zaparoo.app", 101],
        ["capacitor://localhost", 101],
        [`http://${world.host.deviceAddress}:${world.port}`, 101],
        [`http://${world.host.deviceAddress}:1`, 403],
      ];
      for (const [origin, status] of origins) {
        assert.equal((await upgrade(world, { origin })).status, status, origin);
      }
      // Notifications flow while a silent peer listens until it is cut.
      const silent = upgrade(world, { listenMs: 15_000 });
      const { baseUrl } = world.service;
      for (let i = 0; i < 5; i++) {
        const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
        await callLocal(baseUrl, "clients.delete", { clientId: pairing.clientId });
      }
      const { received, closeCode } = await silent;
      assert.deepEqual(received, []);
      assert.notEqual(closeCode, undefined);
    }),
});

systemTest("remote: a phone pairs over the guard, and its limits hold", {
  whyNot,
  run: () =>
    withRemoteWorld(4, async (world) => {
      await configure(world, { encryption: true, allowed: true });
      const start = { path: "/api/pair/start", method: "POST", body: "{}" };
      assert.equal((await statusOf(world, start)).status, 400);
      const second = await statusOf(world, start);
      assert.equal(second.status, 429);
      assert.equal(second.result.headers["retry-after"], "1");
      const run = { path: `/run/${RUN_MATCH}`, method: "GET" };
      const statuses: number[] = [];
      for (let i = 0; i < 25; i++) {
        statuses.push((await statusOf(world, run)).status);
      }
      assert.ok(statuses.includes(429));
      // Upgrades have a limit of their own, which the rest does not spend.
      assert.equal((await upgrade(world, { listenMs: 1 })).status, 101);
      // The device itself is exempt.
      const local = await Promise.all(Array.from({ length: 40 }, async () => {
        const response = await fetch(`${world.service.baseUrl}/api/pair/start`, {
          method: "POST",
          body: "{}",
        });
        await response.body?.cancel();
        return response.status;
      }));
      assert.ok(local.every((status) => status === 400));

      await refillLimits();
      const deviceUrl = `http://${world.host.deviceAddress}:${world.port}`;
      const pin = await openPairing(world.service.baseUrl);
      // This process reaches the device by its outer address, so it is remote as well.
      const pairing = await pairSlowly(deviceUrl, pin);
      const session = new ReferenceSession({
        ...pairing,
        salt: crypto.getRandomValues(new Uint8Array(16)),
        envelope: "json",
      });
      const { received } = await upgrade(world, { send: [String(session.seal(VERSION_CALL))] });
      assert.ok(session.open(received[0] ?? "")?.includes("platform"));
    }),
});

// The limit of one pairing request per second holds for this process too.
async function pairSlowly(
  baseUrl: string,
  pin: string,
): Promise<{ authToken: string; pairingKey: Uint8Array }> {
  const started = await startPairing(baseUrl, { pin });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const { session, confirm, pairingKey } = started;
  const { status, body } = await postJson(`${baseUrl}/api/pair/finish`, { session, confirm });
  assert.equal(status, 200);
  return { authToken: String(body["authToken"]), pairingKey };
}

systemTest("local: everything is open, unless a header or a page stands in between", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const service = await startService({ dataDir });
      const { baseUrl } = service;
      await callLocal(baseUrl, "keys.new", { name: "test", scopes: ["rpc"] });
      const get = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
        const response = await fetch(`${baseUrl}${path}`, { headers, redirect: "manual" });
        await response.body?.cancel();
        return response.status;
      };
      const rows: [path: string, headers: Record<string, string>, status: number][] = [
        ["/metrics", {}, 200],
        ["/run/x", {}, 404],
        ["/api/events", {}, 200],
        ["/metrics", { "X-Forwarded-For": "203.0.113.9" }, 403],
        ["/metrics", { Forwarded: "for=203.0.113.9" }, 403],
        ["/metrics", { Via: "1.1 proxy" }, 403],
        ["/metrics", { "X-Real-IP": "203.0.113.9" }, 403],
        ["/run/x", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }, 403],
        ["/run/x", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate" }, 403],
        ["/run/x", {
          "Sec-Fetch-Site": "cross-site",
          "Sec-Fetch-Mode": "navigate",
          "Sec-Fetch-User": "?1",
          "Sec-Fetch-Dest": "document",
        }, 404],
        ["/run/x", { "Sec-Fetch-Site": "cross-site", Origin: "https://zaparoo.app" }, 404],
        ["/health", { Origin: "https://evil.example" }, 403],
        ["/health", { Origin: "null" }, 403],
      ];
      for (const [path, headers, status] of rows) {
        assert.equal(await get(path, headers), status, `${path} ${JSON.stringify(headers)}`);
      }
      const port = new URL(baseUrl).port;
      const { stdout } = await new Deno.Command("curl", {
        args: [
          ...["-s", "-o", "/dev/null", "-w", "%{http_code}"],
          ...["--resolve", `evil.example:${port}:127.0.0.1`],
          `http://evil.example:${port}/health`,
        ],
      }).output();
      assert.equal(new TextDecoder().decode(stdout), "421");
      await service.stop();
    }),
});
