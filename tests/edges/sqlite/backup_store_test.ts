import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import {
  type BackupRecords,
  encodeBackup,
  parseBackup,
} from "../../../src/features/backup/backup_content.ts";
import { concatBytes } from "../../../src/base/bytes.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { type Client, MAX_CLIENTS } from "../../../src/features/access/client.ts";
import type { ApiKey } from "../../../src/features/access/api_key.ts";
import { type Favorite, MAX_FAVORITES } from "../../../src/features/library/favorites.ts";
import {
  readLive,
  readRecords,
  type RestoreCounts,
  restoreRecords,
} from "../../../src/edges/sqlite/backup_store.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { openDatabase } from "../../../src/edges/sqlite/database.ts";
import { SqliteFavoriteStore } from "../../../src/edges/sqlite/favorite_store.ts";
import { SqliteKeyStore } from "../../../src/edges/sqlite/key_store.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { findDatabase, openStores } from "../../../src/edges/sqlite/stores.ts";
import { SqliteTombstones } from "../../../src/edges/sqlite/tombstones.ts";
import { assertAppError } from "../../support/app_error.ts";
import { sampleKey } from "../../support/sample_key.ts";
import { openSample, queryValue, sampleClient } from "./samples.ts";
import { withTempFolder } from "./temp_folder.ts";

function salt(n: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(16).fill(n);
}

function apiKey(keyId: string, revokedAtMs?: number): ApiKey {
  return sampleKey(keyId, { name: keyId, createdAtMs: 1, revokedAtMs });
}

function fill(
  database: DatabaseSync,
  device: { clients?: readonly Client[]; salts?: [string, number][]; keys?: readonly ApiKey[] },
): void {
  const clients = new SqliteClientStore(database);
  const ledger = new SqliteReplayLedger(database);
  const keys = new SqliteKeyStore(database);
  for (const client of device.clients ?? []) clients.add(client);
  for (const [clientId, n] of device.salts ?? []) ledger.record(clientId, salt(n));
  for (const key of device.keys ?? []) {
    keys.add(key);
    if (key.revokedAtMs !== undefined) keys.revoke(key.keyId, key.revokedAtMs);
  }
}

const NOW_MS = 1_800_000_000_000;

const NOTHING: BackupRecords = {
  clients: [],
  salts: [],
  keys: [],
  requiredKeys: [],
  removed: { clients: [], keys: [] },
  auditHead: { id: 0, hash: new Uint8Array(32) },
  favorites: [],
};

const [ANN, BOB] = [sampleClient(1), sampleClient(2)];

function restore(database: DatabaseSync, records: BackupRecords): RestoreCounts {
  return restoreRecords(database, { records, nowMs: NOW_MS, seenMs: 0 });
}

/** The records as the backup that is made of them gives them back. */
function sealedAndOpened(records: BackupRecords): BackupRecords {
  const rest = { createdAtMs: 1, program: "1", configText: undefined, settingsText: undefined };
  const {
    createdAtMs: _,
    program: _program,
    configText: _config,
    settingsText: _settings,
    ...own
  } = parseBackup(encodeBackup({ ...records, ...rest }));
  return own;
}

function recordsOf(device: Parameters<typeof fill>[1]): BackupRecords {
  using database = openSample();
  fill(database, device);
  return readRecords(database);
}

Deno.test("what a database holds comes back into an empty one", () => {
  const before = recordsOf({
    clients: [ANN, BOB],
    salts: [[ANN.clientId, 1], [ANN.clientId, 2]],
    keys: [apiKey("aaaaaaaa"), apiKey("bbbbbbbb", 7)],
  });
  assert.deepEqual(before.salts, [
    { clientId: ANN.clientId, salts: concatBytes(salt(1), salt(2)), used: 2 },
  ]);
  using database = openSample();
  assert.deepEqual(restore(database, before), {
    clients: 2,
    keys: 2,
    salts: 2,
    stayRemoved: 0,
    removed: 0,
  });
  assert.deepEqual(readRecords(database), before);
  const ledger = new SqliteReplayLedger(database);
  assert.equal(ledger.record(ANN.clientId, salt(1)), "used");
  assert.equal(ledger.record(ANN.clientId, salt(3)), "recorded");
  // What is there already is not added again.
  assert.deepEqual(restore(database, before), {
    clients: 0,
    keys: 0,
    salts: 0,
    stayRemoved: 0,
    removed: 0,
  });
});

