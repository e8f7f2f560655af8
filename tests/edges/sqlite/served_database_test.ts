// The database of a service over a disk that is slow, hangs or fails, and what a checkpoint keeps to. How
// long its log gets is in served_log_test.ts.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  MAX_REOPEN_MS,
  REOPEN_MS,
  ServedDatabase,
} from "../../../src/edges/sqlite/served_database.ts";
import { STALLED_MESSAGE, SYNC_LIMIT_MS } from "../../../src/edges/sqlite/sync_queue.ts";
import { inTransaction } from "../../../src/edges/sqlite/transaction.ts";
import { PAGE_BYTES } from "../../../src/edges/sqlite/database.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { eventually } from "../../support/until.ts";
import { ioError } from "./faulty_files.ts";
import { CREATE, withServed } from "./served_world.ts";
import { queryValue } from "./samples.ts";
import { recordingLogger, withTempFolder } from "./temp_folder.ts";

const STALLED = { code: "unavailable", message: STALLED_MESSAGE };
const FAILED = { code: "unavailable", message: "The device's storage fails" };

Deno.test("what was committed is told of only after a sync of the log", async () => {
  await withServed({}, async ({ files, served, write, count }) => {
    files.holds = true;
    write(1);
    let isTold = false;
    const told = served.durable().then(() => isTold = true);
    await eventually(() => assert.equal(files.held.length, 1));
    assert.deepEqual([count(), isTold], [1, false]);
    // Others go on meanwhile, and read what is there.
    write(2);
    assert.equal(queryValue(served.database, "SELECT count(*) FROM notes"), 2);
    files.held[0]?.release();
    files.holds = false;
    await told;
    assert.equal(isTold, true);
  });
});

Deno.test("a hanging disk refuses who waits and who would write, until it comes back", async () => {
  await withServed({}, async ({ files, clock, served, write, count, lines }) => {
    files.holds = true;
    write(1);
    const refused = assert.rejects(served.durable(), STALLED);
    await eventually(() => assert.equal(files.held.length, 1));
    clock.advance(SYNC_LIMIT_MS);
    await refused;
    assert.throws(() => write(2), STALLED);
    assert.equal(served.isUsable(), false);
    assert.deepEqual(lines.map(([text]) => text), [STALLED_MESSAGE]);
    files.holds = false;
    files.held[0]?.release();
    await eventually(() => assert.equal(served.isUsable(), true));
    write(2);
    await served.durable();
    assert.deepEqual([count(), lines.length], [2, 2]);
  });
});

Deno.test("after a failed sync nothing is taken until the database was opened again", async () => {
  await withServed({}, async ({ files, clock, served, write, count, lines }) => {
    write(1);
    await served.durable();
    files.holds = true;
    write(2);
    const refused = assert.rejects(served.durable(), FAILED);
    await eventually(() => assert.equal(files.held.length, 1));
    files.held[0]?.fail();
    await refused;
    // Another sync would succeed now, and must not be believed.
    files.holds = false;
    await assert.rejects(served.durable(), FAILED);
    assert.throws(() => write(3), FAILED);
    assert.equal(served.isUsable(), false);
    assert.equal(queryValue(served.database, "SELECT count(*) FROM notes"), 2);
    let reopened = 0;
    served.onReopened(() => reopened += 1);
    const statement = served.database.prepare("SELECT count(*) AS count FROM notes");
    clock.advance(REOPEN_MS);
    await eventually(() => assert.equal(served.isUsable(), true));
    // The kernel had it all here, so nothing is gone; statements go on over the new connection.
    assert.equal(statement.get()?.["count"], 2);
    write(3);
    await served.durable();
    assert.deepEqual([reopened, count()], [1, 3]);
    assert.match(lines.map(([text]) => text).join("\n"), /opening it again\nOpened the database/);
  });
});

