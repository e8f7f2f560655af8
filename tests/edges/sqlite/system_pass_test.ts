// What a look through a system leaves in the index: what is new, changed, gone, away and back.

import assert from "node:assert/strict";
import type { FoundMedia } from "../../../src/features/library/media.ts";
import type { FolderEntry } from "../../../src/features/library/media_index.ts";
import type { SqliteMediaIndex } from "../../../src/edges/sqlite/media_index_store.ts";
import { MAX_GONE_MEDIA } from "../../../src/edges/sqlite/system_pass.ts";
import { treeFiles } from "../../support/library_tree.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { foundMedia, listKey, lookThrough, pagesOf, withIndex } from "./library_world.ts";

const A = foundMedia("/roms/snes/a.sfc");
const B = foundMedia("/roms/snes/sub/b.sfc");
const C = foundMedia("/roms/snes/c.sfc");

Deno.test("a look through adds what is new, updates what changed and counts neither twice", () => {
  withIndex(({ index }) => {
    assert.equal(lookThrough(index, "SNES", [A, B]), 2);
    assert.equal(lookThrough(index, "SNES", [A, B]), 0);
    const before = index.findPath(A.path);
    const changes: Partial<FoundMedia>[] = [
      { bytes: 2 },
      { modifiedMs: 2 },
      { name: "Another" },
      { details: { genre: "RPG" } },
      { details: { genre: "RPG", players: "2" } },
      { details: {} },
    ];
    for (const change of changes) {
      const changed = { ...A, ...change };
      assert.equal(lookThrough(index, "SNES", [changed, B]), 1, JSON.stringify(change));
      assert.equal(lookThrough(index, "SNES", [changed, B]), 0);
      assert.deepEqual(index.findPath(A.path), {
        ...before,
        name: changed.name,
        details: changed.details,
      });
      assert.deepEqual(pagesOf(index, { text: changed.name }), [[A.path]]);
    }
    assert.deepEqual(pagesOf(index, { text: "Another" }), [[]]);
    assert.equal(index.total(), 2);
  });
});

Deno.test("a look through that changes nothing writes nothing for its media", () => {
  withIndex(({ database, index }) => {
    lookThrough(index, "SNES", [A, B]);
    const pass = index.beginSystem(listKey("SNES"), 1);
    const written = (): unknown => database.prepare("SELECT total_changes() AS n").get()?.["n"];
    const before = written();
    pass.put([A, B]);
    assert.equal(written(), before);
  });
});

Deno.test("what is no longer there is missing, and is itself again when it comes back", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A, B, C]);
    const id = index.findPath(B.path)?.mediaId;
    lookThrough(index, "SNES", [A, C]);
    assert.equal(index.findPath(B.path)?.isMissing, true);
    assert.equal(index.find(id ?? 0)?.isMissing, true);
    assert.deepEqual(pagesOf(index, {}), [[A.path, C.path]]);
    assert.deepEqual(pagesOf(index, { text: "b" }), [[]]);
    assert.equal(index.countBelow("/roms/snes/sub"), 0);
    assert.deepEqual(index.countBySystem(), new Map([["SNES", 2]]));
    assert.equal(lookThrough(index, "SNES", [A, B, C]), 1);
    assert.deepEqual(index.findPath(B.path), { ...index.find(id ?? 0), isMissing: false });
    assert.deepEqual(pagesOf(index, { text: "b" }), [[B.path]]);
  });
});

Deno.test("nothing is missing before a look through has ended", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A, B]);
    const pass = index.beginSystem(listKey("SNES"), 1);
    pass.put([A]);
    assert.equal(index.total(), 2);
    assert.equal(pass.end("complete").isDone, true);
    assert.equal(index.total(), 1);
  });
});

for (const [what, outcome] of [["away", "away"], ["empty", "complete"]] as const) {
  Deno.test(`media of a folder that is ${what} are missing and kept however many they are`, () => {
    withIndex(({ index }) => {
      const many = Array.from(
        { length: MAX_GONE_MEDIA + 300 },
        (_, n) => foundMedia(`/card/${n}.sfc`),
      );
      lookThrough(index, "SNES", many);
      lookThrough(index, "GBA", [foundMedia("/internal/a.gba")]);
      const ids = [0, many.length - 1].map((n) => index.findPath(`/card/${n}.sfc`)?.mediaId);
      lookThrough(index, "SNES", [], { outcome });
      assert.equal(index.total(), 1);
      assert.equal(index.findPath("/card/0.sfc")?.isMissing, true);
      assert.equal(index.browse("/card", {}).entries.length, 0);
      lookThrough(index, "SNES", many);
      assert.equal(index.total(), many.length + 1);
      assert.deepEqual(
        [0, many.length - 1].map((n) => index.findPath(`/card/${n}.sfc`)?.mediaId),
        ids,
      );
    });
  });
}

