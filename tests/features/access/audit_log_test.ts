import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import {
  type AuditDetails,
  type AuditEntry,
  type AuditEvent,
  AuditLog,
  type AuditStore,
  hashAuditEntry,
  MAX_AUDIT_ENTRIES,
  REFUSAL_WINDOW_MS,
} from "../../../src/features/access/audit_log.ts";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { SqliteAuditStore } from "../../../src/edges/sqlite/audit_store.ts";
import { openSample } from "../../edges/sqlite/samples.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const ZEROS = new Uint8Array(32);
const HERE = { address: "192.0.2.1" };

interface Fixture {
  audit: AuditLog;
  store: SqliteAuditStore;
  clock: FakeClock;
  database: DatabaseSync;
  told: () => [AuditEvent, AuditDetails][];
}

function withLog(test: (fixture: Fixture) => void): void {
  using database = openSample();
  const store = new SqliteAuditStore(database);
  const clock = new FakeClock();
  const audit = new AuditLog({ store, clock, log: silentLogger });
  const told = (): [AuditEvent, AuditDetails][] =>
    store.listAfter(0, 100_000).map(({ event, details }) => [event, details]);
  test({ audit, store, clock, database, told });
}

Deno.test("record() keeps entries with their time, number and facts", () => {
  withLog(({ audit, clock }) => {
    const startMs = clock.wallMs();
    audit.record("pairing_opened", { role: "admin" });
    clock.advance(1_500);
    audit.record("settings_changed");
    const entries = audit.list({ limit: 10 }).map(({ hash: _hash, ...rest }) => rest);
    assert.deepEqual(entries, [
      { id: 1, atMs: startMs, event: "pairing_opened", details: { role: "admin" } },
      { id: 2, atMs: startMs + 1_500, event: "settings_changed", details: {} },
    ]);
    assert.deepEqual(audit.verify(), {
      entries: 2,
      brokenAt: undefined,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    });
  });
});

Deno.test("a hash is SHA-256 over the hash before and the entry as JSON, facts by name", () => {
  const entry = { id: 7, atMs: 5, event: "paired", details: { b: "é", a: 1 } } as const;
  const previous = new Uint8Array(32).fill(9);
  const text = '[7,5,"paired",[["a",1],["b","é"]]]';
  const expected = createHash("sha256").update(previous).update(text).digest("hex");
  assert.equal(hashAuditEntry(previous, entry).toHex(), expected);
  const reordered = { ...entry, details: { a: 1, b: "é" } };
  assert.equal(hashAuditEntry(previous, reordered).toHex(), expected);
});

Deno.test("a hash depends on everything in the entry and on the one before", () => {
  const entry: Parameters<typeof hashAuditEntry>[1] = {
    id: 1,
    atMs: 2,
    event: "paired",
    details: { a: "1", b: "2" },
  };
  const variants: AuditDetails[] = [
    {},
    { a: "1" },
    { a: 1, b: "2" },
    { a: "1", b: null },
    { a: "2", b: "1" },
    { a: "1,b", c: "2" },
  ];
  const hashes = [
    hashAuditEntry(ZEROS, entry),
    hashAuditEntry(new Uint8Array(32).fill(1), entry),
    hashAuditEntry(ZEROS, { ...entry, id: 2 }),
    hashAuditEntry(ZEROS, { ...entry, atMs: 3 }),
    hashAuditEntry(ZEROS, { ...entry, event: "key_added" }),
    ...variants.map((details) => hashAuditEntry(ZEROS, { ...entry, details })),
  ].map((hash) => hash.toHex());
  assert.equal(new Set(hashes).size, hashes.length);
});