Deno.test("favourites come back, and what the device has decided since stays", () => {
  using source = openSample();
  const theirs = new SqliteFavoriteStore(source);
  theirs.set({ path: "/a", isFavorite: true });
  theirs.set({ path: "/b", isFavorite: true });
  using database = openSample();
  const ours = new SqliteFavoriteStore(database);
  ours.set({ path: "/a", isFavorite: false });
  restore(database, readRecords(source));
  assert.deepEqual(ours.list(), [
    { path: "/a", isFavorite: false },
    { path: "/b", isFavorite: true },
  ]);
});

Deno.test("a restore adds favourites up to the limit, and the next backup can be restored", () => {
  const decided = (folder: string): Favorite[] =>
    Array.from({ length: 3000 }, (_, n) => ({
      path: `/${folder}/${String(n).padStart(4, "0")}`,
      isFavorite: n % 2 === 0,
    }));
  const [ours, theirs] = [decided("b"), decided("a")];
  using database = openSample();
  restore(database, { ...NOTHING, favorites: ours });
  restore(database, { ...NOTHING, favorites: [...ours.slice(1), ...theirs] });
  const both = readRecords(database);
  assert.deepEqual(both.favorites, [...theirs.slice(0, MAX_FAVORITES - ours.length), ...ours]);
  using fresh = openSample();
  restore(fresh, sealedAndOpened(both));
  assert.deepEqual(readRecords(fresh).favorites, both.favorites);
});

Deno.test("a restore never lowers the ledger", () => {
  const backup = recordsOf({ clients: [ANN], salts: [[ANN.clientId, 1]] });
  using database = openSample();
  fill(database, { clients: [ANN], salts: [[ANN.clientId, 1], [ANN.clientId, 2]] });
  assert.deepEqual(restore(database, backup), {
    clients: 0,
    keys: 0,
    salts: 0,
    stayRemoved: 0,
    removed: 0,
  });
  const [used] = readRecords(database).salts;
  assert.deepEqual([used?.used, used?.salts.length], [2, 32]);
});

Deno.test("salts of both sides are kept, and counted", () => {
  const backup = recordsOf({ clients: [ANN], salts: [[ANN.clientId, 1], [ANN.clientId, 2]] });
  using database = openSample();
  fill(database, { clients: [ANN], salts: [[ANN.clientId, 2], [ANN.clientId, 3]] });
  assert.equal(restore(database, backup).salts, 1);
  const [used] = readRecords(database).salts;
  assert.deepEqual([used?.used, used?.salts.length], [3, 48]);
});

Deno.test("a count that was higher than its salts stays so", () => {
  const backup = recordsOf({ clients: [ANN], salts: [[ANN.clientId, 1]] });
  using database = openSample();
  restore(database, { ...backup, salts: backup.salts.map((own) => ({ ...own, used: 9 })) });
  assert.equal(readRecords(database).salts[0]?.used, 9);
  restore(database, backup);
  assert.equal(readRecords(database).salts[0]?.used, 9);
});

Deno.test("a client that the device has keeps its name and role", () => {
  const backup = recordsOf({ clients: [{ ...ANN, clientName: "Old", role: "admin" }, BOB] });
  using database = openSample();
  fill(database, { clients: [{ ...ANN, clientName: "New", role: "member" }] });
  assert.equal(restore(database, backup).clients, 1);
  const { clients } = readRecords(database);
  assert.deepEqual(
    clients.map(({ clientName, role }) => [clientName, role]).sort(),
    [
      [BOB.clientName, BOB.role],
      ["New", "member"],
    ].sort(),
  );
});

Deno.test("a key that either side revoked stays revoked", () => {
  const backup = recordsOf({
    keys: [apiKey("aaaaaaaa", 5), apiKey("bbbbbbbb"), apiKey("cccccccc")],
  });
  using database = openSample();
  fill(database, { keys: [apiKey("aaaaaaaa"), apiKey("bbbbbbbb", 9)] });
  assert.equal(restore(database, backup).keys, 1);
  assert.deepEqual(
    readRecords(database).keys.map(({ keyId, revokedAtMs }) => [keyId, revokedAtMs]),
    [["aaaaaaaa", 5], ["bbbbbbbb", 9], ["cccccccc", undefined]],
  );
});

