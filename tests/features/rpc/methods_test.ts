// The methods about the service and its clients, called as a peer calls them: through the
// dispatcher, over a roster on a real store.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { Client, Role } from "../../../src/features/access/client.ts";
import { ClientRoster } from "../../../src/features/access/roster.ts";
import type { Caller } from "../../../src/features/rpc/caller.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import { clientMethods } from "../../../src/features/rpc/methods/client_methods.ts";
import { serviceMethods } from "../../../src/features/rpc/methods/service_methods.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { openSample, sampleClient } from "../../edges/sqlite/samples.ts";

const LOCAL = callerOf({ isLocal: true });
const PLAIN = callerOf({});
const ADMIN = callerOf({ clientId: "id-1" });
const MEMBER = callerOf({ clientId: "id-2" });
const PIN = { pin: "012345", expiresAtMs: 1_790_000_060_999, role: "admin" as const };

interface Fixture {
  call(caller: Caller, method: string, params?: object): Promise<unknown>;
  roster: ClientRoster;
  events: string[];
  unsaved: Map<string, number>;
  pin: { current: typeof PIN | undefined };
}

/** Runs `test` on a device with two clients, an admin and a member. */
async function withDevice(test: (device: Fixture) => Promise<void>): Promise<void> {
  using database = openSample();
  const events: string[] = [];
  const unsaved = new Map<string, number>();
  const pin: Fixture["pin"] = { current: undefined };
  const roster = new ClientRoster({
    store: new SqliteClientStore(database),
    onRevoked: (clientId) => events.push(`revoked ${clientId}`),
    onChanged: (clientId, change) => events.push(`${change} ${clientId}`),
  });
  roster.add(sampleClient(1, { role: "admin" }));
  roster.add(sampleClient(2));
  const pairing = {
    open: ({ role, liftLock }: { role?: Role; liftLock?: boolean }): typeof PIN => {
      events.push(`opened ${role}${liftLock === true ? " lifting" : ""}`);
      if (pin.current !== undefined) throw new AppError("conflict", "Pairing is open");
      return pin.current = PIN;
    },
    current: () => pin.current,
    cancel: () => void events.push("cancelled"),
  };
  const dispatcher = createDispatcher({
    methods: [
      ...serviceMethods({
        version: "1.2.3",
        program: "latchkey",
        platform: "linux",
        state: () => "ready",
        addresses: () => ["http://192.168.1.9:7497"],
        encryption: () => true,
        connections: () => ({ open: 3, withSession: 2 }),
        clients: () => roster.list().length,
        playing: () => "A game",
      }),
      ...clientMethods({ roster, pairing, unsavedLastSeenMs: (clientId) => unsaved.get(clientId) }),
    ],
    roleOf: ({ isLocal, clientId }) => {
      if (isLocal) return "admin";
      return clientId === undefined ? "member" : roster.find(clientId)?.role;
    },
    log: silentLogger,
  });
  await test({
    call: async (caller, method, params) => {
      const request = { jsonrpc: "2.0", id: 1, method, params };
      return gist(await dispatcher.handle(JSON.stringify(request), caller) ?? "");
    },
    roster,
    events,
    unsaved,
    pin,
  });
}

// A result as it is, an error by its code.
function gist(answer: string): unknown {
  const { result, error } = JSON.parse(answer);
  return error === undefined ? result : error.data?.code ?? error.code;
}

function callerOf(change: Partial<Caller>): Caller {
  return { isLocal: false, address: "192.0.2.1", clientId: undefined, requestId: "r.1", ...change };
}

function shown(client: Client): object {
  const { clientId, clientName, role } = client;
  const createdAt = Math.floor(client.createdAtMs / 1000);
  return { clientId, clientName, role, createdAt, lastSeenAt: createdAt };
}

const ACCESS: [string, object | undefined, readonly string[]][] = [
  ["version", undefined, ["local", "plain", "member", "admin"]],
  ["health", undefined, ["local", "plain", "member", "admin"]],
  ["clients", undefined, ["local"]],
  ["clients.current", undefined, ["local", "plain", "member", "admin"]],
  ["clients.update", { clientId: "id-2", clientName: "x" }, ["local", "admin"]],
  ["clients.delete", { clientId: "id-2" }, ["local"]],
  ["clients.pair.start", undefined, ["local"]],
  ["clients.pair.current", undefined, ["local"]],
  ["clients.pair.cancel", undefined, ["local"]],
];
const CALLERS: [string, Caller][] = [
  ["local", LOCAL],
  ["plain", PLAIN],
  ["member", MEMBER],
  ["admin", ADMIN],
];
for (const [method, params, allowed] of ACCESS) {
  for (const [who, caller] of CALLERS) {
    const verb = allowed.includes(who) ? "open" : "closed";
    Deno.test(`${method} is ${verb} to the caller "${who}"`, async () => {
      await withDevice(async ({ call, events }) => {
        const answer = await call(caller, method, params);
        assert.equal(answer === "forbidden", verb === "closed");
        if (verb === "closed") assert.deepEqual(events, []);
        else assert.ok(answer === null || typeof answer === "object", String(answer));
      });
    });
  }
}

