import assert from "node:assert/strict";
import { LockedError } from "../../../src/base/locked_error.ts";
import { takeWriteLock } from "../../../src/edges/sqlite/write_lock.ts";
import { readFiles, readModes, withTempFolder } from "./temp_folder.ts";

const LOCK_FILE = "latchkey.lock";

Deno.test("takeWriteLock() keeps a second holder out, naming folder and process", () => {
  withTempFolder((folder) => {
    const unlock = takeWriteLock(folder);
    assert.throws(() => takeWriteLock(folder), {
      name: "LockedError",
      message: `Cannot use ${folder}: another latchkey (process ${Deno.pid}) is running on it`,
    });
    // The one that was refused must not have ended the lock of the first.
    assert.throws(() => takeWriteLock(folder), LockedError);
    unlock();
    takeWriteLock(folder)();
  });
});

Deno.test("takeWriteLock() writes the process into a file for the owner alone", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/${LOCK_FILE}`, "12345678901234567890");
    Deno.chmodSync(`${folder}/${LOCK_FILE}`, 0o600);
    const unlock = takeWriteLock(folder);
    assert.equal(Deno.readTextFileSync(`${folder}/${LOCK_FILE}`), String(Deno.pid));
    unlock();
    assert.deepEqual(Object.keys(readFiles(folder)), [LOCK_FILE]);
  });
  withTempFolder((folder) => {
    takeWriteLock(folder)();
    assert.deepEqual(readModes(folder), { [LOCK_FILE]: "600" });
  });
});

for (const text of ["", "1\n2", "\x1b[2J", "-1", "12 rm -rf"]) {
  Deno.test(`takeWriteLock() passes on no holder that reads ${JSON.stringify(text)}`, () => {
    withTempFolder((folder) => {
      const unlock = takeWriteLock(folder);
      Deno.writeTextFileSync(`${folder}/${LOCK_FILE}`, text);
      assert.throws(() => takeWriteLock(folder), {
        message: `Cannot use ${folder}: another latchkey is running on it`,
      });
      unlock();
    });
  });
}

Deno.test("takeWriteLock() gets the lock of a process that was killed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("lock_holder.ts", import.meta.url).pathname, folder],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    const reader = holder.stdout.getReader();
    await reader.read();
    assert.throws(() => takeWriteLock(folder), new RegExp(`\\(process ${holder.pid}\\)`));
    holder.kill("SIGKILL");
    await holder.status;
    await reader.cancel();
    takeWriteLock(folder)();
  } finally {
    await holder.stdin.close().catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("takeWriteLock() does not follow a link", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/other`, "keep");
    Deno.symlinkSync(`${folder}/other`, `${folder}/${LOCK_FILE}`);
    assert.throws(() => takeWriteLock(folder), { name: "DatabaseUnusableError" });
    assert.equal(Deno.readTextFileSync(`${folder}/other`), "keep");
  });
});