Deno.test("a restore asks for keys where either side did", () => {
  const backup = recordsOf({ keys: [{ ...apiKey("aaaaaaaa", 5), scopes: ["run"] }] });
  for (const purged of [{ ...backup, keys: [] }, backup]) {
    using database = openSample();
    fill(database, { keys: [{ ...apiKey("bbbbbbbb"), scopes: ["events", "models"] }] });
    restore(database, purged);
    assert.deepEqual(readRecords(database).requiredKeys, ["events", "run"]);
  }
  // What the device was told to open stays closed where the backup says so.
  using opened = openSample();
  fill(opened, { keys: [{ ...apiKey("aaaaaaaa", 5), scopes: ["run"] }] });
  assert.equal(new SqliteKeyStore(opened).open("run"), true);
  assert.deepEqual(readRecords(opened).requiredKeys, []);
  restore(opened, backup);
  assert.deepEqual(readRecords(opened).requiredKeys, ["run"]);
});

Deno.test("when a key was last used comes back with it", () => {
  const used = { ...apiKey("aaaaaaaa"), lastUsedAtMs: 77 };
  using database = openSample();
  restore(database, { ...NOTHING, keys: [used] });
  assert.deepEqual(readRecords(database).keys, [used]);
});

function clientsFrom(first: number, count: number): Client[] {
  return Array.from({ length: count }, (_, at) => sampleClient(first + at));
}

Deno.test("a restore that would make too many clients changes nothing", () => {
  const backup = recordsOf({ clients: clientsFrom(100, 2), keys: [apiKey("aaaaaaaa")] });
  using database = openSample();
  fill(database, { clients: clientsFrom(1, MAX_CLIENTS - 1) });
  const before = readRecords(database);
  assertAppError(() => restore(database, backup), "conflict");
  assert.deepEqual(readRecords(database), before);
  const one = { ...backup, clients: backup.clients.slice(0, 1) };
  assert.equal(restore(database, one).clients, 1);
});

Deno.test("a restore that fails in its midst changes nothing", () => {
  const backup = recordsOf({ clients: [ANN], keys: [apiKey("aaaaaaaa")] });
  using database = openSample();
  const stolen = { ...BOB, authToken: ANN.authToken };
  fill(database, { clients: [stolen] });
  assertAppError(() => restore(database, backup), "conflict");
  const broken = { ...backup, keys: [{ ...apiKey("aaaaaaaa"), name: "" }] };
  using other = openSample();
  assert.throws(() => restore(other, broken));
  assert.deepEqual(readRecords(other), NOTHING);
});

Deno.test("a restore that the disk has no room for changes nothing", () => {
  using full = openSample();
  using other = openSample();
  fill(full, { clients: [ANN], salts: [[ANN.clientId, 1]] });
  fill(other, { clients: [BOB], salts: Array.from({ length: 200 }, (_, n) => [BOB.clientId, n]) });
  const before = readRecords(full);
  full.exec(`PRAGMA max_page_count = ${queryValue(full, "PRAGMA page_count")}`);
  assert.throws(() => restore(full, readRecords(other)), /No space left on the device/);
  assert.deepEqual(readRecords(full), before);
  full.exec("PRAGMA max_page_count = 1000000");
  assert.deepEqual(restore(full, readRecords(other)), {
    clients: 1,
    keys: 0,
    salts: 200,
    stayRemoved: 0,
    removed: 0,
  });
});

Deno.test("a client comes back with its own times", () => {
  const seen = { ...ANN, lastSeenAtMs: ANN.createdAtMs + 5 };
  const backup = recordsOf({ clients: [seen], salts: [[ANN.clientId, 1]] });
  using database = openSample();
  restore(database, backup);
  assert.deepEqual(readRecords(database), backup);
});

Deno.test("a client that was removed here stays away, and so do its salts", () => {
  const backup = recordsOf({ clients: [ANN, BOB], salts: [[ANN.clientId, 1], [BOB.clientId, 2]] });
  using database = openSample();
  fill(database, { clients: [ANN], salts: [[ANN.clientId, 1]] });
  new SqliteClientStore(database).remove(ANN.clientId);
  const counts = { clients: 1, keys: 0, salts: 1, stayRemoved: 1, removed: 0 };
  assert.deepEqual(restore(database, backup), counts);
  const after = readRecords(database);
  assert.deepEqual(after.clients, [BOB]);
  assert.deepEqual(after.salts.map(({ clientId }) => clientId), [BOB.clientId]);
});

