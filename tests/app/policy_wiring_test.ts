// The real service in this process, judged row by row against the table of docs/protocol.md §8:
// who gets in over which transport, and as whom. Sockets have no network below them; everything
// above is what runs on a device.

import assert from "node:assert/strict";
import { PROBE_MS, PROBES } from "../../src/features/discovery/announcement.ts";
import { KEY_SCOPES, type KeyScope } from "../../src/features/access/api_key.ts";
import { KEY_SWEEP_MS } from "../../src/features/access/key_holds.ts";
import type { GuardedConnection } from "../../src/edges/http/guard/guard.ts";
import { type AppInProcess, REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { fakeMdns } from "../support/fake_mdns.ts";
import { settle } from "../support/fake_socket.ts";
import { createPhone, testClient } from "../support/session_phone.ts";
import { type SocketInProcess, socketsInProcess } from "../support/sockets_in_process.ts";

const KEY_STATES = [
  "never made",
  "required, none sent",
  "right",
  "of another scope",
  "wrong",
] as const;
type KeyState = typeof KEY_STATES[number];
/** What becomes of a request in the states of KEY_STATES. */
type Outcomes = readonly [string, string, string, string, string];

interface Row {
  /** The first cell of the document's row. */
  readonly transport: string;
  /** The cell of local peers, and what becomes of their requests. */
  readonly local: readonly [cell: string, Outcomes];
  /** The same of remote ones, where addresses and texts are allowed. */
  readonly remote: readonly [cell: string, Outcomes];
  /** The remote peer's outcome where its address or text is not allowed; the same where undefined. */
  readonly unlisted?: string;
  readonly encryption?: boolean;
  readonly scope: KeyScope;
  readonly ask: Ask;
}
type Ask = (world: World, how: { isLocal: boolean; key: string | undefined }) => Promise<string>;

const same = (outcome: string): Outcomes => [outcome, outcome, outcome, outcome, outcome];
const plaintextAs = (role: string, phone: string): string => `plaintext ${role}, phone ${phone}`;
const BOTH_LOCAL = same(plaintextAs("local", "local"));
const ENCRYPTED_ONLY = plaintextAs("-32002", "admin");

const ROWS: readonly Row[] = [
  {
    transport: "WebSocket, encryption off",
    local: ["plaintext or encrypted", BOTH_LOCAL],
    remote: [
      "encrypted always; plaintext where no key of scope rpc is required, or with one given at the upgrade",
      [
        plaintextAs("member", "admin"),
        ENCRYPTED_ONLY,
        plaintextAs("member", "admin"),
        "403",
        "401",
      ],
    ],
    encryption: false,
    scope: "rpc",
    ask: askSockets,
  },
  {
    transport: "WebSocket, encryption on",
    local: ["plaintext or encrypted", BOTH_LOCAL],
    remote: ["encrypted only; no API key asked", same(ENCRYPTED_ONLY)],
    encryption: true,
    scope: "rpc",
    ask: askSockets,
  },
  {
    transport: "POST `/api` `/api/` `/api/v0` `/api/v0.1`",
    local: ["open", same("200 local")],
    remote: [
      "address in allowed_ips (else 403), then an API key where one is required (401)",
      ["200 member", "401", "200 member", "403", "401"],
    ],
    unlisted: "403",
    scope: "rpc",
    ask: askPost(["/api", "/api/", "/api/v0", "/api/v0.1"]),
  },
  {
    transport: "SSE `/api/events` `/api/v0/events` `/api/v0.1/events`",
    local: ["open", same("200")],
    remote: ["as POST", ["200", "401", "200", "403", "401"]],
    unlisted: "403",
    scope: "events",
    ask: askStatus(["/api/events", "/api/v0/events", "/api/v0.1/events"]),
  },
  {
    transport: "GET `/run/*` `/r/*` `/l/*`",
    // No action takes the text: whoever is let in hears that.
    local: ["open", same("404")],
    remote: [
      "the text must match allow_run (else 403), then an API key where one is required",
      ["404", "401", "404", "403", "401"],
    ],
    unlisted: "403",
    scope: "run",
    ask: askStatus(["/run/hello", "/r/hello", "/l/hello"]),
  },
  {
    transport: "POST `/api/pair/*`",
    local: ["open", same("400")],
    remote: ["open, limited", same("400 then 429")],
    scope: "rpc",
    ask: askPairing,
  },
  {
    transport: "GET `/health` `/healthz` `/app/*` `/` (302 to /app/)",
    local: ["open", same("200 200 200 302")],
    remote: ["open", same("200 200 200 302")],
    scope: "rpc",
    ask: askStatuses(["/health", "/healthz", "/app/", "/"]),
  },
  {
    transport: "GET `/metrics` (**ours**)",
    local: ["open", same("200")],
    remote: ["closed", same("403")],
    scope: "rpc",
    ask: askStatus(["/metrics"]),
  },
  {
    transport: "the model gateway",
    // There is no upstream here: whoever is let in hears that.
    local: ["API key always", ["401", "401", "502", "403", "401"]],
    remote: ["allowed_ips, then API key always", ["401", "401", "502", "403", "401"]],
    unlisted: "403",
    scope: "models",
    ask: askStatus(["/api/tags"]),
  },
];

interface World extends AppInProcess {
  readonly sockets: SocketInProcess[];
}

Deno.test("the table of docs/protocol.md §8 has these rows and no others", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));
  const section = text.slice(text.indexOf("## 8. "), text.indexOf("## 9. "));
  const cells = section.split("\n").filter((line) => line.startsWith("| ")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assert.deepEqual(cells, [
    ["transport", "local", "remote"],
    cells[1],
    ...ROWS.map(({ transport, local, remote }) => [transport, local[0], remote[0]]),
  ]);
  assert.match(cells[1]?.join("") ?? "", /^-+$/);
});

