import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../../src/base/log.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { DATABASE_FILE, openStores, type Stores } from "../../../src/edges/sqlite/stores.ts";
import { sampleClient, sampleSalt } from "./samples.ts";
import { readFiles, readMode, readModes, withTempFolder } from "./temp_folder.ts";

Deno.test("openStores() finds clients and salts again after a restart", () => {
  withTempFolder((folder) => {
    withStores(folder, ({ clients, ledger }) => {
      clients.add(sampleClient(1));
      clients.add(sampleClient(2));
      assert.equal(ledger.record("id-1", sampleSalt(1)), "recorded");
      assert.equal(ledger.record("id-2", sampleSalt(1)), "recorded");
      clients.remove("id-2");
    });
    withStores(folder, ({ clients, ledger }) => {
      assert.deepEqual(clients.list(), [sampleClient(1)]);
      assert.equal(ledger.record("id-1", sampleSalt(1)), "used");
      assert.equal(ledger.record("id-2", sampleSalt(1)), "unknown_client");
    });
  });
});

Deno.test("openStores() makes a folder and files for the owner alone", () => {
  withTempFolder((folder) => {
    const dataDir = `${folder}/state/latchkey`;
    withStores(dataDir, () => {
      assert.equal(readMode(dataDir), "700");
      const modes = readModes(dataDir);
      assert.equal(Object.keys(modes).length, 4);
      assert.deepEqual(new Set(Object.values(modes)), new Set(["600"]));
    });
  });
});

Deno.test("openStores() lets nobody else in until close(), which may come twice", () => {
  withTempFolder((folder) => {
    const stores = openStores({ dataDir: folder, log: silentLogger });
    assert.throws(() => openStores({ dataDir: folder, log: silentLogger }), {
      name: "LockedError",
    });
    stores.clients.add(sampleClient(1));
    stores.close();
    stores.close();
    withStores(folder, ({ clients }) => assert.equal(clients.count(), 1));
  });
});

Deno.test("close() of the stores leaves everything in one file", () => {
  withTempFolder((folder) => {
    withStores(folder, ({ clients }) => clients.add(sampleClient(1)));
    assert.deepEqual(Object.keys(readFiles(folder)).toSorted(), ["latchkey.lock", DATABASE_FILE]);
  });
});

Deno.test("openStores() gives the folder free where the database cannot be used", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${DATABASE_FILE}`;
    Deno.writeTextFileSync(path, "not a database");
    const open = (): Stores => openStores({ dataDir: folder, log: silentLogger });
    assert.throws(open, { name: "DatabaseUnusableError" });
    Deno.removeSync(path);
    open().close();
  });
});

Deno.test("openStores() refuses a database without the tables of its version", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${DATABASE_FILE}`;
    const database = new DatabaseSync(path);
    database.exec(`CREATE TABLE other (x); PRAGMA user_version = ${MIGRATIONS.length}`);
    database.close();
    const open = (): Stores => openStores({ dataDir: folder, log: silentLogger });
    const error = {
      name: "DatabaseUnusableError",
      message: `Cannot use ${path}: its tables are not those of its version. ` +
        "Put a backup in its place",
    };
    // Twice: the first try must have let go of the lock and of the file.
    for (let i = 0; i < 2; i++) assert.throws(open, error);
    assert.deepEqual(Object.keys(readFiles(folder)).toSorted(), ["latchkey.lock", DATABASE_FILE]);
  });
});

function withStores(dataDir: string, test: (stores: Stores) => void): void {
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    test(stores);
  } finally {
    stores.close();
  }
}