// What somebody with the file in hand does to the third of five entries, and where it shows.
const TAMPERING: [string, string, number][] = [
  ["its time", "UPDATE audit SET at_ms = at_ms - 1 WHERE id = 3", 3],
  ["its event", "UPDATE audit SET event = 'paired' WHERE id = 3", 3],
  ["its facts", `UPDATE audit SET details = '{"address":"192.0.2.9"}' WHERE id = 3`, 3],
  ["a fact more", `UPDATE audit SET details = json_set(details, '$.x', 1) WHERE id = 3`, 3],
  ["facts that are none", "UPDATE audit SET details = 'null' WHERE id = 3", 3],
  ["its hash", "UPDATE audit SET hash = zeroblob(32) WHERE id = 3", 3],
  ["its number", "UPDATE audit SET id = 30 WHERE id = 3", 4],
  ["its absence", "DELETE FROM audit WHERE id = 3", 4],
  ["a beginning that is gone", "DELETE FROM audit WHERE id <= 3", 4],
  [
    "an exchange with its neighbour",
    "UPDATE audit SET id = -id WHERE id IN (3, 4); UPDATE audit SET id = 7 + id WHERE id < 0",
    3,
  ],
  [
    "one more before the first",
    "INSERT INTO audit SELECT 0, 1, event, details, hash FROM audit WHERE id = 1",
    0,
  ],
  ["another number in the checkpoint", "UPDATE audit_checkpoint SET id = 1", 1],
  ["another hash in the checkpoint", "UPDATE audit_checkpoint SET hash = randomblob(32)", 1],
];
for (const [what, sql, brokenAt] of TAMPERING) {
  Deno.test(`verify() is not deceived by ${what}`, () => {
    withLog(({ audit, database }) => {
      for (let i = 1; i <= 5; i++) audit.record("session_opened", { ...HERE, count: i });
      assert.equal(audit.verify().brokenAt, undefined);
      database.exec(sql);
      assert.equal(audit.verify().brokenAt, brokenAt);
    });
  });
}

Deno.test("verify() finds a chain that was made anew from one entry on, unless to its very end", () => {
  withLog(({ audit, store, database }) => {
    for (let i = 1; i <= 3; i++) audit.record("session_opened", { count: i });
    const [first, second] = store.listAfter(0, 2);
    assert.ok(first !== undefined && second !== undefined);
    const forged = { ...second, details: { count: 99 } };
    const hash = hashAuditEntry(first.hash, forged);
    database.prepare("UPDATE audit SET details = ?, hash = ? WHERE id = 2")
      .run(JSON.stringify(forged.details), hash);
    assert.equal(audit.verify().brokenAt, 3);
  });
});

Deno.test("the log keeps its newest entries, numbered on, and still verifies", () => {
  withLog(({ audit, store, database }) => {
    // As many entries as are kept, without writing each one through the store.
    database.exec("BEGIN");
    const insert = database.prepare("INSERT INTO audit VALUES (?, ?, 'paired', '{}', ?)");
    let hash = ZEROS;
    for (let id = 1; id <= MAX_AUDIT_ENTRIES; id++) {
      hash = hashAuditEntry(hash, { id, atMs: id, event: "paired", details: {} });
      insert.run(id, id, hash);
    }
    database.exec("COMMIT");
    assert.deepEqual(audit.verify(), {
      entries: 10_000,
      brokenAt: undefined,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    });
    const third = store.listAfter(2, 1)[0];
    for (let i = 0; i < 3; i++) audit.record("key_added");
    assert.deepEqual(audit.verify(), {
      entries: 10_000,
      brokenAt: undefined,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    });
    assert.deepEqual(store.checkpoint(), { id: 3, hash: third?.hash });
    assert.deepEqual(audit.list({ limit: 2 }).map(({ id }) => id), [10_002, 10_003]);
    assert.deepEqual(audit.list({ afterId: 0, limit: 1 }).map(({ id }) => id), [4]);
    database.exec("INSERT INTO audit SELECT 10004, at_ms, event, details, hash FROM audit LIMIT 1");
    assert.deepEqual(audit.verify(), {
      entries: 10_001,
      brokenAt: 10_004,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    });
  });
});