Deno.test("version and health tell what the service is", async () => {
  await withDevice(async ({ call }) => {
    const version = { version: "latchkey-1.2.3", platform: "linux", encryption: [1] };
    assert.deepEqual(await call(PLAIN, "version"), version);
    assert.deepEqual(await call(PLAIN, "health"), { status: "ok", state: "ready" });
  });
});

Deno.test("clients shows all clients, oldest first, with times in seconds", async () => {
  await withDevice(async ({ call, roster }) => {
    const answer = await call(LOCAL, "clients");
    assert.deepEqual(answer, { clients: roster.list().map(shown) });
    assert.deepEqual(answer, {
      clients: [
        shown(sampleClient(1, { role: "admin" })),
        { ...shown(sampleClient(2)), createdAt: 1_790_000_000, lastSeenAt: 1_790_000_000 },
      ],
    });
  });
});

Deno.test("every method shows when a client was last seen before that is written", async () => {
  await withDevice(async ({ call, unsaved }) => {
    unsaved.set("id-2", 1_790_000_777_999);
    const [list, current, update] = await Promise.all([
      call(LOCAL, "clients"),
      call(MEMBER, "clients.current"),
      call(LOCAL, "clients.update", { clientId: "id-2", clientName: "x" }),
    ]) as [{ clients: { lastSeenAt: number }[] }, { client: object }, object];
    const expected = [1_790_000_000, 1_790_000_777];
    assert.deepEqual(list.clients.map(({ lastSeenAt }) => lastSeenAt), expected);
    assert.equal(Reflect.get(current.client, "lastSeenAt"), 1_790_000_777);
    assert.equal(Reflect.get(update, "lastSeenAt"), 1_790_000_777);
  });
});

Deno.test("no method shows a key or a token", async () => {
  await withDevice(async ({ call }) => {
    const change = { clientId: "id-1", clientName: "x", role: "member" };
    const [list, current, updated] = await Promise.all([
      call(LOCAL, "clients"),
      call(MEMBER, "clients.current"),
      call(LOCAL, "clients.update", change),
    ]) as [{ clients: object[] }, { client: object }, object];
    const clients = [...list.clients, current.client, updated];
    assert.equal(clients.length, 4);
    for (const client of clients) {
      const keys = Object.keys(client).toSorted();
      assert.deepEqual(keys, ["clientId", "clientName", "createdAt", "lastSeenAt", "role"]);
    }
    assert.doesNotMatch(JSON.stringify([list, current, updated]), /token|key/i);
  });
});

const CURRENT: [string, Caller, object][] = [
  ["the device itself", LOCAL, {
    access: "localhost",
    paired: false,
    role: null,
    capabilities: ["settings.write"],
    client: null,
  }],
  ["a peer without a session", PLAIN, {
    access: "member",
    paired: false,
    role: null,
    capabilities: [],
    client: null,
  }],
  ["a member", MEMBER, {
    access: "member",
    paired: true,
    role: "member",
    capabilities: [],
    client: shown(sampleClient(2)),
  }],
  ["an admin", ADMIN, {
    access: "admin",
    paired: true,
    role: "admin",
    capabilities: ["settings.write"],
    client: shown(sampleClient(1, { role: "admin" })),
  }],
];
for (const [who, caller, expected] of CURRENT) {
  Deno.test(`clients.current tells ${who} what it is`, async () => {
    await withDevice(async ({ call }) => {
      assert.deepEqual(await call(caller, "clients.current"), expected);
    });
  });
}

Deno.test("clients.current tells a session of the device itself of its client", async () => {
  await withDevice(async ({ call }) => {
    const answer = await call({ ...MEMBER, isLocal: true }, "clients.current") as object;
    assert.equal(Reflect.get(answer, "access"), "localhost");
    assert.equal(Reflect.get(answer, "role"), "member");
    assert.deepEqual(Reflect.get(answer, "client"), shown(sampleClient(2)));
  });
});

Deno.test("clients.update changes a name and leaves the sessions", async () => {
  await withDevice(async ({ call, roster, events }) => {
    const answer = await call(ADMIN, "clients.update", { clientId: "id-2", clientName: "Tablet" });
    assert.deepEqual(answer, shown(sampleClient(2, { clientName: "Tablet" })));
    assert.equal(roster.find("id-2")?.clientName, "Tablet");
    assert.deepEqual(events, ["client_changed id-2"]);
  });
});

Deno.test("clients.update changes a role and ends the sessions", async () => {
  await withDevice(async ({ call, roster, events }) => {
    await call(ADMIN, "clients.update", { clientId: "id-2", role: "admin" });
    assert.equal(roster.find("id-2")?.role, "admin");
    assert.deepEqual(events, ["revoked id-2", "client_changed id-2"]);
  });
});