for (const row of ROWS) {
  for (const isLocal of [true, false]) {
    KEY_STATES.forEach((state, column) => {
      const who = isLocal ? "local" : "remote";
      const [, outcomes] = isLocal ? row.local : row.remote;
      Deno.test(`§8: ${row.transport}, ${who}, key ${state}`, async () => {
        assert.equal(await outcomeOf(row, { isLocal, state, isListed: true }), outcomes[column]);
        if (!isLocal) {
          const expected = row.unlisted ?? outcomes[column];
          assert.equal(await outcomeOf(row, { isLocal, state, isListed: false }), expected);
        }
      });
    });
  }
}

async function outcomeOf(
  row: Row,
  { isLocal, state, isListed }: { isLocal: boolean; state: KeyState; isListed: boolean },
): Promise<string> {
  const { scope, encryption = false, ask } = row;
  let outcome = "";
  await withWorld({ encryption, isListed }, async (world) => {
    const key = await prepareKey(world, { scope, state });
    outcome = await ask(world, { isLocal, key });
  });
  return outcome;
}

async function prepareKey(
  world: World,
  { scope, state }: { scope: KeyScope; state: KeyState },
): Promise<string | undefined> {
  if (state === "never made") return undefined;
  const right = await newKey(world, [scope]);
  const other = await newKey(world, KEY_SCOPES.filter((one) => one !== scope));
  switch (state) {
    case "required, none sent":
      return undefined;
    case "right":
      return right;
    case "of another scope":
      return other;
    case "wrong":
      return `${right.slice(0, -43)}${"A".repeat(43)}`;
  }
}

async function withWorld(
  { encryption = false, isListed = true }: { encryption?: boolean; isListed?: boolean },
  test: (world: World) => Promise<void>,
): Promise<void> {
  const { sockets, upgrade } = socketsInProcess();
  const toml = `
[service]
encryption = ${encryption}
[security]
allowed_ips = ${isListed ? `["${REMOTE}"]` : "[]"}
allow_run = ${isListed ? '["hello"]' : "[]"}
[models]
enabled = true
upstream = "http://127.0.0.1:1"
allow = ["llama"]
`;
  const clients = [testClient({ role: "admin" })];
  await withAppInProcess({ toml, clients, edges: { upgradeWebSocket: upgrade } }, async (app) => {
    await test({ ...app, sockets });
  });
}

async function call(world: World, method: string, params: object = {}): Promise<unknown> {
  const response = await world.request("/api", post(rpc(method, params)));
  const { result, error } = await response.json();
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

async function newKey(world: World, scopes: readonly KeyScope[], more = {}): Promise<string> {
  const made = await call(world, "keys.new", { name: "test", scopes, ...more });
  return (made as { key: string }).key;
}

function rpc(method: string, params: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

function post(body: string): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body };
}

function from(
  { isLocal, key }: { isLocal: boolean; key: string | undefined },
  init: RequestInit = {},
): RequestInit & { from?: string } {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  return { ...init, headers, ...(isLocal ? {} : { from: REMOTE }) };
}

function askStatuses(paths: readonly string[]): Ask {
  return async (world, how) => {
    const statuses: number[] = [];
    for (const path of paths) {
      const response = await world.request(path, from(how, { headers: { Accept: "text/html" } }));
      await response.body?.cancel();
      statuses.push(response.status);
    }
    return statuses.join(" ");
  };
}

/** All paths have one status. */
function askStatus(paths: readonly string[]): Ask {
  return async (world, how) =>
    [...new Set((await askStatuses(paths)(world, how)).split(" "))].join();
}