Deno.test("list() pages from a number on, and begins with the newest without one", () => {
  withLog(({ audit }) => {
    for (let i = 0; i < 5; i++) audit.record("paired");
    const ids = (entries: AuditEntry[]): number[] => entries.map(({ id }) => id);
    assert.deepEqual(ids(audit.list({ limit: 2 })), [4, 5]);
    assert.deepEqual(ids(audit.list({ afterId: 0, limit: 2 })), [1, 2]);
    assert.deepEqual(ids(audit.list({ afterId: 2, limit: 100 })), [3, 4, 5]);
    assert.deepEqual(ids(audit.list({ afterId: 5, limit: 100 })), []);
  });
});

Deno.test("verify() of an empty log finds nothing wrong", () => {
  withLog(({ audit }) =>
    assert.deepEqual(audit.verify(), {
      entries: 0,
      brokenAt: undefined,
      refusalBrokenAt: undefined,
      cutAt: undefined,
    })
  );
});

Deno.test("recordRefusal() counts what is the same within a minute and tells it with the next", () => {
  withLog(({ audit, clock, told }) => {
    for (let i = 0; i < 50; i++) audit.recordRefusal("session_refused", HERE);
    clock.advance(REFUSAL_WINDOW_MS - 1);
    audit.recordRefusal("session_refused", HERE);
    assert.deepEqual(told(), [["session_refused", HERE]]);
    clock.advance(1);
    audit.recordRefusal("session_refused", HERE);
    assert.deepEqual(told(), [
      ["session_refused", HERE],
      ["session_refused", { ...HERE, alsoBefore: 50 }],
    ]);
    clock.advance(REFUSAL_WINDOW_MS);
    audit.recordRefusal("session_refused", HERE);
    assert.deepEqual(told().at(-1), ["session_refused", HERE]);
  });
});

Deno.test("recordRefusal() begins its minute with the entry, not with the last that was counted", () => {
  withLog(({ audit, clock, told }) => {
    for (let i = 0; i < 7; i++) {
      audit.recordRefusal("session_refused", HERE);
      clock.advance(REFUSAL_WINDOW_MS / 3);
    }
    assert.deepEqual(told().map(([, details]) => details["alsoBefore"]), [undefined, 2, 2]);
  });
});

Deno.test("recordRefusal() tells kinds, addresses and reasons apart", () => {
  withLog(({ audit, told }) => {
    const different: [AuditEvent, AuditDetails & { address: string }][] = [
      ["session_refused", HERE],
      ["session_throttled", HERE],
      ["pairing_failed", HERE],
      ["session_refused", { address: "192.0.2.2" }],
      ["session_refused", { ...HERE, reason: "bad_salt" }],
      ["session_refused", { ...HERE, reason: "bad_frame" }],
    ];
    for (let i = 0; i < 3; i++) {
      for (const [event, details] of different) audit.recordRefusal(event, details);
    }
    assert.deepEqual(told(), different);
  });
});

Deno.test("recordRefusal() keeps to the clock that never goes back", () => {
  withLog(({ audit, clock, told }) => {
    audit.recordRefusal("session_refused", HERE);
    clock.stepWall(REFUSAL_WINDOW_MS);
    audit.recordRefusal("session_refused", HERE);
    assert.equal(told().length, 1);
  });
});

Deno.test("record() tells every one", () => {
  withLog(({ audit, told }) => {
    for (let i = 0; i < 3; i++) audit.record("session_opened", HERE);
    assert.equal(told().length, 3);
  });
});

Deno.test("a store that fails is logged in full and stops nothing", () => {
  const failure = new Error("disk full");
  const fail = (): never => {
    throw failure;
  };
  const lines: [string, LogFields][] = [];
  const log = {
    ...silentLogger,
    error: (message: string, fields: LogFields = {}) => lines.push([message, fields]),
  };
  const store: AuditStore = {
    append: fail,
    listAfter: fail,
    listNewest: fail,
    checkpoint: fail,
  };
  const audit = new AuditLog({ store, clock: new FakeClock(), log });
  audit.record("paired", { clientId: "c" });
  audit.recordRefusal("session_refused", HERE);
  assert.deepEqual(lines, [
    ["Cannot write the audit log", { event: "paired", error: failure }],
    ["Cannot write the audit log", { event: "session_refused", error: failure }],
  ]);
});
