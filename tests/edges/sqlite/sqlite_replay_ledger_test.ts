import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { openSample, queryValue, sampleClient, sampleSalt } from "./samples.ts";
import { withTempFolder } from "./temp_folder.ts";

Deno.test("SqliteReplayLedger.record() takes each salt of a client once", () => {
  withLedger((ledger) => {
    assert.equal(ledger.has("id-1", sampleSalt(1)), false);
    assert.equal(ledger.record("id-1", sampleSalt(1)), "recorded");
    assert.equal(ledger.has("id-1", sampleSalt(1)), true);
    assert.equal(ledger.record("id-1", sampleSalt(1)), "used");
    assert.equal(ledger.record("id-1", sampleSalt(2)), "recorded");
    assert.equal(ledger.has("id-2", sampleSalt(1)), false);
    assert.equal(ledger.record("id-2", sampleSalt(1)), "recorded");
  });
});

Deno.test("SqliteReplayLedger.record() keeps nothing for a client that it does not know", () => {
  withLedger((ledger, database) => {
    assert.equal(ledger.record("id-9", sampleSalt(1)), "unknown_client");
    assert.equal(ledger.has("id-9", sampleSalt(1)), false);
    assert.equal(queryValue(database, "SELECT count(*) FROM salts"), 0);
  });
});

Deno.test("SqliteReplayLedger.record() is full at its limit, for that client alone", () => {
  withLedger((ledger) => {
    for (const n of [1, 2, 3]) assert.equal(ledger.record("id-1", sampleSalt(n)), "recorded");
    assert.equal(ledger.record("id-1", sampleSalt(4)), "full");
    assert.equal(ledger.has("id-1", sampleSalt(4)), false);
    assert.equal(ledger.record("id-1", sampleSalt(3)), "used");
    assert.equal(ledger.record("id-2", sampleSalt(4)), "recorded");
  });
});

Deno.test("SqliteReplayLedger.record() does not count a refused salt", () => {
  withLedger((ledger) => {
    for (const n of [1, 1, 1, 2, 2, 3]) ledger.record("id-1", sampleSalt(n));
    assert.equal(ledger.has("id-1", sampleSalt(3)), true);
  });
});

for (const length of [0, 15, 17]) {
  Deno.test(`SqliteReplayLedger.record() refuses a salt of ${length} bytes`, () => {
    withLedger((ledger, database) => {
      assert.throws(() => ledger.record("id-1", new Uint8Array(length)), { errcode: 275 });
      assert.equal(database.isTransaction, false);
      assert.equal(queryValue(database, "SELECT count(*) FROM salt_counts"), 0);
    });
  });
}

Deno.test("SqliteReplayLedger.record() looks at a view of a larger buffer as such", () => {
  withLedger((ledger) => {
    const buffer = new Uint8Array(32);
    buffer.set(sampleSalt(7), 8);
    assert.equal(ledger.record("id-1", buffer.subarray(8, 24)), "recorded");
    assert.equal(ledger.record("id-1", sampleSalt(7)), "used");
  });
});

Deno.test("SqliteReplayLedger.record() lets one of two connections have a salt", () => {
  withTempFolder((folder) => {
    using first = openSample(`${folder}/a.sqlite`);
    using second = openSample(`${folder}/a.sqlite`);
    new SqliteClientStore(first).add(sampleClient(1));
    const ledgers = [new SqliteReplayLedger(first), new SqliteReplayLedger(second)];
    const said = [1, 2, 3, 4].map((n) => {
      const inTurn = n % 2 === 0 ? ledgers : ledgers.toReversed();
      return inTurn.map((ledger) => ledger.record("id-1", sampleSalt(n)));
    });
    assert.deepEqual(said, Array(4).fill(["recorded", "used"]));
  });
});

Deno.test("SqliteReplayLedger.record() fails while another connection writes", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    using writer = openSample(path);
    new SqliteClientStore(writer).add(sampleClient(1));
    using impatient = new DatabaseSync(path, { timeout: 0 });
    const ledger = new SqliteReplayLedger(impatient);
    writer.exec("BEGIN IMMEDIATE");
    assert.throws(() => ledger.record("id-1", sampleSalt(1)), /database is locked/);
    writer.exec("ROLLBACK");
    assert.equal(ledger.has("id-1", sampleSalt(1)), false);
    assert.equal(ledger.record("id-1", sampleSalt(1)), "recorded");
  });
});

function withLedger(test: (ledger: SqliteReplayLedger, database: DatabaseSync) => void): void {
  using database = openSample();
  const clients = new SqliteClientStore(database);
  for (const n of [1, 2]) clients.add(sampleClient(n));
  test(new SqliteReplayLedger(database, { maxSalts: 3 }), database);
}