/** How the service treats whoever says this: "local", "admin", "member", or another answer. */
async function roleBy(say: (text: string) => Promise<string | undefined>): Promise<string> {
  const isRefused = async (method: string): Promise<boolean | string> => {
    const answer = await say(rpc(method));
    if (answer === undefined) return "no answer";
    const { error } = JSON.parse(answer);
    if (error?.code === -32002) return "-32002";
    return error?.data?.code === "forbidden";
  };
  const isRemote = await isRefused("clients");
  if (typeof isRemote === "string") return isRemote;
  if (!isRemote) return "local";
  return await isRefused("settings.update") ? "member" : "admin";
}

function askPost(paths: readonly string[]): Ask {
  return async (world, how) => {
    const outcomes = new Set<string>();
    for (const path of paths) {
      let status = 0;
      const role = await roleBy(async (text) => {
        const response = await world.request(path, from(how, post(text)));
        ({ status } = response);
        const answer = await response.text();
        return status === 200 ? answer : undefined;
      });
      outcomes.add(status === 200 ? `200 ${role}` : String(status));
    }
    return [...outcomes].join();
  };
}

async function askPairing(world: World, how: Parameters<Ask>[1]): Promise<string> {
  const start = (): Promise<Response> => world.request("/api/pair/start", from(how, post("{}")));
  const first = await start();
  await first.body?.cancel();
  const second = await start();
  await second.body?.cancel();
  return [...new Set([first.status, second.status])].join(" then ");
}