Deno.test("of removed media the oldest are forgotten past a bound, with their empty folders", () => {
  withIndex(({ database, index }) => {
    const many = Array.from(
      { length: MAX_GONE_MEDIA + 250 },
      (_, n) => foundMedia(`/roms/${Math.floor(n / 100)}/${n}.sfc`),
    );
    lookThrough(index, "SNES", [A, ...many]);
    lookThrough(index, "SNES", [A]);
    assert.equal(index.findPath("/roms/2/249.sfc"), undefined);
    assert.equal(index.findPath("/roms/2/250.sfc")?.isMissing, true);
    const count = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    assert.equal(count("SELECT count(*) FROM media"), MAX_GONE_MEDIA + 1);
    assert.equal(count("SELECT count(*) FROM media_words WHERE media_words MATCH '249'"), 0);
    assert.equal(count("SELECT count(*) FROM folder WHERE path IN ('/roms/0', '/roms/1')"), 0);
    assert.equal(count("SELECT count(*) FROM folder WHERE path = '/roms/2'"), 1);
    assert.equal(index.findPath(A.path)?.isMissing, false);
    assertCounts(index);
  });
});

Deno.test("media stay with the system that has them, until it has them no longer", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A, B]);
    const id = index.findPath(A.path)?.mediaId;
    assert.equal(lookThrough(index, "Other", [{ ...A, name: "Taken" }, C]), 1);
    assert.deepEqual(
      [index.findPath(A.path)?.systemId, index.findPath(A.path)?.name],
      ["SNES", A.name],
    );
    lookThrough(index, "SNES", [B]);
    assert.equal(lookThrough(index, "Other", [A, C]), 1);
    assert.deepEqual(index.countBySystem(), new Map([["SNES", 1], ["Other", 2]]));
    assert.equal(index.findPath(A.path)?.systemId, "Other");
    assert.equal(index.findPath(A.path)?.mediaId, id);
    assertCounts(index);
  });
});

Deno.test("systems of one id from two sources are told apart and counted together", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A], { sourceKey: "one" });
    lookThrough(index, "SNES", [B], { sourceKey: "two" });
    lookThrough(index, "SNES", [], { sourceKey: "one", outcome: "away" });
    assert.deepEqual(pagesOf(index, { systemIds: ["SNES"] }), [[B.path]]);
    assert.deepEqual(index.countBySystem(), new Map([["SNES", 1]]));
    assert.equal(index.findPath(B.path)?.sourceKey, "two");
  });
});

Deno.test("media of systems that no source has are missing, in bounded steps", () => {
  withIndex(({ index }) => {
    const many = Array.from({ length: 250 }, (_, n) => foundMedia(`/roms/nes/${n}.nes`));
    lookThrough(index, "NES", many);
    lookThrough(index, "SNES", [A]);
    const kept = [listKey("SNES")];
    const steps: boolean[] = [];
    do steps.push(index.keepSystems(kept).isDone); while (steps.at(-1) === false);
    assert.deepEqual(steps, [false, false, true]);
    assert.deepEqual(index.countBySystem(), new Map([["SNES", 1]]));
    assert.equal(index.findPath("/roms/nes/0.nes")?.isMissing, true);
    lookThrough(index, "NES", many);
    assert.equal(index.total(), 251);
    assertCounts(index);
  });
});

Deno.test("media of a source that tells of no system are kept as those of a card that is out", () => {
  withIndex(({ index }) => {
    const many = Array.from(
      { length: MAX_GONE_MEDIA + 50 },
      (_, n) => foundMedia(`/roms/${n}.nes`),
    );
    lookThrough(index, "NES", many);
    while (!index.keepSystems([], ["list"]).isDone);
    assert.equal(index.total(), 0);
    assert.equal(index.findPath("/roms/0.nes")?.isMissing, true);
    while (!index.keepSystems([], []).isDone);
    assert.equal(index.findPath("/roms/0.nes"), undefined);
  });
});

