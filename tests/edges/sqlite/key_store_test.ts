import assert from "node:assert/strict";
import type { ApiKey } from "../../../src/features/access/api_key.ts";
import { SqliteKeyStore } from "../../../src/edges/sqlite/key_store.ts";
import { sampleKey } from "../../support/sample_key.ts";
import { openSample } from "./samples.ts";
import { withTempFolder } from "./temp_folder.ts";

Deno.test("SqliteKeyStore gives back what it keeps, oldest first", () => {
  withStore((store) => {
    const first = sampleKey("aaaaaaaa", { createdAtMs: 1, scopes: ["rpc", "run"] });
    const second = sampleKey("00000000", { createdAtMs: 2, expiresAtMs: 9 });
    store.add(second);
    store.add(first);
    assert.deepEqual(store.list(), [first, second]);
    assert.deepEqual(store.find("00000000"), second);
    assert.equal(store.find("AAAAAAAA"), undefined);
  });
});

Deno.test("SqliteKeyStore asks for keys of a scope until open(), whatever becomes of the keys", () => {
  withStore((store) => {
    assert.deepEqual(store.required(), []);
    store.add(sampleKey("aaaaaaaa", { scopes: ["models"] }));
    assert.deepEqual(store.required(), []);
    store.add(sampleKey("bbbbbbbb", { scopes: ["rpc", "models", "run"] }));
    assert.deepEqual(store.required(), ["rpc", "run"]);
    store.revoke("bbbbbbbb", 5);
    store.purgeRevoked();
    assert.deepEqual(store.required(), ["rpc", "run"]);
    assert.deepEqual([store.isRequired("run"), store.isRequired("events")], [true, false]);
    assert.deepEqual([store.open("run"), store.open("run")], [true, false]);
    assert.deepEqual(store.required(), ["rpc"]);
  });
});

Deno.test("SqliteKeyStore.revoke() revokes a key once and purgeRevoked() removes it", () => {
  withStore((store) => {
    store.add(sampleKey("aaaaaaaa"));
    store.add(sampleKey("bbbbbbbb"));
    assert.equal(store.revoke("cccccccc", 5), false);
    assert.equal(store.revoke("aaaaaaaa", 5), true);
    assert.equal(store.revoke("aaaaaaaa", 6), false);
    assert.equal(store.find("aaaaaaaa")?.revokedAtMs, 5);
    assert.equal(store.purgeRevoked(), 1);
    assert.equal(store.purgeRevoked(), 0);
    assert.deepEqual(store.list(), [sampleKey("bbbbbbbb")]);
  });
});

Deno.test("SqliteKeyStore.saveLastUsed() passes over keys that are gone", () => {
  withStore((store) => {
    store.add(sampleKey("aaaaaaaa"));
    store.saveLastUsed(new Map([["cccccccc", 5], ["aaaaaaaa", 7]]));
    assert.deepEqual(store.list(), [sampleKey("aaaaaaaa", { lastUsedAtMs: 7 })]);
  });
});

const REFUSED: [string, Partial<ApiKey>][] = [
  ["an id of 7 characters", { keyId: "aaaaaaa" }],
  ["the id of another", { keyId: "bbbbbbbb" }],
  ["an empty name", { name: "" }],
  ["a hash of 31 bytes", { secretHash: new Uint8Array(31) }],
  ["no scope", { scopes: [] }],
];
for (const [what, changes] of REFUSED) {
  Deno.test(`SqliteKeyStore.add() refuses ${what}`, () => {
    withStore((store) => {
      store.add(sampleKey("bbbbbbbb"));
      assert.throws(() => store.add(sampleKey("aaaaaaaa", changes)), { code: "ERR_SQLITE_ERROR" });
      assert.deepEqual(store.list(), [sampleKey("bbbbbbbb")]);
    });
  });
}

Deno.test("SqliteKeyStore keeps the limits of a key, and changes them until it is revoked", () => {
  withStore((store) => {
    const limits = { perMinute: 5, weight: 2 };
    store.add(sampleKey("aaaaaaaa", { limits }));
    store.add(sampleKey("bbbbbbbb"));
    assert.deepEqual(store.find("aaaaaaaa")?.limits, limits);
    assert.equal(store.setLimits("aaaaaaaa", { concurrent: 1 }), true);
    assert.deepEqual(store.list().map((key) => key.limits), [{ concurrent: 1 }, undefined]);
    assert.equal(store.setLimits("aaaaaaaa", undefined), true);
    assert.equal(store.find("aaaaaaaa")?.limits, undefined);
    store.revoke("aaaaaaaa", 9);
    assert.equal(store.setLimits("aaaaaaaa", limits), false);
    assert.equal(store.setLimits("nobodyyy", limits), false);
  });
});

Deno.test("SqliteKeyStore hears of every change at once, whoever makes it", () => {
  withTempFolder((folder) => {
    const path = `${folder}/latchkey.sqlite`;
    using database = openSample(path);
    using foreign = openSample(path);
    const store = new SqliteKeyStore(database);
    store.add(sampleKey("aaaaaaaa"));
    const isRevoked = (): boolean => store.find("aaaaaaaa")?.revokedAtMs !== undefined;
    assert.equal(isRevoked(), false);
    new SqliteKeyStore(database).revoke("aaaaaaaa", 5);
    assert.equal(isRevoked(), true);
    const clear = "UPDATE api_keys SET revoked_at_ms = NULL";
    foreign.exec(clear);
    assert.equal(isRevoked(), false);
    new SqliteKeyStore(foreign).revoke("aaaaaaaa", 6);
    assert.equal(store.find("aaaaaaaa")?.revokedAtMs, 6);
    // What is undone was never so.
    database.exec(`BEGIN; ${clear}`);
    assert.equal(isRevoked(), false);
    database.exec("ROLLBACK");
    assert.equal(isRevoked(), true);
  });
});

Deno.test("SqliteKeyStore asks the database for no key that it knows", () => {
  using database = openSample();
  const store = new SqliteKeyStore(database);
  store.add(sampleKey("aaaaaaaa"));
  const key = store.find("aaaaaaaa");
  assert.ok(store.find("aaaaaaaa") === key);
});

function withStore(test: (store: SqliteKeyStore) => void): void {
  using database = openSample();
  test(new SqliteKeyStore(database));
}
