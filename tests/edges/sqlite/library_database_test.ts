// The file of the index: whatever happens to it, there is an index.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { LIBRARY_FILE, LibraryDatabase } from "../../../src/edges/sqlite/library_database.ts";
import { LIBRARY_VERSION } from "../../../src/edges/sqlite/library_schema.ts";
import { openLibraryIndex, SqliteMediaIndex } from "../../../src/edges/sqlite/media_index_store.ts";
import { assertAppError } from "../../support/app_error.ts";
import { foundMedia, listKey, lookThrough, pagesOf, withIndex } from "./library_world.ts";
import { ownersOnly, readModes, recordingLogger, withTempFolder } from "./temp_folder.ts";

const MEDIA = Array.from({ length: 400 }, (_, n) => foundMedia(`/roms/${n}.sfc`));

function writeIndex(path: string): void {
  withIndex(({ index }) => void lookThrough(index, "SNES", MEDIA), path);
}

Deno.test("the index is there again after a restart, open to its owner alone", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${LIBRARY_FILE}`;
    writeIndex(path);
    assert.deepEqual(readModes(folder), ownersOnly(LIBRARY_FILE));
    Deno.chmodSync(path, 0o644);
    withIndex(({ index }) => {
      assert.equal(index.total(), MEDIA.length);
      assert.deepEqual(
        readModes(folder),
        ownersOnly(LIBRARY_FILE, `${LIBRARY_FILE}-wal`, `${LIBRARY_FILE}-shm`),
      );
    }, path);
  });
});

const DAMAGES: [what: string, damage: (path: string) => void, warning: RegExp | undefined][] = [
  ["no database", (path) => Deno.writeTextFileSync(path, "no database ".repeat(999)), /made anew/],
  ["cut off", (path) => Deno.truncateSync(path, 9000), /made anew/],
  ["one byte", (path) => Deno.writeTextFileSync(path, "x"), undefined],
  ["a database of another program", (path) => {
    Deno.removeSync(path);
    query(path, "CREATE TABLE other (x)");
  }, undefined],
  [
    "of another version",
    (path) => query(path, `PRAGMA user_version = ${LIBRARY_VERSION + 1}`),
    undefined,
  ],
  ["without a table", (path) => query(path, "DROP TABLE state"), /made anew/],
  ["left open and damaged within", (path) => {
    query(path, "UPDATE state SET is_open = 1");
    damageWithin(path);
  }, /made anew/],
  ["a link elsewhere", (path) => {
    Deno.renameSync(path, `${path}.elsewhere`);
    Deno.symlinkSync(`${path}.elsewhere`, path);
  }, /made anew/],
  ["a folder", (path) => {
    Deno.removeSync(path);
    Deno.mkdirSync(`${path}/in`, { recursive: true });
  }, /lies in memory/],
];
for (const [what, damage, warning] of DAMAGES) {
  Deno.test(`a file that is ${what} gives an empty index that can be filled`, () => {
    withTempFolder((folder) => {
      const path = `${folder}/${LIBRARY_FILE}`;
      writeIndex(path);
      damage(path);
      const { log, lines } = recordingLogger();
      const library = openLibraryIndex({ dataDir: folder, log });
      try {
        assert.equal(library.index.total(), 0);
        assert.deepEqual(library.index.search({}, {}).results, []);
        const pass = library.writer.beginSystem(listKey("SNES"), 1);
        assert.equal(pass.put(MEDIA), MEDIA.length);
        assert.equal(library.index.total(), MEDIA.length);
      } finally {
        library.close();
        library.close();
      }
      const warnings = lines.map(([message]) => message);
      if (warning === undefined) assert.deepEqual(warnings, []);
      else assert.ok(warnings.some((message) => warning.test(message)), warnings.join());
    });
  });
}

Deno.test("a folder that nothing can be written to gives an index in memory", () => {
  const { log, lines } = recordingLogger();
  const library = openLibraryIndex({ dataDir: "/nowhere/at/all", log });
  assert.equal(library.index.total(), 0);
  library.close();
  assert.match(lines.at(-1)?.[0] ?? "", /lies in memory/);
});

Deno.test("a file that was closed is not looked through at the next start", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${LIBRARY_FILE}`;
    writeIndex(path);
    damageWithin(path);
    const { log, lines } = recordingLogger();
    new LibraryDatabase({ path, log }).close();
    assert.deepEqual(lines, []);
  });
});