Deno.test("systems of one id in one source are told apart by the source's names for them", () => {
  withIndex(({ index }) => {
    lookThrough(index, "Genesis", [A], { sourceName: "genesis" });
    lookThrough(index, "Genesis", [B], { sourceName: "megadrive" });
    assert.deepEqual(pagesOf(index, { systemIds: ["Genesis"] }), [[A.path, B.path]]);
    assert.deepEqual(index.countBySystem(), new Map([["Genesis", 2]]));
    assert.equal(index.findTitle("Genesis", "b")?.path, B.path);
    assert.deepEqual(
      [A, B].map(({ path }) => index.findPath(path)?.sourceName),
      ["genesis", "megadrive"],
    );
    assert.equal(index.pick("Genesis", 0.9)?.path, B.path);
  });
});

Deno.test("what was seen of a system is missing too where its folder goes away", () => {
  withIndex(({ index }) => {
    const pass = index.beginSystem(listKey("SNES"), 1);
    pass.put([A, B]);
    pass.end("away");
    assert.equal(index.total(), 0);
  });
});

Deno.test("a system without media is forgotten when no source has it", () => {
  withIndex(({ database, index }) => {
    lookThrough(index, "NES", []);
    index.keepSystems([]);
    assert.equal(database.prepare("SELECT count(*) AS n FROM system").get()?.["n"], 0);
  });
});

Deno.test("the index knows when a system was looked through to its end", () => {
  withIndex(({ index }) => {
    const system = listKey("SNES");
    assert.equal(index.scannedMs(system), 0);
    const pass = index.beginSystem(system, 5000);
    pass.put([A]);
    assert.equal(index.scannedMs(system), 0);
    pass.end("complete");
    assert.equal(index.scannedMs(system), 5000);
    assert.equal(index.scannedMs({ ...system, sourceKey: "other" }), 0);
  });
});

Deno.test("a folder lists its folders first, then its media, with what each has below", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A, B, C, foundMedia("/roms/snes/sub/deep/d.sfc")]);
    lookThrough(index, "GBA", [foundMedia("/roms/gba/e.gba"), foundMedia("/roms/snes/sub/f.gba")]);
    assert.deepEqual(index.browse("/roms", {}), {
      entries: [
        folder("/roms/gba", 1, ["GBA"]),
        folder("/roms/snes", 5, ["GBA", "SNES"]),
      ],
      totalMedia: 6,
      directMedia: 0,
      nextCursor: undefined,
    });
    const snes = index.browse("/roms/snes", { systemIds: ["SNES"] });
    assert.deepEqual(snes.entries.map(nameOf), ["sub", "a", "c"]);
    assert.deepEqual(snes.entries[0], folder("/roms/snes/sub", 2, ["SNES"]));
    assert.deepEqual([snes.totalMedia, snes.directMedia], [4, 2]);
    const backwards = index.browse("/roms/snes", { sort: "name-desc" });
    assert.deepEqual(backwards.entries.map(nameOf), ["sub", "c", "a"]);
    assert.deepEqual(index.browse("/roms/snes", { letter: "C" }).entries.map(nameOf), ["c"]);
    assert.deepEqual(index.browse("/roms/snes", { letter: "s" }).entries.map(nameOf), ["sub"]);
    assert.deepEqual(index.browse("/roms/snes", { letter: "no" }).entries, []);
    assert.deepEqual(index.browse("/", {}).entries, [folder("/roms", 6, ["GBA", "SNES"])]);
    assert.deepEqual(index.browse("/", { systemIds: ["NES"] }).entries, []);
    assert.deepEqual(index.browse("/elsewhere", {}), {
      entries: [],
      totalMedia: 0,
      directMedia: 0,
      nextCursor: undefined,
    });
    assert.equal(index.countBelow("/roms/snes", ["GBA"]), 1);
  });
});

Deno.test("the folders with media in one are listed, itself included, and no others", () => {
  withIndex(({ index }) => {
    const paths = ["/r/a/1.sfc", "/r/a/b/c/2.sfc", "/r/a/gone/3.sfc", "/r/a0/4.sfc", "/r/5.sfc"];
    lookThrough(index, "SNES", paths.map((path) => foundMedia(path)));
    lookThrough(
      index,
      "SNES",
      paths.filter((path) => !path.includes("gone")).map((path) => foundMedia(path)),
    );
    assert.deepEqual(index.foldersIn("/r/a", 10), ["/r/a", "/r/a/b", "/r/a/b/c"]);
    assert.deepEqual(index.foldersIn("/r/a", 2), ["/r/a", "/r/a/b"]);
    assert.deepEqual(index.foldersIn("/none", 10), []);
  });
});

