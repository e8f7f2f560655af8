import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { DatabaseUnusableError } from "../../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";
import { fillSample, openSample, queryValue, sampleClient, sampleSalt } from "./samples.ts";
import { ownersOnly, readFiles, readModes, withTempFolder } from "./temp_folder.ts";

const FILE = "a.sqlite";
const PAGE_BYTES = 4096;

for (const where of ["in memory", "on the disk"]) {
  Deno.test(`openDatabase() ${where} gives a database of the newest version`, () => {
    withTempFolder((folder) => {
      using database = openSample(where === "in memory" ? ":memory:" : `${folder}/${FILE}`);
      assert.equal(queryValue(database, "PRAGMA user_version"), MIGRATIONS.length);
      assert.equal(queryValue(database, "PRAGMA foreign_keys"), 1);
      assert.equal(queryValue(database, "PRAGMA synchronous"), 2);
      assert.equal(queryValue(database, "SELECT count(*) FROM clients"), 0);
    });
  });
}

Deno.test("openDatabase() keeps the file and its log for the owner alone", () => {
  withTempFolder((folder) => {
    using database = openSample(`${folder}/${FILE}`);
    assert.equal(queryValue(database, "PRAGMA journal_mode"), "wal");
    new SqliteClientStore(database).add(sampleClient(1));
    assert.deepEqual(readModes(folder), ownersOnly(FILE, `${FILE}-wal`, `${FILE}-shm`));
  });
});

Deno.test("openDatabase() closes files to others that were open to them", () => {
  withTempFolder((folder) => {
    copyWithLog(folder);
    for (const file of [FILE, `${FILE}-wal`]) Deno.chmodSync(`${folder}/${file}`, 0o644);
    using database = openSample(`${folder}/${FILE}`);
    assert.equal(queryValue(database, "SELECT count(*) FROM clients"), 200);
    assert.deepEqual(readModes(folder), ownersOnly(FILE, `${FILE}-wal`, `${FILE}-shm`));
  });
});

Deno.test("openDatabase() takes an empty file for a new database", () => {
  withTempFolder((folder) => {
    Deno.createSync(`${folder}/${FILE}`).close();
    using database = openSample(`${folder}/${FILE}`);
    assert.equal(queryValue(database, "PRAGMA user_version"), MIGRATIONS.length);
  });
});

Deno.test("openDatabase() finds again what was written before", () => {
  withTempFolder((folder) => {
    fillSample(`${folder}/${FILE}`);
    using database = openSample(`${folder}/${FILE}`);
    const clients = new SqliteClientStore(database);
    assert.deepEqual(clients.findById("id-7"), sampleClient(7));
    assert.equal(clients.count(), 200);
    assert.equal(new SqliteReplayLedger(database).record("id-1", sampleSalt(1)), "used");
  });
});

Deno.test("openDatabase() finds again what a killed process left in the log", () => {
  withTempFolder((folder) => {
    copyWithLog(folder);
    using database = openSample(`${folder}/${FILE}`);
    assert.equal(new SqliteReplayLedger(database).record("id-2", sampleSalt(2)), "used");
    assert.equal(new SqliteClientStore(database).count(), 200);
  });
});

Deno.test("openDatabase() takes back what a transaction left without its log", () => {
  withTempFolder((folder) => {
    copyWithJournal(folder);
    using database = openSample(`${folder}/${FILE}`);
    assert.equal(queryValue(database, "PRAGMA journal_mode"), "wal");
    assert.deepEqual(new SqliteClientStore(database).list(), [sampleClient(1)]);
  });
});

const DAMAGES: [string, (folder: string) => void][] = [
  ["garbage", (folder) => Deno.writeTextFileSync(`${folder}/${FILE}`, "no database ".repeat(999))],
  ["a few bytes", (folder) => Deno.writeTextFileSync(`${folder}/${FILE}`, "latchkey")],
  ["its first page only", damaging((bytes) => bytes.subarray(0, PAGE_BYTES))],
  ["half of it", damaging((bytes) => bytes.subarray(0, bytes.length / 2))],
  ["half a page less", damaging((bytes) => bytes.subarray(0, bytes.length - PAGE_BYTES / 2))],
  ["its magic broken", damaging((bytes) => flip(bytes, 0))],
  ["its schema broken", damaging((bytes) => flip(bytes, 100))],
  ["a table's page broken", damaging((bytes) => flip(bytes, middleOf(bytes)))],
  ["a table's page of zeros", damaging((bytes) => bytes.fill(0, middleOf(bytes)))],
  ["its pages swapped", damaging(swapPages)],
  ["a page broken beside a log", damagingBesideLog((bytes) => flip(bytes, middleOf(bytes)))],
  ["empty beside a log", damagingBesideLog((bytes) => bytes.subarray(0, 0))],
];
for (const [what, damage] of DAMAGES) {
  Deno.test(`openDatabase() refuses a file that is damaged (${what}) and leaves it so`, () => {
    withTempFolder((folder) => {
      damage(folder);
      const before = readFiles(folder);
      assert.ok(FILE in before);
      assertUnusable(`${folder}/${FILE}`, "the database is damaged");
      // The index of a log may appear beside it; it holds nothing.
      const { [`${FILE}-shm`]: _index, ...after } = readFiles(folder);
      assert.deepEqual(after, before);
    });
  });
}

Deno.test("openDatabase() refuses a database of a newer version and leaves it as it is", () => {
  withTempFolder((folder) => {
    fillSample(`${folder}/${FILE}`, [...MIGRATIONS, "CREATE TABLE later (x)"]);
    const before = readFiles(folder);
    const versions = `(database version ${MIGRATIONS.length + 1}, this one knows ` +
      `${MIGRATIONS.length})`;
    assertUnusable(`${folder}/${FILE}`, `it was written by a newer latchkey ${versions}`);
    assert.deepEqual(readFiles(folder), before);
  });
});