Deno.test("a disk that goes on failing is tried again, and more and more seldom", async () => {
  await withServed({}, async ({ files, clock, served, write, lines }) => {
    write(1);
    files.failure = ioError();
    await assert.rejects(served.durable(), FAILED);
    const tries = (): number => lines.filter(([text]) => /Cannot open the/.test(text)).length;
    for (const [n, delayMs] of [1, 2, 4, 8, 16, 32, 60, 60].map((s, n) => [n, s * 1000] as const)) {
      clock.advance(delayMs - 1);
      await eventually(() => assert.equal(clock.timerCount, 1));
      assert.equal(tries(), n);
      clock.advance(1);
      await eventually(() => assert.equal(tries(), n + 1));
      assert.throws(() => write(2), FAILED);
      // There is no connection left to read over, either.
      assert.throws(() => served.database.prepare("SELECT 1").get(), FAILED);
    }
    files.failure = undefined;
    clock.advance(MAX_REOPEN_MS);
    await eventually(() => assert.equal(served.isUsable(), true));
    assert.equal(queryValue(served.database, "SELECT count(*) FROM notes"), 1);
    write(2);
    await served.durable();
  });
});

Deno.test("what the kernel forgot of a log whose sync failed is found by its checksum", async () => {
  await withServed({}, async ({ path, files, clock, served, write, count }) => {
    write(1);
    await served.durable();
    const { size } = await Deno.stat(`${path}-wal`);
    write(2);
    files.failure = ioError();
    await assert.rejects(served.durable(), FAILED);
    files.failure = undefined;
    // As though its pages had been read anew from the disk, where they never arrived.
    using file = await Deno.open(`${path}-wal`, { write: true });
    await file.seek(size + 100, Deno.SeekMode.Start);
    await file.write(new Uint8Array(500).fill(255));
    clock.advance(REOPEN_MS);
    await eventually(() => assert.equal(served.isUsable(), true));
    assert.equal(count(), 1);
    assert.equal(queryValue(served.database, "PRAGMA integrity_check"), "ok");
    write(2);
    await served.durable();
    assert.equal(count(), 2);
  });
});

Deno.test("while a checkpoint waits for the disk nothing more than its snapshot is copied", async () => {
  await withServed({ checkpointBytes: 8_000 }, async ({ path, files, served, write }) => {
    for (let n = 0; n < 6; n++) write(n, 900);
    files.holds = true;
    const released = served.durable();
    await eventually(() => assert.equal(files.held.length, 1));
    files.held.shift()?.release();
    await released;
    // The checkpoint's own sync of the log: its snapshot is taken.
    await eventually(() => assert.equal(files.held[0]?.path, "log"));
    write(100, 900);
    files.held.shift()?.release();
    await eventually(() => assert.equal(files.held[0]?.path, "file"));
    // A page for each row, and two for the schema and the root; that of the last row would be one more.
    assert.equal((await Deno.stat(path)).size, 8 * PAGE_BYTES);
    files.holds = false;
    files.held.shift()?.release();
    await served.ready();
  });
});

Deno.test("who cannot wait for a new log waits for the disk in place, and is kept", async () => {
  await withServed({ checkpointBytes: 8_000 }, async ({ files, clock, served, write, count }) => {
    for (let n = 0; n < 6; n++) write(n, 900);
    await served.durable();
    files.holds = true;
    // Whatever is synced is let through until the log has begun anew and waits for its own sync.
    await eventually(() => {
      const sync = files.held.shift();
      if (sync === undefined) throw new Error("not yet");
      const isNewLog = sync.path === "log" && files.synced.at(-1) === "file" &&
        files.synced.filter((name) => name === "file").length === 2;
      if (!isNewLog) sync.release();
      else files.held.unshift(sync);
      assert.ok(isNewLog);
    });
    let isReady = false;
    const ready = served.ready().then(() => isReady = true);
    const before = files.synced.length;
    write(50);
    assert.deepEqual(files.synced.slice(before), ["now log"]);
    write(51);
    assert.equal(files.synced.length, before + 1);
    assert.equal(isReady, false);
    files.holds = false;
    files.held.shift()?.release();
    await ready;
    await served.durable();
    assert.deepEqual([count(), clock.timerCount], [8, 0]);
  });
});

