// A card of 50,000 files with every odd name, scanned from the disk and paged through while files come
// and go on it.

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createLibraryFiles } from "../../src/edges/platform/library_files.ts";
import { openLibraryIndex } from "../../src/edges/sqlite/media_index_store.ts";
import { LibraryScanner } from "../../src/features/library/scanner.ts";
import { ODD_NAMES, TREE_SYSTEMS, treeSources, writeTree } from "../support/library_tree.ts";
import { withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const FILES = 50_000;
const ODD_COUNT = ODD_NAMES.length;

systemTest(`a card of ${FILES} files is scanned and paged through while files come and go`, {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      await Deno.mkdir(dataDir, { mode: 0o700 });
      const root = `${dataDir}/../card`;
      const files = await writeTree(root, { files: FILES });
      const { index, writer, close } = openLibraryIndex({ dataDir, log: silentLogger });
      const sources = treeSources(root, createLibraryFiles(undefined));
      const scanner = new LibraryScanner({
        sources: () => sources,
        writer,
        onSystems: () => {},
        clock: systemClock,
        log: silentLogger,
      });
      try {
        await scan(scanner);
        assert.equal(index.total(), FILES);
        assert.equal(index.countBySystem().size, TREE_SYSTEMS.length);
        const odd = files.filter(({ name }) => ODD_NAMES.includes(name));
        assert.equal(odd.length, ODD_COUNT * TREE_SYSTEMS.length);
        for (const { path, name, systemId } of odd) {
          const media = index.findPath(`${root}/${path}`);
          assert.equal(media?.path, `${root}/${path}`);
          assert.equal(media.systemId, systemId);
          const sameName = index.findTitle(systemId, media.name);
          // A name of signs alone has no word to be found by.
          if (/[\p{L}\p{N}]/u.test(name)) assert.equal(sameName?.path, media.path);
        }
        await pageThrough({
          index,
          scanner,
          root,
          files: files.map(({ path }) => `${root}/${path}`),
        });
        await pullOut(root, async () => {
          await scan(scanner);
          assert.equal(index.total(), 0);
        });
        const { mediaId } = index.findPath(`${root}/${odd[0]?.path}`) ?? {};
        await scan(scanner);
        assert.equal(index.findPath(`${root}/${odd[0]?.path}`)?.mediaId, mediaId);
        assert.ok(index.total() > FILES - 100);
      } finally {
        await scanner.close();
        close();
      }
    }),
});

async function pageThrough({ index, scanner, root, files }: {
  index: ReturnType<typeof openLibraryIndex>["index"];
  scanner: LibraryScanner;
  root: string;
  files: readonly string[];
}): Promise<void> {
  const always = new Set(files);
  const met: string[] = [];
  let pages = 0;
  for (let cursor: string | undefined = ""; cursor !== undefined; pages++) {
    const page = index.search({}, { maxResults: 250, ...(cursor === "" ? {} : { cursor }) });
    met.push(...page.results.map(({ path }) => path));
    cursor = page.nextCursor;
    if (pages % 40 !== 20) continue;
    // What was met and what is to come goes, and something new comes.
    const before = new Set(met);
    const inSnes = (path: string): boolean => path.startsWith(`${root}/snes/`) && always.has(path);
    const behind = met.find(inSnes);
    const ahead = files.find((path) => inSnes(path) && !before.has(path));
    for (const path of [behind, ahead]) {
      if (path === undefined) continue;
      always.delete(path);
      await Deno.remove(path);
    }
    await Deno.writeTextFile(`${root}/snes/Page ${pages}.sfc`, "x");
    await scan(scanner, ["SNES"]);
  }
  assert.ok(pages >= FILES / 250);
  assert.equal(new Set(met).size, met.length);
  const seen = new Set(met);
  assert.deepEqual([...always].filter((path) => !seen.has(path)), []);
}

async function pullOut(root: string, during: () => Promise<void>): Promise<void> {
  await Deno.rename(root, `${root}.out`);
  await during();
  await Deno.rename(`${root}.out`, root);
}

async function scan(scanner: LibraryScanner, systemIds?: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = scanner.subscribe(({ isIndexing }) => {
      if (isIndexing) return;
      stop();
      resolve();
    });
    scanner.request(systemIds);
  });
}
