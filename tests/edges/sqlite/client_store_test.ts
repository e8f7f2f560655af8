import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import type { Client, Role } from "../../../src/features/access/client.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { openSample, queryValue, sampleClient, sampleSalt } from "./samples.ts";

const SQLITE_CONSTRAINT_CHECK = 275;
const SQLITE_CONSTRAINT_NOTNULL = 1299;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

Deno.test("SqliteClientStore gives back what it keeps, oldest first", () => {
  withStore((store) => {
    assert.deepEqual(store.list(), []);
    assert.equal(store.count(), 0);
    const [first, second] = [sampleClient(1), sampleClient(2, { role: "admin" })];
    store.add(second);
    store.add(first);
    assert.deepEqual(store.list(), [first, second]);
    assert.equal(store.count(), 2);
    assert.deepEqual(store.findById("id-2"), second);
    assert.deepEqual(store.findByToken("token-1"), first);
  });
});

const NAMES: [string, string, string][] = [
  ["a NUL", "a\0b", "a\0b"],
  ["nothing but a NUL", "\0", "\0"],
  ["characters beyond the BMP", "🔑 ключ", "🔑 ключ"],
  ["a byte order mark", "\ufeffx", "\ufeffx"],
  ["128 bytes", "é".repeat(64), "é".repeat(64)],
  ["half a surrogate pair", "a\ud800b", "a\ufffdb"],
];
for (const [what, name, shown] of NAMES) {
  Deno.test(`SqliteClientStore keeps a name with ${what}`, () => {
    withStore((store) => {
      store.add(sampleClient(1, { clientName: name }));
      assert.equal(store.findById("id-1")?.clientName, shown);
      store.update("id-1", { clientName: `x` });
      store.update("id-1", { clientName: name });
      assert.equal(store.findById("id-1")?.clientName, shown);
    });
  });
}

const REFUSED: [string, Partial<Client>, number][] = [
  ["a key of 31 bytes", { pairingKey: new Uint8Array(31) }, SQLITE_CONSTRAINT_CHECK],
  ["a key of 33 bytes", { pairingKey: new Uint8Array(33) }, SQLITE_CONSTRAINT_CHECK],
  ["no key", { pairingKey: new Uint8Array(0) }, SQLITE_CONSTRAINT_CHECK],
  ["an empty id", { clientId: "" }, SQLITE_CONSTRAINT_CHECK],
  ["an empty token", { authToken: "" }, SQLITE_CONSTRAINT_CHECK],
  ["an empty name", { clientName: "" }, SQLITE_CONSTRAINT_CHECK],
  ["a name of 129 bytes", { clientName: `${"é".repeat(64)}x` }, SQLITE_CONSTRAINT_CHECK],
  ["an unknown role", { role: "owner" as Role }, SQLITE_CONSTRAINT_CHECK],
  ["a time that is none", { createdAtMs: NaN }, SQLITE_CONSTRAINT_NOTNULL],
  ["the id of another", { clientId: "id-1" }, SQLITE_CONSTRAINT_PRIMARYKEY],
  ["the token of another", { authToken: "token-1" }, SQLITE_CONSTRAINT_UNIQUE],
];
for (const [what, changes, errcode] of REFUSED) {
  Deno.test(`SqliteClientStore.add() refuses ${what}`, () => {
    withStore((store) => {
      store.add(sampleClient(1));
      assert.throws(() => store.add(sampleClient(2, changes)), { errcode });
      assert.deepEqual(store.list(), [sampleClient(1)]);
    });
  });
}

const OTHER_TOKENS = ["", "token", "TOKEN-1", "token-1 ", "token-1\0", "token-1\0x", "token-%"];
for (const token of OTHER_TOKENS) {
  Deno.test(`SqliteClientStore.findByToken() does not take ${JSON.stringify(token)}`, () => {
    withStore((store) => {
      store.add(sampleClient(1));
      assert.equal(store.findByToken(token), undefined);
    });
  });
}

Deno.test("SqliteClientStore.update() changes what is given and nothing else", () => {
  withStore((store) => {
    store.add(sampleClient(1));
    store.add(sampleClient(2));
    assert.equal(store.update("id-1", { role: "admin" }), true);
    assert.deepEqual(store.findById("id-1"), sampleClient(1, { role: "admin" }));
    assert.equal(store.update("id-1", { clientName: "Tablet" }), true);
    assert.deepEqual(
      store.findById("id-1"),
      sampleClient(1, { role: "admin", clientName: "Tablet" }),
    );
    assert.equal(store.update("id-1", {}), true);
    assert.equal(store.update("id-3", { role: "admin" }), false);
    assert.deepEqual(store.findById("id-2"), sampleClient(2));
  });
});

Deno.test("SqliteClientStore.update() changes nothing where one of two changes is refused", () => {
  withStore((store) => {
    store.add(sampleClient(1));
    const change = { clientName: "Tablet", role: "owner" as Role };
    assert.throws(() => store.update("id-1", change), { errcode: SQLITE_CONSTRAINT_CHECK });
    assert.deepEqual(store.findById("id-1"), sampleClient(1));
  });
});

Deno.test("SqliteClientStore.remove() takes the client's salts with it and no other's", () => {
  withStore((store, database) => {
    const ledger = new SqliteReplayLedger(database);
    for (const n of [1, 2]) {
      store.add(sampleClient(n));
      ledger.record(`id-${n}`, sampleSalt(1));
    }
    assert.equal(store.remove("id-1"), true);
    assert.equal(store.remove("id-1"), false);
    assert.equal(store.findByToken("token-1"), undefined);
    assert.equal(ledger.has("id-1", sampleSalt(1)), false);
    assert.equal(ledger.has("id-2", sampleSalt(1)), true);
    assert.equal(queryValue(database, "SELECT count(*) FROM salts"), 1);
    assert.equal(queryValue(database, "SELECT count(*) FROM salt_counts"), 1);
  });
});

Deno.test("SqliteClientStore.saveLastSeen() passes over clients that are gone", () => {
  withStore((store) => {
    store.add(sampleClient(1));
    store.add(sampleClient(2));
    const latestMs = 2 ** 53 - 1;
    store.saveLastSeen(new Map([["id-3", 5], ["id-2", latestMs]]));
    assert.deepEqual(store.list(), [sampleClient(1), sampleClient(2, { lastSeenAtMs: latestMs })]);
  });
});

Deno.test("SqliteClientStore.listUnclaimed() has the clients without a session, oldest first", () => {
  withStore((store, database) => {
    const ledger = new SqliteReplayLedger(database);
    for (const n of [3, 1, 2]) store.add(sampleClient(n));
    assert.deepEqual(store.listUnclaimed(), [sampleClient(1), sampleClient(2), sampleClient(3)]);
    ledger.record("id-2", sampleSalt(1));
    assert.deepEqual(store.listUnclaimed(), [sampleClient(1), sampleClient(3)]);
  });
});

function withStore(test: (store: SqliteClientStore, database: DatabaseSync) => void): void {
  using database = openSample();
  test(new SqliteClientStore(database), database);
}