Deno.test("a client whose token was removed here under another id stays away", () => {
  const backup = recordsOf({ clients: [{ ...ANN, clientId: "id-9" }] });
  using database = openSample();
  fill(database, { clients: [ANN] });
  new SqliteClientStore(database).remove(ANN.clientId);
  assert.equal(restore(database, backup).stayRemoved, 1);
  assert.deepEqual(readRecords(database).clients, []);
});

Deno.test("a key that was purged here stays away", () => {
  const backup = recordsOf({ keys: [apiKey("aaaaaaaa"), apiKey("bbbbbbbb")] });
  using database = openSample();
  fill(database, { keys: [apiKey("aaaaaaaa", 5)] });
  assert.equal(new SqliteKeyStore(database).purgeRevoked(), 1);
  const counts = { clients: 0, keys: 1, salts: 0, stayRemoved: 1, removed: 0 };
  assert.deepEqual(restore(database, backup), counts);
  assert.deepEqual(readRecords(database).keys, [apiKey("bbbbbbbb")]);
});

Deno.test("what the backup says was removed is removed here, and a key revoked", () => {
  using source = openSample();
  fill(source, { clients: [ANN], keys: [apiKey("aaaaaaaa", 5), apiKey("cccccccc", 5)] });
  new SqliteClientStore(source).remove(ANN.clientId);
  new SqliteKeyStore(source).purgeRevoked();
  using database = openSample();
  fill(database, {
    clients: [ANN, BOB],
    salts: [[ANN.clientId, 1]],
    keys: [apiKey("aaaaaaaa"), apiKey("bbbbbbbb")],
  });
  const counts = { clients: 0, keys: 0, salts: 0, stayRemoved: 0, removed: 2 };
  assert.deepEqual(restore(database, readRecords(source)), counts);
  const after = readRecords(database);
  assert.deepEqual(after.clients, [BOB]);
  assert.deepEqual(after.keys, [apiKey("aaaaaaaa", NOW_MS), apiKey("bbbbbbbb")]);
  assert.deepEqual(after.removed, readRecords(source).removed);
  assert.equal(new SqliteTombstones(database).wasRemoved(ANN.authToken), true);
  // The key that stays, revoked, has a tombstone: a backup of both can be restored.
  assert.deepEqual(sealedAndOpened(after), after);
  using fresh = openSample();
  assert.equal(restore(fresh, sealedAndOpened(after)).stayRemoved, 1);
  assert.deepEqual(readRecords(fresh), { ...after, keys: [apiKey("bbbbbbbb")] });
});

Deno.test("the models of a key come back, and its revocation on both sides as it was first", () => {
  const key = {
    ...apiKey("aaaaaaaa", 5),
    models: ["llama", "qwen:7b"],
    limits: { perMinute: 5, weight: 2 },
    scopes: ["models"] as const,
  };
  using database = openSample();
  fill(database, { keys: [{ ...key, revokedAtMs: 3 }] });
  using empty = openSample();
  for (const each of [database, empty]) {
    restore(each, { ...NOTHING, keys: [key] });
  }
  assert.deepEqual(readRecords(empty).keys, [key]);
  assert.deepEqual(readRecords(database).keys, [{ ...key, revokedAtMs: 3 }]);
});

Deno.test("the database of a running service of another version is not read", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    for (const steps of [MIGRATIONS.slice(0, -1), [...MIGRATIONS, "CREATE TABLE later (x)"]]) {
      Deno.writeFileSync(path, new Uint8Array());
      using _service = openDatabase({ path, migrations: steps, log: silentLogger });
      assertAppError(() => readLive(path), "conflict");
    }
  });
});

Deno.test("the database of a running service is read, and nothing is left beside it", () => {
  withTempFolder((dataDir) => {
    assert.equal(findDatabase(dataDir), undefined);
    const stores = openStores({ dataDir, log: silentLogger });
    stores.clients.add(ANN);
    const path = findDatabase(dataDir);
    assert.ok(path);
    const filesBefore = [...Deno.readDirSync(dataDir)].map(({ name }) => name).sort();
    assert.deepEqual(readLive(path).records.clients, [ANN]);
    stores.clients.add(BOB);
    assert.deepEqual(readLive(path).records.clients.length, 2);
    const filesAfter = [...Deno.readDirSync(dataDir)].map(({ name }) => name).sort();
    assert.deepEqual(filesAfter, filesBefore);
    stores.close();
  });
});
