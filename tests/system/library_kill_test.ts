// Whenever a scan is killed, the index is whole, and the next scans bring it to what the card holds.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../src/base/log.ts";
import { LIBRARY_FILE } from "../../src/edges/sqlite/library_database.ts";
import { openLibraryIndex } from "../../src/edges/sqlite/media_index_store.ts";
import { TREE_SYSTEMS, writeTree } from "../support/library_tree.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const KILLS = 20;
const FILES = 3000;
const SCAN = new URL("../support/library_scan.ts", import.meta.url).pathname;

systemTest(`the library's index is whole over ${KILLS} kills in a scan`, {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      await Deno.mkdir(dataDir, { mode: 0o700 });
      const root = `${dataDir}/../card`;
      const random = seededRandom(9);
      const draw = (below: number): number => (random(1)[0] ?? 0) % below;
      const written = await writeTree(root, { files: FILES });
      const present = new Set(written.map(({ path }) => `${root}/${path}`));
      let killed = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        await changeTree(root, { present, kill, draw });
        if (await scan([dataDir, root], { killAfterLines: 2 + draw(TREE_SYSTEMS.length) })) {
          killed++;
        }
        assertWhole(`${dataDir}/${LIBRARY_FILE}`);
      }
      assert.ok(killed > KILLS / 2, `${killed} of ${KILLS} scans were killed before their end`);
      await scan([dataDir, root], { killAfterLines: Infinity });
      assert.deepEqual(indexedPaths(dataDir), [...present].toSorted());
    }),
});

// Files go and come in every system, so that each scan has something to write everywhere.
async function changeTree(
  root: string,
  { present, kill, draw }: { present: Set<string>; kill: number; draw: (below: number) => number },
): Promise<void> {
  for (const path of present) {
    if (draw(12) !== 0) continue;
    present.delete(path);
    await Deno.remove(path);
  }
  for (const [, folder, extension] of TREE_SYSTEMS) {
    for (let n = 0; n < 12; n++) {
      const path = `${root}/${folder}/Kill ${kill} ${n}.${extension}`;
      await Deno.writeTextFile(path, "x");
      present.add(path);
    }
  }
}

// Whether it was killed before its end.
async function scan(
  args: string[],
  { killAfterLines }: { killAfterLines: number },
): Promise<boolean> {
  const scanner = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SCAN, ...args],
    stdout: "piped",
  }).spawn();
  let written = "";
  let isKilled = false;
  for await (const text of scanner.stdout.pipeThrough(new TextDecoderStream())) {
    written += text;
    if (isKilled || written.split("\n").length <= killAfterLines) continue;
    isKilled = true;
    scanner.kill("SIGKILL");
  }
  await scanner.status;
  return isKilled && !written.includes("{");
}

function assertWhole(path: string): void {
  using database = new DatabaseSync(path);
  const all = (sql: string): unknown[] => database.prepare(sql).all().map((row) => ({ ...row }));
  assert.deepEqual(all("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  assert.deepEqual(
    all(`SELECT system_id FROM system s WHERE here_count <>
      (SELECT count(*) FROM media m WHERE m.system_no = s.system_no AND presence = 0)`),
    [],
  );
  assert.deepEqual(
    all(`SELECT c.* FROM folder_count c WHERE direct <> (SELECT count(*) FROM media m
      WHERE m.folder_no = c.folder_no AND m.system_no = c.system_no AND presence = 0)`),
    [],
  );
  assert.deepEqual(
    all("SELECT media_id FROM media WHERE media_id NOT IN (SELECT rowid FROM media_words)"),
    [],
  );
}

function indexedPaths(dataDir: string): string[] {
  const { index, close } = openLibraryIndex({ dataDir, log: silentLogger });
  const paths: string[] = [];
  try {
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page = index.search({}, { maxResults: 250, ...(cursor === "" ? {} : { cursor }) });
      paths.push(...page.results.map(({ path }) => path));
      cursor = page.nextCursor;
    }
  } finally {
    close();
  }
  return paths.toSorted();
}
