// How long the log of a served database gets, and the order in which log and file get onto the disk.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MAX_LOG_FACTOR } from "../../../src/edges/sqlite/served_database.ts";
import { eventually } from "../../support/until.ts";
import { queryValue } from "./samples.ts";
import { withServed } from "./served_world.ts";

Deno.test("a log that grew is copied: log, then file, and both before it begins anew", async () => {
  const checkpointBytes = 20_000;
  await withServed({ checkpointBytes }, async ({ path, files, served, write, count }) => {
    const logBytes = async (): Promise<number> => (await Deno.stat(`${path}-wal`)).size;
    // How much is written in a checkpoint's turns is counted in syncs, all of one length.
    files.isDiskless = true;
    let n = 0;
    for (let round = 0; round < 5; round++) {
      files.synced.length = 0;
      for (; !files.synced.includes("file"); n++) {
        write(n, 700);
        await served.durable();
      }
      await served.ready();
      const first = files.synced.indexOf("file");
      // The file after the log, once for most of it and once for the rest; then the new beginning.
      assert.deepEqual(files.synced.slice(first - 1, first + 1), ["log", "file"]);
      assert.equal(files.synced.at(-1), "log");
    }
    // It is the same file all the time, written from its start again.
    assert.ok(await logBytes() < 3 * checkpointBytes, String(await logBytes()));
    assert.equal(count(), n);
  });
});

Deno.test("a log stays bounded where others write through every checkpoint", async () => {
  const checkpointBytes = 200_000;
  await withServed({ checkpointBytes }, async ({ path, files, served, write, count }) => {
    // The writers' turns and those of a checkpoint are counted in syncs, all of one length.
    files.isDiskless = true;
    let n = 0;
    await Promise.all(Array.from({ length: 20 }, async () => {
      for (let i = 0; i < 100; i++) {
        write(n++, 700);
        await served.durable();
      }
    }));
    await served.ready();
    const { size } = await Deno.stat(`${path}-wal`);
    // What twenty writers put into it while the last of its checkpoints ran, and no more.
    assert.ok(size < 2 * MAX_LOG_FACTOR * checkpointBytes, String(size));
    assert.ok(files.synced.includes("now file"));
    assert.equal(count(), 2000);
    assert.equal(queryValue(served.database, "PRAGMA integrity_check"), "ok");
  });
});

Deno.test("a log that nobody waits for is brought in all the same, and stays bounded", async () => {
  const checkpointBytes = 50_000;
  await withServed({ checkpointBytes }, async ({ path, files, served, write, count }) => {
    files.isDiskless = true;
    let longest = 0;
    for (let n = 0; n < 600; n++) {
      write(n, 700);
      await new Promise((resolve) => setTimeout(resolve, 0));
      longest = Math.max(longest, (await Deno.stat(`${path}-wal`)).size);
    }
    await served.ready();
    assert.ok(longest < 2 * MAX_LOG_FACTOR * checkpointBytes, String(longest));
    assert.equal(count(), 600);
  });
});

Deno.test("a log that another process kept from beginning anew is cut when it has", async () => {
  const checkpointBytes = 20_000;
  await withServed({ checkpointBytes }, async ({ path, files, served, write, count }) => {
    const logBytes = (): number => Deno.statSync(`${path}-wal`).size;
    const other = new DatabaseSync(path, { readOnly: true });
    other.exec("BEGIN");
    assert.equal(queryValue(other, "SELECT count(*) FROM notes"), 0);
    for (let n = 0; n < 200; n++) {
      write(n, 900);
      await served.durable();
    }
    await served.ready();
    const grown = logBytes();
    assert.ok(grown > 2 * MAX_LOG_FACTOR * checkpointBytes, String(grown));
    other.close();
    files.synced.length = 0;
    for (let n = 200; n < 240; n++) write(n, 900);
    await served.durable();
    await eventually(() => assert.ok(files.synced.includes("cut log")));
    assert.equal(logBytes(), MAX_LOG_FACTOR * checkpointBytes);
    // Once the file has it all, and the new beginning is on the disk; others may have waited for that.
    const last = files.synced.slice(files.synced.lastIndexOf("file"));
    const steps = last.filter((step, i) => step !== last[i - 1]);
    assert.deepEqual(steps, ["file", "log", "cut log"]);
    write(240);
    await served.durable();
    assert.equal(count(), 241);
    assert.equal(queryValue(served.database, "PRAGMA integrity_check"), "ok");
  });
});