async function openSocket(
  world: World,
  how: Parameters<Ask>[1] & { guarded?: GuardedConnection },
): Promise<SocketInProcess | number> {
  const { guarded, ...who } = how;
  const init = from(who, { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
  const response = await world.request("/api", guarded === undefined ? init : { ...init, guarded });
  await response.body?.cancel();
  if (response.status !== 101) return response.status;
  await settle(2);
  const socket = world.sockets.at(-1);
  assert.ok(socket);
  return socket;
}

async function mustOpen(
  world: World,
  how: Parameters<typeof openSocket>[1],
): Promise<SocketInProcess> {
  const socket = await openSocket(world, how);
  assert.ok(typeof socket !== "number", String(socket));
  return socket;
}

let salts = 0;
async function phoneOn(
  socket: SocketInProcess,
): Promise<(text: string) => Promise<string | undefined>> {
  salts += 1;
  const phone = await createPhone(testClient(), { salt: new Uint8Array(16).fill(salts) });
  return async (text) => {
    const [answer] = await socket.say(await phone.seal(text));
    return answer === undefined ? undefined : await phone.open(answer);
  };
}

async function askSockets(world: World, how: Parameters<Ask>[1]): Promise<string> {
  const socket = await openSocket(world, how);
  if (typeof socket === "number") return String(socket);
  const plaintext = await roleBy(async (text) => {
    const [answer] = await socket.say(text);
    return answer as string | undefined;
  });
  const role = await roleBy(await phoneOn(await mustOpen(world, how)));
  return plaintextAs(plaintext, role);
}

const REMOTELY = { isLocal: false, key: undefined };
const LOCALLY = { isLocal: true, key: undefined };

Deno.test("a key that is made binds the plaintext sockets from before it", async () => {
  await withWorld({}, async (world) => {
    const socket = await mustOpen(world, REMOTELY);
    assert.match(String(await socket.say(rpc("version"))), /result/);
    await newKey(world, ["rpc"]);
    assert.match(String(await socket.say(rpc("version"))), /-32002/);
    assert.equal(socket.isClosed, true);
  });
});

for (const scopes of [["models"], ["events"], ["run"]] as const) {
  Deno.test(`a key of scope ${scopes} changes nothing for sockets and POST`, async () => {
    await withWorld({}, async (world) => {
      await newKey(world, scopes);
      assert.equal(await askSockets(world, REMOTELY), plaintextAs("member", "admin"));
      assert.equal(await askPost(["/api"])(world, REMOTELY), "200 member");
    });
  });
}

Deno.test("a key stays required after the last one is revoked and purged, until it is said", async () => {
  await withWorld({}, async (world) => {
    const key = await newKey(world, ["rpc"]);
    await call(world, "keys.delete", { keyId: key.slice(3, 11) });
    await call(world, "keys.purge");
    assert.equal(await askPost(["/api"])(world, REMOTELY), "401");
    assert.deepEqual(await call(world, "keys.open", { scope: "rpc" }), { changed: true });
    assert.equal(await askPost(["/api"])(world, REMOTELY), "200 member");
    const { entries } = await call(world, "audit") as { entries: { event: string }[] };
    assert.ok(entries.some(({ event }) => event === "key_not_required"));
  });
});

const ENDS: [string, (world: World, key: string) => Promise<unknown>][] = [
  ["is revoked", (world, key) => call(world, "keys.delete", { keyId: key.slice(3, 11) })],
  ["expires", (world) => advance(world, 60_000)],
  [
    "was revoked by a restore",
    async (world, key) => {
      world.stores.keys.revoke(key.slice(3, 11), 1);
      await advance(world, KEY_SWEEP_MS);
    },
  ],
];

async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await settle(2);
}

for (const [what, end] of ENDS) {
  Deno.test(`a key that ${what} loses its socket and its event stream, and nobody else does`, async () => {
    await withWorld({}, async (world) => {
      const keys = [];
      for (let i = 0; i < 2; i++) {
        keys.push(await newKey(world, ["rpc", "events"], i === 0 ? { expiresIn: 60 } : {}));
      }
      const [key = "", other = ""] = keys;
      const socket = await mustOpen(world, { isLocal: false, key });
      const otherSocket = await mustOpen(world, { isLocal: false, key: other });
      const local = await mustOpen(world, LOCALLY);
      const stream = await world.request("/api/events", from({ isLocal: false, key }));
      const otherStream = await world.request("/api/events", from({ isLocal: false, key: other }));
      const reader = stream.body?.getReader();
      await reader?.read();
      await advance(world, KEY_SWEEP_MS);
      assert.equal(socket.isClosed, false);
      await end(world, key);
      assert.equal(socket.isClosed, true);
      await assert.rejects(async () => {
        for (let i = 0; i < 5; i++) await reader?.read();
      }, /The key has ended/);
      assert.deepEqual([otherSocket.isClosed, local.isClosed], [false, false]);
      await otherStream.body?.cancel();
    });
  });
}

Deno.test("what is told to the device alone reaches local sockets and no others", async () => {
  await withWorld({}, async (world) => {
    const local = await mustOpen(world, LOCALLY);
    const remote = await mustOpen(world, REMOTELY);
    const phone = await mustOpen(world, REMOTELY);
    await (await phoneOn(phone))(rpc("version"));
    await local.say(rpc("version"));
    await remote.say(rpc("version"));
    const stream = await world.request("/api/events", from(REMOTELY));
    const before = [local, remote, phone].map(({ sent }) => sent.length);
    await call(world, "clients.pair.start");
    await call(world, "clients.pair.cancel");
    await settle();
    const grown = [local, remote, phone].map(({ sent }, at) => sent.length > (before[at] ?? 0));
    assert.deepEqual(grown, [true, false, false]);
    const reader = stream.body?.getReader();
    assert.match(new TextDecoder().decode((await reader?.read())?.value), /: open/);
    await reader?.cancel();
  });
});

for (const hasPlace of [true, false]) {
  Deno.test(`a session for which the guard has ${hasPlace ? "a" : "no"} place is ${hasPlace ? "kept" : "cut"}`, async () => {
    await withWorld({}, async (world) => {
      const holders: (string | undefined)[] = [];
      const guarded = guardedStub(hasPlace, holders);
      const socket = await mustOpen(world, { ...REMOTELY, guarded });
      const answer = await (await phoneOn(socket))(rpc("version"));
      assert.deepEqual([answer !== undefined, socket.isClosed], [hasPlace, !hasPlace]);
      // The guard counts sessions under their client, so that none takes the slots of the others.
      const [remembered, holder, ...rest] = holders;
      assert.match(holder ?? "", /^client [0-9a-f-]{36}$/);
      assert.deepEqual([remembered, rest], ["remembered", []]);
    });
  });
}

function guardedStub(
  hasPlace: boolean,
  holders: (string | undefined)[],
): GuardedConnection {
  const nothing = (): void => {};
  return {
    address: REMOTE,
    closed: Promise.resolve(),
    requestSeen: nothing,
    bodyPart: nothing,
    progressed: nothing,
    answered: nothing,
    trust: ({ holder } = {}) => {
      holders.push(holder);
      return hasPlace;
    },
    upgraded: nothing,
    pairing: nothing,
    remember: () => void holders.push("remembered"),
    closing: nothing,
    abort: nothing,
  };
}

Deno.test("the device answers under the name that it is announced with", async () => {
  const { openSocket, sockets } = fakeMdns();
  const edges = {
    loadMdns: () => Promise.resolve(openSocket),
    interfaceAddresses: () => [{
      name: "eth0",
      family: "IPv4" as const,
      address: "192.0.2.1",
      cidr: "192.0.2.1/24",
      mac: "00:00:5e:00:53:01",
      scopeId: undefined,
    }],
  };
  await withAppInProcess({ edges }, async (world) => {
    const from = { address: "192.0.2.9", port: 5353 };
    sockets[0]?.receive({
      answers: [{ name: "handheld.local", type: "A", ttl: 120, data: "192.0.2.99" }],
      from,
    });
    const status = async (): Promise<number> => {
      const response = await world.request("http://handheld-2.local:7497/health");
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await status(), 421);
    world.clock.advance(PROBES * PROBE_MS);
    assert.equal(await status(), 200);
  });
});