Deno.test("openDatabase() sees a newer version that is only in the log so far", () => {
  withTempFolder((folder) => {
    withTempFolder((workplace) => {
      fillSample(`${workplace}/${FILE}`);
      using newer = new DatabaseSync(`${workplace}/${FILE}`);
      newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
      copyFiles([FILE, `${FILE}-wal`], { from: workplace, to: folder });
    });
    const before = readFiles(folder);
    assertUnusable(`${folder}/${FILE}`, "it was written by a newer latchkey");
    const { [`${FILE}-shm`]: _index, ...after } = readFiles(folder);
    assert.deepEqual(after, before);
  });
});

Deno.test("openDatabase() refuses a database of another program and leaves it as it is", () => {
  withTempFolder((folder) => {
    const other = new DatabaseSync(`${folder}/${FILE}`);
    other.exec("CREATE TABLE songs (title)");
    other.close();
    const before = readFiles(folder);
    assertUnusable(`${folder}/${FILE}`, "it is a database of another program");
    assert.deepEqual(readFiles(folder), before);
  });
});

for (const suffix of ["", "-wal", "-shm", "-journal"]) {
  Deno.test(`openDatabase() follows no link at the file's name with "${suffix}"`, () => {
    withTempFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/target`, "");
      Deno.chmodSync(`${folder}/target`, 0o644);
      Deno.symlinkSync(`${folder}/target`, `${folder}/${FILE}${suffix}`);
      assert.throws(() => openSample(`${folder}/${FILE}`), {
        name: "DatabaseUnusableError",
        message: `Cannot use ${folder}/${FILE}${suffix}: it is not a regular file`,
      });
      assert.deepEqual(readFiles(folder), { target: "" });
      assert.equal(readModes(folder)["target"], "644");
    });
  });
}

Deno.test("openDatabase() does not lose a log whose file is missing", () => {
  withTempFolder((folder) => {
    copyWithLog(folder);
    Deno.removeSync(`${folder}/${FILE}`);
    const before = readFiles(folder);
    assertUnusable(`${folder}/${FILE}`, "the database is damaged");
    assert.deepEqual(readFiles(folder), before);
  });
});

Deno.test("openDatabase() does not take another's lock for damage", () => {
  withTempFolder((folder) => {
    fillSample(`${folder}/${FILE}`);
    using other = new DatabaseSync(`${folder}/${FILE}`);
    other.exec("PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE");
    assertUnusable(`${folder}/${FILE}`, "it cannot be opened (database is locked)");
  });
});

Deno.test("openDatabase() does not take a path that is too long for damage", () => {
  withTempFolder((folder) => {
    const longFolder = `${folder}${`/${"x".repeat(200)}`.repeat(3)}`;
    Deno.mkdirSync(longFolder, { recursive: true });
    assertUnusable(`${longFolder}/${FILE}`, "it cannot be opened (unable to open database file");
  });
});

function assertUnusable(path: string, reason: string): void {
  assert.throws(() => openSample(path), (error) => {
    assert.ok(error instanceof DatabaseUnusableError, String(error));
    assert.ok(error.message.startsWith(`Cannot use ${path}: ${reason}`), error.message);
    return true;
  });
}

// What a process leaves that is killed after a commit: the file, and beside it the log.
function copyWithLog(folder: string): void {
  withTempFolder((workplace) => {
    fillSample(`${workplace}/${FILE}`);
    using database = openSample(`${workplace}/${FILE}`);
    new SqliteReplayLedger(database).record("id-2", sampleSalt(2));
    copyFiles([FILE, `${FILE}-wal`], { from: workplace, to: folder });
  });
}

// What is left where the power fails within a transaction before the file has its log: pages of
// the transaction in the file, and what they were before beside it.
function copyWithJournal(folder: string): void {
  withTempFolder((workplace) => {
    using database = openSample(`${workplace}/${FILE}`);
    const clients = new SqliteClientStore(database);
    clients.add(sampleClient(1));
    database.exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN");
    for (let n = 2; n <= 200; n++) clients.add(sampleClient(n));
    copyFiles([FILE, `${FILE}-journal`], { from: workplace, to: folder });
  });
}

function copyFiles(names: readonly string[], folders: { from: string; to: string }): void {
  for (const name of names) Deno.copyFileSync(`${folders.from}/${name}`, `${folders.to}/${name}`);
}

function damaging(damage: (bytes: Uint8Array) => Uint8Array): (folder: string) => void {
  return (folder) => {
    fillSample(`${folder}/${FILE}`);
    damageFile(folder, damage);
  };
}

function damagingBesideLog(damage: (bytes: Uint8Array) => Uint8Array): (folder: string) => void {
  return (folder) => {
    copyWithLog(folder);
    damageFile(folder, damage);
  };
}

function damageFile(folder: string, damage: (bytes: Uint8Array) => Uint8Array): void {
  const bytes = Deno.readFileSync(`${folder}/${FILE}`);
  Deno.writeFileSync(`${folder}/${FILE}`, damage(bytes));
}

function flip(bytes: Uint8Array, from: number): Uint8Array {
  for (let at = from; at < from + 12; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}

function middleOf(bytes: Uint8Array): number {
  return Math.floor(bytes.length / PAGE_BYTES / 2) * PAGE_BYTES;
}

function swapPages(bytes: Uint8Array): Uint8Array {
  const [first, second] = [PAGE_BYTES, middleOf(bytes)];
  const page = bytes.slice(first, first + PAGE_BYTES);
  bytes.copyWithin(first, second, second + PAGE_BYTES);
  bytes.set(page, second);
  return bytes;
}
