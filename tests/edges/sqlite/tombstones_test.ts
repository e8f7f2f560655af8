import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../../../src/base/bytes.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { MAX_TOMBSTONES, SqliteTombstones } from "../../../src/edges/sqlite/tombstones.ts";
import { openSample, sampleClient } from "./samples.ts";

function entry(n: number): { clientId: string; authToken: string } {
  const { clientId, authToken } = sampleClient(n);
  return { clientId, authToken };
}

Deno.test("a removed client's token is known again, and no other", () => {
  using database = openSample();
  const clients = new SqliteClientStore(database);
  const tombstones = new SqliteTombstones(database);
  clients.add(sampleClient(1));
  clients.add(sampleClient(2));
  assert.equal(tombstones.wasRemoved("token-1"), false);
  assert.equal(clients.remove("id-1"), true);
  assert.equal(clients.remove("id-1"), false);
  assert.deepEqual(
    ["token-1", "token-2", "TOKEN-1", ""].map((token) => tombstones.wasRemoved(token)),
    [true, false, false, false],
  );
  const tokenHash = new Uint8Array(sha256(utf8("token-1")));
  assert.deepEqual(tombstones.list(), { clients: [{ clientId: "id-1", tokenHash }], keys: [] });
});

Deno.test("tombstones are bounded, and the oldest are forgotten", () => {
  using database = openSample();
  const tombstones = new SqliteTombstones(database, { max: 2 });
  for (const n of [1, 2, 3]) {
    tombstones.addClient(entry(n));
    tombstones.addKey(`aaaaaaa${n}`);
  }
  const { clients, keys } = tombstones.list();
  assert.deepEqual(clients.map(({ clientId }) => clientId), ["id-2", "id-3"]);
  assert.deepEqual(keys, ["aaaaaaa2", "aaaaaaa3"]);
  assert.equal(tombstones.hasKey("aaaaaaa1"), false);
});

Deno.test("SqliteTombstones keeps as many as its limit says", () => {
  using database = openSample();
  const tombstones = new SqliteTombstones(database);
  database.exec("BEGIN");
  for (let n = 1; n <= MAX_TOMBSTONES + 1; n++) tombstones.addClient(entry(n));
  database.exec("COMMIT");
  assert.equal(tombstones.list().clients.length, MAX_TOMBSTONES);
  assert.deepEqual([1, 2].map((n) => tombstones.wasRemoved(`token-${n}`)), [false, true]);
});

Deno.test("merge() counts what comes from elsewhere as older than what is here", () => {
  using database = openSample();
  using other = openSample();
  const elsewhere = new SqliteTombstones(other);
  for (const n of [3, 4]) {
    elsewhere.addClient(entry(n));
    elsewhere.addKey(`aaaaaaa${n}`);
  }
  const tombstones = new SqliteTombstones(database, { max: 3 });
  for (const n of [1, 2, 3]) {
    tombstones.addClient(entry(n));
    tombstones.addKey(`aaaaaaa${n}`);
  }
  tombstones.merge(elsewhere.list());
  assert.deepEqual(tombstones.list().clients.map(({ clientId }) => clientId), [
    "id-1",
    "id-2",
    "id-3",
  ]);
  assert.deepEqual(tombstones.list().keys, ["aaaaaaa1", "aaaaaaa2", "aaaaaaa3"]);
  const wide = new SqliteTombstones(database);
  wide.merge(elsewhere.list());
  assert.equal(wide.list().clients[0]?.clientId, "id-4");
});
