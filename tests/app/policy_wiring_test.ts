// The real service in this process, judged row by row against the table of docs/protocol.md §8:
// who gets in over which transport, and as whom. Sockets have no network below them; everything
// above is what runs on a device.

import assert from "node:assert/strict";
import { PROBE_MS, PROBES } from "../../src/features/discovery/announcement.ts";
import { KEY_SCOPES, type KeyScope } from "../../src/features/access/api_key.ts";
import type { Role } from "../../src/features/access/client.ts";
import { KEY_SWEEP_MS } from "../../src/features/access/key_holds.ts";
import { withAppInProcess } from "../support/app_in_process.ts";
import { fakeMdns } from "../support/fake_mdns.ts";
import { guardedStub } from "../support/guarded_stub.ts";
import { settle } from "../support/fake_socket.ts";
import { testClient } from "../support/session_phone.ts";
import {
  advance,
  type Ask,
  askPairing,
  askPost,
  askSockets,
  askStatus,
  askStatuses,
  call,
  from,
  LOCALLY,
  mustOpen,
  newKey,
  phoneOn,
  plaintextAs,
  REMOTELY,
  roleBy,
  rpc,
  withWorld,
  type World,
} from "./policy_world.ts";

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
const same = (outcome: string): Outcomes => [outcome, outcome, outcome, outcome, outcome];
const BOTH_LOCAL = same(plaintextAs("local", "local"));
const ENCRYPTED_ONLY = plaintextAs("-32002", "admin");

const ROWS: readonly Row[] = [
  {
    transport: "GET (WebSocket) `/api` `/api/` `/api/v0` `/api/v0.1`, encryption off",
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
    transport: "GET (WebSocket), the same paths, encryption on",
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
    transport: "GET (SSE) `/api/events` `/api/v0/events` `/api/v0.1/events`",
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
    transport: "POST `/api/pair/start` `/api/pair/finish`",
    local: ["open", same("400")],
    remote: ["open, limited", same("400 then 429")],
    scope: "rpc",
    ask: askPairing,
  },
  {
    transport: "GET `/health` `/healthz` `/app/` `/app/{file}` `/app` `/` (302 to /app/)",
    local: ["open", same("200 200 200 404 302 302")],
    remote: ["open", same("200 200 200 404 302 302")],
    scope: "rpc",
    ask: askStatuses(["/health", "/healthz", "/app/", "/app/page.js", "/app", "/"]),
  },
  {
    transport: "GET `/readyz` (**ours**)",
    // There is no model server here.
    local: ["open", same("503")],
    remote: ["open", same("503")],
    scope: "rpc",
    ask: askStatus(["/readyz"]),
  },
  {
    transport: "GET `/metrics` (**ours**)",
    local: ["open", same("200")],
    remote: ["address in metrics_allow", same("200")],
    unlisted: "403",
    scope: "rpc",
    ask: askStatus(["/metrics"]),
  },
  {
    transport: "the model gateway ([models.md](models.md))",
    // There is no upstream here: whoever is let in hears that.
    local: ["API key always", ["401", "401", "502", "403", "401"]],
    remote: ["allowed_ips, then API key always", ["401", "401", "502", "403", "401"]],
    unlisted: "403",
    scope: "models",
    ask: askStatus(["/api/tags"]),
  },
];

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

const ROLES: readonly Role[] = ["admin", "member"];

for (const row of ROWS) {
  // Where the row does not say it, encryption changes nothing.
  for (const encryption of row.encryption === undefined ? [false, true] : [row.encryption]) {
    for (const isLocal of [true, false]) {
      KEY_STATES.forEach((state, column) => {
        const who = isLocal ? "local" : "remote";
        const [, outcomes] = isLocal ? row.local : row.remote;
        const suffix = row.encryption === undefined && encryption ? ", encryption on" : "";
        Deno.test(`§8: ${row.transport}, ${who}, key ${state}${suffix}`, async () => {
          // A session has its client's role; who has none is not asked about it.
          for (const role of row.ask === askSockets ? ROLES : ROLES.slice(0, 1)) {
            const how = { encryption, isLocal, state, role };
            const outcome = outcomes[column]?.replace("phone admin", `phone ${role}`);
            assert.equal(await outcomeOf(row, { ...how, isListed: true }), outcome);
            if (isLocal) continue;
            assert.equal(
              await outcomeOf(row, { ...how, isListed: false }),
              row.unlisted ?? outcome,
            );
          }
        });
      });
    }
  }
}

async function outcomeOf(
  { scope, ask }: Row,
  how: {
    encryption: boolean;
    isLocal: boolean;
    state: KeyState;
    isListed: boolean;
    role: Role;
  },
): Promise<string> {
  let outcome = "";
  await withWorld(how, async (world) => {
    const key = await prepareKey(world, { scope, state: how.state });
    outcome = await ask(world, { isLocal: how.isLocal, key });
  });
  return outcome;
}

Deno.test("a session whose client's role changes ends, and the next one has the new role", async () => {
  await withWorld({ role: "admin" }, async (world) => {
    // The device keeps one admin.
    const { clientId } = testClient();
    world.stores.clients.add(testClient({ clientId: "other", authToken: "other", role: "admin" }));
    const socket = await mustOpen(world, REMOTELY);
    const say = phoneOn(socket);
    assert.equal(await roleBy(say), "admin");
    await call(world, "clients.update", { clientId, role: "member" });
    assert.equal(socket.isClosed, true);
    assert.equal(await roleBy(phoneOn(await mustOpen(world, REMOTELY))), "member");
  });
});

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
    await (phoneOn(phone))(rpc("version"));
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

for (const hasSlot of [true, false]) {
  Deno.test(`a session for which the guard has ${hasSlot ? "a" : "no"} place is ${hasSlot ? "kept" : "cut"}`, async () => {
    await withWorld({}, async (world) => {
      const holders: (string | undefined)[] = [];
      const guarded = guardedStub({
        promote: ({ holder } = {}) => {
          holders.push(holder);
          return hasSlot;
        },
        remember: () => void holders.push("remembered"),
      });
      const socket = await mustOpen(world, { ...REMOTELY, guarded });
      const answer = await (phoneOn(socket))(rpc("version"));
      assert.deepEqual([answer !== undefined, socket.isClosed], [hasSlot, !hasSlot]);
      // The guard counts sessions under their client, so that none takes the slots of the others.
      const [remembered, holder, ...rest] = holders;
      assert.match(holder ?? "", /^client [0-9a-f-]{36}$/);
      assert.deepEqual([remembered, rest], ["remembered", []]);
    });
  });
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