Deno.test("damage that a search meets empties the index and says so", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${LIBRARY_FILE}`;
    writeIndex(path);
    damageWithin(path);
    const { log, lines } = recordingLogger();
    const database = new LibraryDatabase({ path, log });
    try {
      const index = new SqliteMediaIndex(database);
      let remade = 0;
      database.onRemade(() => remade++);
      const silent = database.onRemade(() => remade += 100);
      silent();
      const pass = index.beginSystem(listKey("GBA"), 1);
      assert.deepEqual(pagesOf(index, {}), [[]]);
      assert.equal(index.total(), 0);
      assert.equal(remade, 1);
      assert.deepEqual(lines.map(([message]) => message), [
        "The library's index cannot be used and is made anew",
      ]);
      assertAppError(() => pass.put(MEDIA), "unavailable");
      assertAppError(() => pass.end("complete"), "unavailable");
      assert.equal(lookThrough(index, "SNES", MEDIA), MEDIA.length);
      assert.equal(index.total(), MEDIA.length);
    } finally {
      database.close();
    }
  });
});

Deno.test("damage that a scan meets ends the scan and empties the index", () => {
  withTempFolder((folder) => {
    const path = `${folder}/${LIBRARY_FILE}`;
    writeIndex(path);
    damageWithin(path);
    withIndex(({ index }) => {
      const pass = index.beginSystem(listKey("SNES"), 1);
      assert.throws(() => pass.put(MEDIA));
      assert.equal(index.total(), 0);
      assert.equal(lookThrough(index, "SNES", MEDIA), MEDIA.length);
    }, path);
  });
});

Deno.test("a transaction that throws leaves nothing behind", () => {
  withIndex(({ database, index }) => {
    const pass = index.beginSystem(listKey("SNES"), 1);
    const [first = foundMedia("/x")] = MEDIA;
    const broken = {
      ...first,
      path: "/roms/broken",
      get details(): never {
        throw new Error("Broken");
      },
    };
    assert.throws(() => pass.put([first, broken]), /Broken/);
    assert.equal(index.total(), 0);
    assert.equal(index.findPath(first.path), undefined);
    assert.equal(database.prepare("SELECT count(*) AS n FROM folder").get()?.["n"], 0);
    assert.equal(pass.put([first]), 1);
  });
});

Deno.test("a full disk is unavailable, and the index stays whole", () => {
  withTempFolder((folder) => {
    withIndex(({ database, index }) => {
      lookThrough(index, "SNES", MEDIA);
      const pages = database.prepare("PRAGMA page_count").get()?.["page_count"];
      database.prepare(`PRAGMA max_page_count = ${pages}`).get();
      const pass = index.beginSystem(listKey("GBA"), 1);
      const more = Array.from({ length: 2000 }, (_, n) => foundMedia(`/gba/${n}.gba`));
      assertAppError(() => pass.put(more), "unavailable");
      assert.equal(index.total(), MEDIA.length);
    }, `${folder}/${LIBRARY_FILE}`);
  });
});

function query(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

// Overwrites all pages but the first ones, whose tables an opening reads.
function damageWithin(path: string): void {
  query(path, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
  const pages = pagesOfMedia(path);
  using file = Deno.openSync(path, { write: true });
  for (const page of pages) {
    file.seekSync((page - 1) * 4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4096).fill(0xa5));
  }
}

function pagesOfMedia(path: string): number[] {
  using database = new DatabaseSync(path);
  return database.prepare(
    "SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'media' AND rootpage > 0",
  )
    .all().map((row) => Number(row["rootpage"]));
}
