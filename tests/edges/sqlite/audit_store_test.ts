import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { findBrokenEntry, type NewAuditEntry } from "../../../src/features/access/audit_log.ts";
import { SqliteAuditStore } from "../../../src/edges/sqlite/audit_store.ts";
import { openSample } from "./samples.ts";

const MANY = 1000;

Deno.test("SqliteAuditStore numbers its entries from 1 and chains them", () => {
  withStore((store) => {
    const kept = [1, 2, 3].map((n) => store.append(sampleEntry(n), MANY));
    assert.deepEqual(kept.map(({ id }) => id), [1, 2, 3]);
    assert.deepEqual(store.listAfter(0, MANY), kept);
    assert.deepEqual(store.listAfter(1, 1), kept.slice(1, 2));
    assert.deepEqual(store.listNewest(2), kept.slice(1));
    assert.deepEqual(store.checkpoint(), { id: 0, hash: new Uint8Array(32) });
    assert.equal(findBrokenEntry(store.checkpoint(), kept), undefined);
  });
});

Deno.test("SqliteAuditStore keeps the newest entries behind a checkpoint that they build on", () => {
  withStore((store) => {
    const kept = [1, 2, 3, 4, 5].map((n) => store.append(sampleEntry(n), 2));
    assert.deepEqual(store.listAfter(0, MANY), kept.slice(3));
    assert.deepEqual(store.checkpoint(), { id: 3, hash: kept[2]?.hash });
    assert.equal(findBrokenEntry(store.checkpoint(), store.listAfter(0, MANY)), undefined);
  });
});

Deno.test("SqliteAuditStore goes on from its checkpoint where no entry is left", () => {
  withStore((store) => {
    const last = store.append(sampleEntry(1), 0);
    assert.deepEqual(store.listNewest(MANY), []);
    assert.deepEqual(store.checkpoint(), { id: 1, hash: last.hash });
    const next = store.append(sampleEntry(2), MANY);
    assert.equal(next.id, 2);
    assert.equal(findBrokenEntry(store.checkpoint(), [next]), undefined);
  });
});

const TAMPERED: [string, string, number][] = [
  ["changed", "UPDATE audit SET at_ms = at_ms + 1 WHERE id = 2", 2],
  ["given other details", "UPDATE audit SET details = '{}' WHERE id = 2", 2],
  ["removed", "DELETE FROM audit WHERE id = 2", 3],
  ["cut from the beginning", "DELETE FROM audit WHERE id = 1", 2],
];
for (const [what, sql, brokenAt] of TAMPERED) {
  Deno.test(`SqliteAuditStore shows an entry that was ${what} behind its back`, () => {
    withStore((store, database) => {
      for (const n of [1, 2, 3]) store.append(sampleEntry(n), MANY);
      database.exec(sql);
      assert.equal(findBrokenEntry(store.checkpoint(), store.listAfter(0, MANY)), brokenAt);
    });
  });
}

function sampleEntry(n: number): NewAuditEntry {
  return { atMs: n, event: "paired", details: { clientId: `id-${n}`, count: n, isNew: true } };
}

function withStore(test: (store: SqliteAuditStore, database: DatabaseSync) => void): void {
  using database = openSample();
  test(new SqliteAuditStore(database), database);
}