Deno.test("clients.update keeps the last admin unless the device itself says so", async () => {
  await withDevice(async ({ call, roster, events }) => {
    const demotion = { clientId: "id-1", role: "member", clientName: "x" };
    assert.equal(await call(ADMIN, "clients.update", demotion), "conflict");
    assert.deepEqual(roster.find("id-1"), sampleClient(1, { role: "admin" }));
    assert.deepEqual(events, []);
    await call(ADMIN, "clients.update", { clientId: "id-1", role: "admin", clientName: "y" });
    assert.deepEqual(roster.find("id-1"), sampleClient(1, { role: "admin", clientName: "y" }));
    await call(LOCAL, "clients.update", demotion);
    assert.equal(roster.find("id-1")?.role, "member");
  });
});

Deno.test("clients.update lets an admin demote one of two, itself too", async () => {
  await withDevice(async ({ call, roster }) => {
    await call(ADMIN, "clients.update", { clientId: "id-2", role: "admin" });
    await call(ADMIN, "clients.update", { clientId: "id-1", role: "member" });
    assert.deepEqual(roster.list().map(({ role }) => role), ["member", "admin"]);
    assert.equal(await call(ADMIN, "clients.update", { clientId: "id-2" }), "forbidden");
  });
});

const BAD_UPDATES: [string, object, unknown][] = [
  ["no id", { role: "member" }, -32602],
  ["an empty id", { clientId: "" }, -32602],
  ["a role that there is not", { clientId: "id-2", role: "owner" }, -32602],
  ["a name that is no text", { clientId: "id-2", clientName: 5 }, -32602],
  ["a key of its own", { clientId: "id-2", pairingKey: "x" }, -32602],
  ["an id of nobody", { clientId: "id-9", role: "member" }, "not_found"],
  ["an empty name", { clientId: "id-2", clientName: "" }, "bad_request"],
  ["a name of 129 bytes", { clientId: "id-2", clientName: `${"é".repeat(64)}x` }, "bad_request"],
];
for (const [what, params, expected] of BAD_UPDATES) {
  Deno.test(`clients.update refuses ${what} and changes nothing`, async () => {
    await withDevice(async ({ call, roster, events }) => {
      const before = roster.list();
      assert.equal(await call(ADMIN, "clients.update", params), expected);
      assert.deepEqual(roster.list(), before);
      assert.deepEqual(events, []);
    });
  });
}

Deno.test("clients.delete removes a client and ends its sessions", async () => {
  await withDevice(async ({ call, roster, events }) => {
    assert.equal(await call(LOCAL, "clients.delete", { clientId: "id-2" }), null);
    assert.deepEqual(events, ["revoked id-2", "client_removed id-2"]);
    assert.equal(roster.count(), 1);
    assert.equal(await call(LOCAL, "clients.delete", { clientId: "id-2" }), "not_found");
    assert.equal(await call(LOCAL, "clients.delete", {}), -32602);
    assert.equal(await call(MEMBER, "clients.current"), "unauthorized");
  });
});

Deno.test("clients.pair.start shows the PIN and its end in seconds, and passes the role on", async () => {
  await withDevice(async ({ call, events }) => {
    const opened = { pin: PIN.pin, expiresAt: 1_790_000_060, role: "admin" };
    assert.deepEqual(await call(LOCAL, "clients.pair.start", { role: "admin" }), opened);
    assert.equal(await call(LOCAL, "clients.pair.start"), "conflict");
    assert.equal(await call(LOCAL, "clients.pair.start", { role: "owner" }), -32602);
    assert.equal(await call(LOCAL, "clients.pair.start", { liftLock: 1 }), -32602);
    assert.equal(await call(LOCAL, "clients.pair.start", { liftLock: true }), "conflict");
    const seen = ["opened admin", "opened undefined", "opened undefined lifting"];
    assert.deepEqual(events, seen);
  });
});

Deno.test("clients.pair.current shows the PIN while there is one", async () => {
  await withDevice(async ({ call, pin }) => {
    assert.equal(await call(LOCAL, "clients.pair.current"), null);
    pin.current = PIN;
    const opened = { pin: PIN.pin, expiresAt: 1_790_000_060, role: "admin" };
    assert.deepEqual(await call(LOCAL, "clients.pair.current"), opened);
  });
});

Deno.test("clients.pair.cancel closes the window", async () => {
  await withDevice(async ({ call, events }) => {
    assert.equal(await call(LOCAL, "clients.pair.cancel"), null);
    assert.deepEqual(events, ["cancelled"]);
  });
});

Deno.test("status tells the device alone how it is reached, who is there and what plays", async () => {
  await withDevice(async ({ call }) => {
    assert.deepEqual(await call(LOCAL, "status"), {
      version: "1.2.3",
      state: "ready",
      addresses: ["http://192.168.1.9:7497"],
      encryption: true,
      clients: 2,
      connections: 3,
      sessions: 2,
      playing: "A game",
    });
    for (const caller of [PLAIN, ADMIN, MEMBER]) {
      assert.equal(await call(caller, "status"), "forbidden");
    }
  });
});
