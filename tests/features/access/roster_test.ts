import assert from "node:assert/strict";
import type { ClientStore } from "../../../src/features/access/client.ts";
import { ClientRoster } from "../../../src/features/access/roster.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { openSample, sampleClient } from "../../edges/sqlite/samples.ts";
import { assertAppError } from "../../support/app_error.ts";

interface Fixture {
  roster: ClientRoster;
  store: ClientStore;
  events: string[];
}

/** Runs `test` with an admin and a member; events tell what the store had when they came. */
function withRoster(test: (fixture: Fixture) => void): void {
  using database = openSample();
  const store = new SqliteClientStore(database);
  const events: string[] = [];
  const roleOf = (clientId: string): string => store.findById(clientId)?.role ?? "gone";
  const roster = new ClientRoster({
    store,
    onRevoked: (clientId) => events.push(`revoked ${clientId} ${roleOf(clientId)}`),
    onChanged: (clientId, change) => events.push(`${change} ${clientId}`),
  });
  roster.add(sampleClient(1, { role: "admin" }));
  roster.add(sampleClient(2));
  test({ roster, store, events });
}

Deno.test("ClientRoster shows what its store keeps", () => {
  withRoster(({ roster, store, events }) => {
    assert.deepEqual(roster.list(), [sampleClient(1, { role: "admin" }), sampleClient(2)]);
    assert.deepEqual(roster.list(), store.list());
    assert.equal(roster.count(), 2);
    assert.deepEqual(roster.find("id-2"), sampleClient(2));
    assert.equal(roster.find("id-3"), undefined);
    assert.deepEqual([roster.limit, roster.maxNameBytes], [50, 128]);
    assert.deepEqual(events, []);
  });
});

Deno.test("update() of a role ends the sessions once the store has the new one", () => {
  withRoster(({ roster, events }) => {
    assert.deepEqual(roster.update("id-2", { role: "admin" }), sampleClient(2, { role: "admin" }));
    assert.deepEqual(events, ["revoked id-2 admin", "client_changed id-2"]);
  });
});

Deno.test("update() to the role that it has ends no session", () => {
  withRoster(({ roster, events }) => {
    roster.update("id-2", { role: "member" });
    assert.deepEqual(events, ["client_changed id-2"]);
  });
});

const NAMES = ["x", "é".repeat(64), "\0", " ", "\u202e", "🔑".repeat(32)];
for (const clientName of NAMES) {
  Deno.test(`update() takes the name ${JSON.stringify(clientName)}`, () => {
    withRoster(({ roster, events }) => {
      assert.equal(roster.update("id-2", { clientName }).clientName, clientName);
      assert.deepEqual(roster.find("id-2"), sampleClient(2, { clientName }));
      assert.deepEqual(events, ["client_changed id-2"]);
    });
  });
}

const BAD_NAMES: [string, string][] = [
  ["an empty name", ""],
  ["129 bytes", "x".repeat(129)],
  ["64 characters and a byte too many", `${"é".repeat(64)}x`],
];
for (const [what, clientName] of BAD_NAMES) {
  Deno.test(`update() refuses ${what} and changes nothing`, () => {
    withRoster(({ roster, events }) => {
      assertAppError(() => roster.update("id-2", { clientName, role: "admin" }), "bad_request");
      assert.deepEqual(roster.find("id-2"), sampleClient(2));
      assert.deepEqual(events, []);
    });
  });
}

Deno.test("update() answers not_found for nobody", () => {
  withRoster(({ roster, events }) => {
    assertAppError(() => roster.update("id-3", { role: "admin" }), "not_found");
    assert.deepEqual(events, []);
  });
});

Deno.test("remove() ends the sessions once the client is gone", () => {
  withRoster(({ roster, events }) => {
    roster.remove("id-2");
    assert.deepEqual(events, ["revoked id-2 gone", "client_removed id-2"]);
    assert.deepEqual(roster.list(), [sampleClient(1, { role: "admin" })]);
    assertAppError(() => roster.remove("id-2"), "not_found");
    assert.equal(events.length, 2);
  });
});

Deno.test("update() and remove() tell nobody of what the store did not do", () => {
  const events: string[] = [];
  const fail = (): never => {
    throw new Error("disk full");
  };
  const roster = new ClientRoster({
    store: {
      ...{
        list: () => [sampleClient(1)],
        count: fail,
        findByToken: fail,
        add: fail,
        saveLastSeen: fail,
      },
      ...{ checkWritable: fail },
      ...{ listUnclaimed: fail, update: fail, remove: fail },
      findById: fail,
    },
    onRevoked: (clientId) => events.push(clientId),
    onChanged: (clientId) => events.push(clientId),
  });
  assert.throws(() => roster.update("id-1", { role: "admin" }), /disk full/);
  assert.throws(() => roster.remove("id-1"), /disk full/);
  assert.deepEqual(events, []);
});

Deno.test("ClientRoster answers from memory what its store would answer", () => {
  withRoster(({ roster, store }) => {
    const asked: string[] = [];
    const counting = new Proxy(store, {
      get: (target, name: keyof ClientStore) => {
        asked.push(name);
        return (target[name] as (...args: unknown[]) => unknown).bind(target);
      },
    });
    const second = new ClientRoster({ store: counting, onRevoked: () => {}, onChanged: () => {} });
    asked.length = 0;
    const { authToken } = sampleClient(2);
    assert.deepEqual(second.find("id-2"), roster.find("id-2"));
    assert.deepEqual(second.findByToken(authToken), store.findByToken(authToken));
    assert.equal(second.findByToken(authToken.slice(1)), undefined);
    assert.equal(second.findByToken(""), undefined);
    assert.equal(second.count(), 2);
    assert.deepEqual(second.list(), roster.list());
    assert.deepEqual(asked, []);
  });
});

Deno.test("ClientRoster keeps in memory what it wrote, and nothing that it could not write", () => {
  withRoster(({ roster, store }) => {
    roster.add(sampleClient(3));
    roster.update("id-2", { clientName: "New", role: "admin" });
    roster.saveLastSeen(new Map([["id-3", 5000], ["nobody", 1]]));
    roster.remove("id-1");
    assert.deepEqual(roster.list(), store.list());
    assert.equal(roster.find("id-3")?.lastSeenAtMs, 5000);
    assert.equal(roster.findByToken(sampleClient(1).authToken), undefined);
    const before = roster.list();
    for (const name of ["add", "update", "remove", "saveLastSeen"] as const) {
      store[name] = () => {
        throw new Error("disk full");
      };
    }
    assert.throws(() => roster.add(sampleClient(4)), { message: "Cannot keep the client" });
    assert.throws(() => roster.update("id-2", { role: "member" }), { message: "disk full" });
    assert.throws(() => roster.remove("id-2"), { message: "disk full" });
    assert.throws(() => roster.saveLastSeen(new Map([["id-2", 9]])), { message: "disk full" });
    assert.deepEqual(roster.list(), before);
  });
});