function folder(path: string, mediaCount: number, systemIds: string[]): FolderEntry {
  return {
    kind: "folder",
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    mediaCount,
    systemIds,
  };
}

function nameOf(entry: FolderEntry): string {
  return entry.kind === "folder" ? entry.name : entry.media.name;
}

for (const sort of ["name-asc", "name-desc", "filename-asc", "filename-desc"] as const) {
  Deno.test(`pages of a folder sorted by ${sort} join without gap and repeat`, () => {
    withIndex(({ index }) => {
      const media = [
        ...Array.from({ length: 12 }, (_, n) => foundMedia(`/r/Folder ${n}/x.sfc`)),
        ...Array.from({ length: 13 }, (_, n) => foundMedia(`/r/Game ${n}.sfc`)),
      ];
      lookThrough(index, "SNES", media);
      const whole = index.browse("/r", { sort }).entries;
      assert.deepEqual(
        whole.map(({ kind }) => kind).join(" "),
        [
          ...Array(12).fill("folder"),
          ...Array(13).fill("media"),
        ].join(" "),
      );
      for (const maxResults of [1, 5, 6, 12, 24, 25]) {
        const joined: FolderEntry[] = [];
        let cursor: string | undefined;
        do {
          const page = index.browse("/r", {
            sort,
            maxResults,
            ...(cursor === undefined ? {} : { cursor }),
          });
          assert.ok(page.entries.length > 0);
          joined.push(...page.entries);
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        assert.deepEqual(joined, whole, String(maxResults));
      }
    });
  });
}

Deno.test("letters lead into a folder behind its folders", () => {
  withIndex(({ index }) => {
    lookThrough(index, "SNES", [A, C, B]);
    const letters = index.letters({ folder: "/roms/snes" });
    assert.deepEqual(letters.map(({ letter, count }) => [letter, count]), [["A", 1], ["C", 1]]);
    const { cursor = "" } = letters[1] ?? {};
    assert.deepEqual(index.browse("/roms/snes", { cursor }).entries.map(nameOf), ["c"]);
  });
});

Deno.test("the counts of folders and systems are right after whatever happened", () => {
  withIndex(({ index }) => {
    const random = seededRandom(11);
    const draw = (below: number): number => (random(1)[0] ?? 0) % below;
    const files = [...treeFiles({ files: 240, systems: 4 })].map(({ path }) =>
      foundMedia(`/card/${path}`)
    );
    const ids = ["SNES", "NES", "Genesis", "PSX"];
    for (let round = 0; round < 40; round++) {
      const systemId = ids[draw(4)] ?? "SNES";
      const mine = files.filter(({ path }) =>
        path.length % 4 === ids.indexOf(systemId) || draw(9) === 0
      );
      const outcome = draw(5) === 0 ? "away" : "complete";
      lookThrough(index, systemId, outcome === "away" ? [] : mine.filter(() => draw(3) !== 0), {
        outcome,
      });
      if (draw(8) === 0) {
        const kept = ids.filter(() => draw(2) === 0).map((id) => listKey(id));
        while (!index.keepSystems(kept).isDone);
      }
      assertCounts(index);
    }
  });
});

// Against a count of what the pages of a search list.
function assertCounts(index: SqliteMediaIndex): void {
  const bySystem = new Map<string, number>();
  const byFolder = new Map<string, number>();
  const add = (map: Map<string, number>, key: string): void =>
    void map.set(key, (map.get(key) ?? 0) + 1);
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page = index.search({}, { maxResults: 250, ...(cursor === "" ? {} : { cursor }) });
    for (const { path, systemId } of page.results) {
      add(bySystem, systemId);
      for (
        let at = path.lastIndexOf("/");
        at >= 0;
        at = at === 0 ? -1 : path.lastIndexOf("/", at - 1)
      ) {
        add(byFolder, path.slice(0, at) || "/");
      }
    }
    cursor = page.nextCursor;
  }
  const sorted = (map: ReadonlyMap<string, number>): unknown => [...map].toSorted();
  assert.deepEqual(sorted(index.countBySystem()), sorted(bySystem));
  for (const [path, count] of byFolder) assert.equal(index.countBelow(path), count, path);
  const listed = new Map<string, number>([["/", index.countBelow("/")]]);
  for (const path of listed.keys()) {
    for (const entry of index.browse(path, { maxResults: 250 }).entries) {
      if (entry.kind === "folder") listed.set(entry.path, entry.mediaCount);
    }
  }
  if (byFolder.size > 0) assert.deepEqual(sorted(listed), sorted(byFolder));
}
