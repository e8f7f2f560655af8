// A database whose file is gone or another one, and one that has no room: what can no longer be kept
// is refused in words.

import assert from "node:assert/strict";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { REPLACED_MESSAGE } from "../../../src/edges/sqlite/file_watch.ts";
import { SqliteKeyStore } from "../../../src/edges/sqlite/key_store.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { DATABASE_FILE, openStores, type Stores } from "../../../src/edges/sqlite/stores.ts";
import { assertAppError } from "../../support/app_error.ts";
import { openSample, queryValue, sampleClient, sampleSalt } from "./samples.ts";
import { recordingLogger, withTempFolder } from "./temp_folder.ts";

const KEY = {
  keyId: "abcdefgh",
  name: "script",
  secretHash: new Uint8Array(32),
  scopes: ["rpc"],
  models: undefined,
  createdAtMs: 1,
  expiresAtMs: undefined,
  lastUsedAtMs: undefined,
  revokedAtMs: undefined,
} as const;

const WRITES: [string, (stores: Stores) => unknown][] = [
  ["a client", ({ clients }) => clients.add(sampleClient(2))],
  ["the removal of a client", ({ clients }) => clients.remove("id-1")],
  ["a probe", ({ clients }) => clients.checkWritable()],
  ["a salt", ({ ledger }) => ledger.record("id-1", sampleSalt(1))],
  ["a key", ({ keys }) => keys.add(KEY)],
  ["a revocation", ({ keys }) => keys.revoke("abcdefgh", 1)],
  ["the time", ({ timeMark }) => timeMark.write(1)],
  [
    "an audit entry",
    ({ audit }) => audit.append({ atMs: 1, event: "paired", details: {} }, 10),
  ],
  ["that a door opens", ({ keys }) => keys.open("rpc")],
  ["usage on its way", ({ usageOutbox }) => usageOutbox.put({ batchId: "b", entries: [] })],
  ["that usage arrived", ({ usageOutbox }) => usageOutbox.remove("b")],
];

/** Writes whose interface is for stores that answer later. */
const LATER_WRITES: [string, (stores: Stores) => Promise<unknown>][] = [
  ["usage", ({ usage }) => usage.add({ batchId: "b", entries: [] })],
  ["a request", ({ limits }) => limits.takeRequest({ keyId: "abcdefgh", minute: 1, max: 9 })],
  [
    "tokens",
    ({ limits }) =>
      limits.addTokens({ writer: "w", number: 1, keyId: "abcdefgh", day: "2026-11-24", tokens: 1 }),
  ],
];

const LOSSES: [string, (path: string) => void][] = [
  ["deleted", (path) => Deno.removeSync(path)],
  ["replaced", (path) => {
    Deno.copyFileSync(path, `${path}.new`);
    Deno.renameSync(`${path}.new`, path);
  }],
  ["robbed of its log", (path) => Deno.removeSync(`${path}-wal`)],
];
for (const [how, lose] of LOSSES) {
  Deno.test(`nothing is written to a database that was ${how}, and the log says so once`, async () => {
    await withTempFolder(async (dataDir) => {
      const { log, lines } = recordingLogger();
      const stores = openStores({ dataDir, log });
      stores.clients.add(sampleClient(1));
      assert.equal(stores.isUsable(), true);
      lose(`${dataDir}/${DATABASE_FILE}`);
      for (const [what, write] of WRITES) {
        assert.throws(
          () => write(stores),
          { code: "unavailable", message: REPLACED_MESSAGE },
          what,
        );
      }
      for (const [what, write] of LATER_WRITES) {
        await assert.rejects(
          write(stores),
          { code: "unavailable", message: REPLACED_MESSAGE },
          what,
        );
      }
      assert.equal(stores.isUsable(), false);
      assert.deepEqual(lines.map(([text]) => text), [REPLACED_MESSAGE]);
      stores.close();
    });
  });
}

Deno.test("a database that is put back is written again", () => {
  withTempFolder((dataDir) => {
    const stores = openStores({ dataDir, log: recordingLogger().log });
    const path = `${dataDir}/${DATABASE_FILE}`;
    Deno.renameSync(path, `${path}.away`);
    assertAppError(() => stores.clients.add(sampleClient(1)), "unavailable");
    Deno.renameSync(`${path}.away`, path);
    stores.clients.add(sampleClient(1));
    assert.equal(stores.isUsable(), true);
    stores.close();
  });
});

Deno.test("a full disk has its own words, and a probe finds it before a PIN is shown", () => {
  using database = openSample();
  const clients = new SqliteClientStore(database);
  clients.add(sampleClient(1));
  new SqliteReplayLedger(database);
  database.exec(`PRAGMA max_page_count = ${queryValue(database, "PRAGMA page_count")}`);
  const message = "No space left on the device";
  assert.throws(() => clients.checkWritable(), { code: "unavailable", message });
  const keys = new SqliteKeyStore(database);
  assert.throws(() => {
    for (let n = 0; n < 200; n++) keys.add({ ...KEY, keyId: String(n).padStart(8, "k") });
  }, { code: "unavailable", message });
  database.exec("PRAGMA max_page_count = 1000000");
  clients.checkWritable();
  assert.equal(queryValue(database, "SELECT length(filler) FROM write_probe"), 0);
});
