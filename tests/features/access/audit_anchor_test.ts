// What a chain of hashes alone cannot show: that its newest entries were cut off, and refusals that
// were to push the rest out.

import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import {
  AuditLog,
  MAX_REFUSAL_ENTRIES,
  REFUSAL_WINDOW_MS,
} from "../../../src/features/access/audit_log.ts";
import type { AuditCheckpoint } from "../../../src/features/access/anchor_keeper.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { ANCHOR_FILE, fileAnchor } from "../../../src/edges/sqlite/audit_anchor.ts";
import { SqliteAuditStore } from "../../../src/edges/sqlite/audit_store.ts";
import { openSample } from "../../edges/sqlite/samples.ts";
import { readFiles, readMode, withTempFolder } from "../../edges/sqlite/temp_folder.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface Fixture {
  database: DatabaseSync;
  clock: FakeClock;
  errors: string[];
  kept: { head: AuditCheckpoint | undefined };
  open(): AuditLog;
}

async function withAnchor(test: (fixture: Fixture) => void | Promise<void>): Promise<void> {
  using database = openSample();
  const clock = new FakeClock();
  const errors: string[] = [];
  const kept: Fixture["kept"] = { head: undefined };
  const open = (): AuditLog =>
    new AuditLog({
      store: new SqliteAuditStore(database),
      refusals: new SqliteAuditStore(database, "audit_refusals"),
      anchor: { read: () => kept.head, write: (head) => void (kept.head = head) },
      clock,
      log: { ...silentLogger, error: (message) => errors.push(message) },
    });
  await test({ database, clock, errors, kept, open });
}

const MISSING = "The newest entries of the audit log are missing";

Deno.test("verify() finds that the newest entries were deleted, and keeps the evidence", async () => {
  await withAnchor(async ({ database, errors, kept, open }) => {
    const audit = open();
    for (let i = 0; i < 3; i++) audit.record("paired");
    await audit.settled();
    assert.deepEqual([audit.verify().cutAt, kept.head?.id], [undefined, 3]);
    database.exec("DELETE FROM audit WHERE id = 3");
    assert.equal(audit.verify().brokenAt, undefined);
    assert.equal(audit.verify().cutAt, 3);
    // Another third entry does not hide it, neither now nor after a restart.
    audit.record("client_removed");
    assert.deepEqual([audit.verify().cutAt, errors], [3, [MISSING]]);
    const later = open();
    later.record("paired");
    await later.settled();
    assert.deepEqual([later.verify().cutAt, errors.length], [3, 2]);
  });
});

Deno.test("verify() takes an anchor from elsewhere", async () => {
  await withAnchor(async ({ database, kept, open }) => {
    const audit = open();
    for (let i = 0; i < 3; i++) audit.record("paired");
    const head = audit.head();
    await audit.settled();
    assert.equal(audit.verify(head).cutAt, undefined);
    database.exec("DELETE FROM audit");
    kept.head = undefined;
    assert.equal(open().verify().cutAt, undefined);
    assert.equal(audit.verify(head).cutAt, 3);
    assert.equal(audit.verify({ id: 0, hash: new Uint8Array(32) }).cutAt, undefined);
  });
});

Deno.test("an anchor that is behind, as after a crash, is none the worse", async () => {
  await withAnchor(async ({ kept, errors, open }) => {
    const audit = open();
    audit.record("paired");
    await audit.settled();
    const early = kept.head;
    audit.record("paired");
    await audit.settled();
    kept.head = early;
    const later = open();
    later.record("paired");
    await later.settled();
    assert.deepEqual([later.verify().cutAt, kept.head?.id, errors], [undefined, 3, []]);
  });
});

Deno.test("refusals push nothing else out, and one /64 is one address", async () => {
  await withAnchor(({ database, clock, open }) => {
    const audit = open();
    audit.record("paired");
    for (let i = 0; i < 500; i++) {
      audit.recordRefusal("session_refused", { address: `2001:db8::${i.toString(16)}` });
    }
    assert.equal(audit.list({ limit: 9, refusals: true }).length, 1);
    clock.advance(REFUSAL_WINDOW_MS);
    audit.recordRefusal("session_refused", { address: "2001:db8::ffff" });
    assert.deepEqual(
      audit.list({ limit: 9, refusals: true }).map(({ details }) => details["alsoBefore"]),
      [undefined, 499],
    );
    database.exec("BEGIN");
    for (let i = 0; i < MAX_REFUSAL_ENTRIES + 5; i++) {
      audit.recordRefusal("session_refused", {
        address: `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`,
      });
    }
    database.exec("COMMIT");
    assert.equal(audit.list({ limit: 9999, refusals: true }).length, MAX_REFUSAL_ENTRIES);
    assert.deepEqual(audit.list({ limit: 9 }).map(({ event }) => event), ["paired"]);
    assert.equal(audit.verify().refusalBrokenAt, undefined);
    const last = audit.list({ limit: 1, refusals: true })[0]?.id;
    database.exec(`UPDATE audit_refusals SET at_ms = 1 WHERE id = ${last}`);
    assert.equal(audit.verify().refusalBrokenAt, last);
  });
});

Deno.test("fileAnchor() keeps one line for its owner alone", async () => {
  await withTempFolder(async (folder) => {
    const anchor = fileAnchor(folder);
    assert.equal(anchor.read(), undefined);
    const head = { id: 7, hash: new Uint8Array(32).fill(9) };
    await anchor.write(head);
    assert.deepEqual(anchor.read(), head);
    assert.equal(readMode(`${folder}/${ANCHOR_FILE}`), "600");
    assert.deepEqual(Object.keys(readFiles(folder)), [ANCHOR_FILE]);
    await Deno.writeTextFile(`${folder}/${ANCHOR_FILE}`, "7:zz\n");
    assert.equal(anchor.read(), undefined);
  });
});

Deno.test("verify() goes by the newest entry, though its anchor is not written yet", async () => {
  await withAnchor(async ({ database, clock, kept, open }) => {
    const audit = open();
    audit.record("paired");
    await audit.settled();
    const early = kept.head;
    audit.record("paired");
    kept.head = early;
    assert.equal(audit.verify().cutAt, undefined);
    database.exec("DELETE FROM audit WHERE id = 2");
    assert.equal(audit.verify().cutAt, 2);
    await audit.settled();
    assert.equal(clock.timerCount, 0);
  });
});

Deno.test("entries and refusals are on their way to the disk though nobody waits", () => {
  using database = openSample();
  let syncs = 0;
  const audit = new AuditLog({
    store: new SqliteAuditStore(database),
    refusals: new SqliteAuditStore(database, "audit_refusals"),
    durable: () => {
      syncs += 1;
      return Promise.reject(new Error("the database tells of it"));
    },
    clock: new FakeClock(),
    log: silentLogger,
  });
  audit.record("paired");
  assert.equal(syncs, 1);
  audit.recordRefusal("session_refused", { address: "192.0.2.1" });
  assert.equal(syncs, 2);
  // Who writes within a transaction waits for itself.
  audit.append("session_opened")();
  assert.equal(syncs, 2);
});