Deno.test("ready() refuses where a checkpoint hangs", async () => {
  await withServed({ checkpointBytes: 8_000 }, async ({ files, clock, served, write }) => {
    for (let n = 0; n < 6; n++) write(n, 900);
    files.holds = true;
    const told = served.durable();
    // The waiter's sync of the log, and the first half of the checkpoint: nobody is held up.
    for (const path of ["log", "log", "file"]) {
      await eventually(() => assert.equal(files.held[0]?.path, path));
      await served.ready();
      files.held.shift()?.release();
    }
    await told;
    await eventually(() => assert.equal(files.held[0]?.path, "log"));
    const refused = assert.rejects(served.ready(), STALLED);
    clock.advance(SYNC_LIMIT_MS);
    await refused;
    files.holds = false;
    files.held.shift()?.release();
    await eventually(() => assert.equal(served.isUsable(), true));
    await served.ready();
  });
});

Deno.test("another process that reads keeps the log, and loses nothing when it grows", async () => {
  await withServed({ checkpointBytes: 8_000 }, async ({ path, served, write, count }) => {
    using other = new DatabaseSync(path, { readOnly: true });
    other.exec("BEGIN");
    assert.equal(queryValue(other, "SELECT count(*) FROM notes"), 0);
    for (let n = 0; n < 30; n++) {
      write(n, 900);
      await served.durable();
    }
    await served.ready();
    assert.equal(queryValue(other, "SELECT count(*) FROM notes"), 0);
    other.exec("COMMIT");
    for (let n = 30; n < 60; n++) {
      write(n, 900);
      await served.durable();
    }
    assert.equal(count(), 60);
  });
});

Deno.test("another process cannot have the log begin anew, whatever it checkpoints", async () => {
  await withServed({}, async ({ path, served, write, count }) => {
    for (let n = 0; n < 20; n++) write(n, 900);
    await served.durable();
    const { size } = await Deno.stat(`${path}-wal`);
    using other = new DatabaseSync(path);
    for (const mode of ["PASSIVE", "FULL", "RESTART", "TRUNCATE"]) {
      other.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    }
    other.prepare("INSERT INTO notes VALUES (1000, 'theirs')").run();
    write(20, 900);
    await served.durable();
    assert.ok((await Deno.stat(`${path}-wal`)).size > size);
    assert.equal(count(), 22);
  });
});

Deno.test("close() brings log and file onto the disk and leaves no log; after a failure it stays", async () => {
  await withServed({}, async ({ path, files, served, write }) => {
    write(1);
    files.synced.length = 0;
    served.close();
    assert.deepEqual(files.synced, ["now log", "now file"]);
    await assert.rejects(Deno.stat(`${path}-wal`), { code: "ENOENT" });
    await assert.rejects(served.durable(), { message: "The service is stopping" });
  });
  await withServed({}, async ({ path, files, served, write }) => {
    write(1);
    files.failure = ioError();
    await assert.rejects(served.durable(), FAILED);
    served.close();
    assert.ok((await Deno.stat(`${path}-wal`)).size > 0);
    using later = new DatabaseSync(path);
    assert.equal(queryValue(later, "SELECT count(*) FROM notes"), 1);
  });
});

Deno.test("a new database has small pages, and an older one keeps its own", async () => {
  await withTempFolder(async (folder) => {
    const path = `${folder}/old.sqlite`;
    {
      using old = new DatabaseSync(path);
      old.exec(
        `PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; ${CREATE}; PRAGMA user_version = 1`,
      );
    }
    const options = { migrations: [CREATE], clock: new FakeClock(), log: recordingLogger().log };
    for (const [file, bytes] of [[path, 4096], [`${folder}/new.sqlite`, 1024]] as const) {
      const served = new ServedDatabase({ path: file, ...options, checkpointBytes: 9_000 });
      assert.equal(queryValue(served.database, "PRAGMA page_size"), bytes);
      const insert = served.database.prepare("INSERT INTO notes (text) VALUES (?)");
      for (let n = 0; n < 20; n++) {
        inTransaction(served.database, () => insert.run("x".repeat(900)));
        await served.durable();
      }
      await served.ready();
      served.close();
      using later = new DatabaseSync(file);
      assert.equal(queryValue(later, "SELECT count(*) FROM notes"), 20);
    }
  });
});
