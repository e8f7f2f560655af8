import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import {
  BLIND_RESCAN_MS,
  FOLDER_LOOK_MS,
  type FolderChange,
  FOLDERS_PER_LOOK,
  LibraryWatch,
  RESCAN_GAP_MS,
  WATCHED_FOLDERS,
} from "../../../src/features/library/library_watch.ts";
import type { LibrarySystem } from "../../../src/features/library/media.ts";
import type { ScanProgress } from "../../../src/features/library/scan_progress.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const PROGRESS: ScanProgress = {
  isIndexing: false,
  totalSteps: 0,
  currentStep: 0,
  currentStepDisplay: "",
  totalFiles: 0,
};

function system(id: string): LibrarySystem {
  const launch = { kind: "refused", reason: "A test" } as const;
  const folder = `/card/${id}`;
  return { id, name: id, category: undefined, sourceKey: "t", sourceName: id, folder, launch };
}

/** A watch over folders that a test changes. */
class WatchWorld {
  readonly clock = new FakeClock();
  /** What each folder looks like; its identity changes with what is in it. */
  readonly folders = new Map<string, string>([["/card/snes", "1"], ["/card/gba", "1"]]);
  readonly requests: string[] = [];
  readonly watching = new Map<string, (change: FolderChange) => void>();
  readonly openedAtOnce: number[] = [];
  looks: string[] = [];
  within: string[] = ["/card/snes/sub"];
  readonly progress = { ...PROGRESS };
  canWatch = true;
  listener: (progress: ScanProgress) => void = () => {};
  readonly watch = new LibraryWatch({
    watcher: {
      look: (folder) => {
        this.looks.push(folder);
        return Promise.resolve(this.folders.get(folder));
      },
      watch: (folders, onChange) => {
        if (!this.canWatch) throw new Error("No space left on device");
        this.openedAtOnce.push(folders.length);
        for (const folder of folders) this.watching.set(folder, onChange);
        return () => {
          for (const folder of folders) this.watching.delete(folder);
        };
      },
    },
    systems: () => ["snes", "gba"].map(system),
    foldersIn: (folder) => this.within.filter((one) => one.startsWith(`${folder}/`)),
    scans: {
      progress: this.progress,
      request: (ids) => void this.requests.push(ids?.join(" ") ?? "all"),
      subscribe: (listener) => {
        this.listener = listener;
        return () => this.listener = () => {};
      },
    },
    clock: this.clock,
    log: silentLogger,
  });

  constructor() {
    this.folders.set("/card/snes/sub", "1");
  }

  /** Time goes on by one look. */
  async pass(ms: number = FOLDER_LOOK_MS): Promise<void> {
    this.clock.advance(ms);
    await this.watch.look();
  }

  /** A scan ends that found these folders within systems. */
  async scanEnds(within: string[]): Promise<void> {
    this.within = within;
    this.listener(PROGRESS);
    await this.watch.look();
  }

  change(path: string, isEntry = true): void {
    const folder = path.slice(0, path.lastIndexOf("/"));
    this.watching.get(folder)?.({ path, isEntry });
  }
}

async function withWatch(test: (world: WatchWorld) => Promise<void>): Promise<void> {
  const world = new WatchWorld();
  try {
    await world.watch.look();
    await test(world);
  } finally {
    world.watch.close();
  }
}

Deno.test("folders that stay as they are have nothing scanned", () =>
  withWatch(async (world) => {
    for (let n = 0; n < 20; n++) await world.pass();
    assert.deepEqual(world.requests, []);
  }));

Deno.test("a folder with other entries has its system scanned, not before the last scan is a while ago", () =>
  withWatch(async (world) => {
    world.folders.set("/card/gba", "2");
    await world.pass();
    assert.deepEqual(world.requests, ["gba"]);
    world.folders.set("/card/gba", "3");
    await world.pass();
    assert.deepEqual(world.requests, ["gba"]);
    await world.pass(RESCAN_GAP_MS);
    assert.deepEqual(world.requests, ["gba", "gba"]);
    await world.pass(RESCAN_GAP_MS);
    assert.deepEqual(world.requests, ["gba", "gba"]);
  }));

Deno.test("a card that goes and comes has its systems scanned at once", () =>
  withWatch(async (world) => {
    world.folders.delete("/card/gba");
    await world.pass();
    world.folders.set("/card/gba", "1");
    await world.pass();
    assert.deepEqual(world.requests, ["gba", "gba"]);
  }));

Deno.test("a folder within a system has the system scanned", () =>
  withWatch(async (world) => {
    world.folders.set("/card/snes/sub", "2");
    await world.pass();
    assert.deepEqual(world.requests, ["snes"]);
  }));

Deno.test("many folders are looked at in turn, those of systems always", () =>
  withWatch(async (world) => {
    const many = Array.from({ length: FOLDERS_PER_LOOK * 2 + 10 }, (_, n) => `/card/snes/${n}`);
    for (const folder of many) world.folders.set(folder, "1");
    await world.scanEnds(many);
    const seen = new Set<string>();
    for (let n = 0; n < 3; n++) {
      world.looks = [];
      await world.pass();
      const looks = new Set(world.looks);
      assert.ok(looks.has("/card/snes") && looks.has("/card/gba"));
      assert.ok(looks.size <= FOLDERS_PER_LOOK + 2);
      for (const folder of looks) seen.add(folder);
    }
    assert.equal(seen.size, world.within.length + 2);
  }));

const CHANGES: [what: string, path: string, isEntry: boolean, request: string | undefined][] = [
  ["a new file", "/card/snes/new.sfc", true, "snes"],
  ["a file in a folder within", "/card/snes/sub/new.sfc", true, "snes"],
  ["a list of games that is written", "/card/gba/gamelist.xml", false, "gba"],
  ["a saved game that is written", "/card/gba/game.srm", false, undefined],
];
for (const [what, path, isEntry, request] of CHANGES) {
  Deno.test(`the platform tells of ${what}`, () =>
    withWatch(async (world) => {
      world.change(path, isEntry);
      await world.pass();
      assert.deepEqual(world.requests, request === undefined ? [] : [request]);
    }));
}

Deno.test("what a scan has found is watched when it ends", () =>
  withWatch(async (world) => {
    assert.deepEqual([...world.watching.keys()], ["/card/snes", "/card/gba", "/card/snes/sub"]);
    world.folders.set("/card/gba/new", "1");
    await world.scanEnds(["/card/gba/new"]);
    assert.deepEqual([...world.watching.keys()], ["/card/snes", "/card/gba", "/card/gba/new"]);
    assert.deepEqual(world.openedAtOnce, [3, 3]);
    await world.pass();
    assert.deepEqual(world.openedAtOnce, [3, 3]);
  }));

Deno.test("what changes while a scan runs is looked for again, and nothing is watched anew", () =>
  withWatch(async (world) => {
    world.progress.isIndexing = true;
    world.folders.set("/card/gba", "2");
    world.looks = [];
    world.listener({ ...world.progress, currentStep: 0 });
    assert.deepEqual(world.looks, []);
    world.listener({ ...world.progress, currentStep: 1 });
    await world.watch.look();
    assert.deepEqual(world.requests, ["gba"]);
    world.looks = [];
    world.listener({ ...world.progress, currentStep: 1 });
    world.listener({ ...world.progress, currentStep: 2 });
    assert.deepEqual(world.looks, []);
    assert.deepEqual(world.openedAtOnce, [3]);
  }));

Deno.test("a folder that is not there is watched when it comes", () =>
  withWatch(async (world) => {
    world.folders.delete("/card/gba");
    await world.pass();
    assert.ok(!world.watching.has("/card/gba"));
    world.folders.set("/card/gba", "1");
    await world.pass();
    assert.ok(world.watching.has("/card/gba"));
  }));

Deno.test("no more folders are watched than the platform bears, and few at once", () =>
  withWatch(async (world) => {
    world.openedAtOnce.length = 0;
    await world.scanEnds(Array.from({ length: 3000 }, (_, n) => `/card/snes/${n + 1000}`));
    assert.equal(world.watching.size, WATCHED_FOLDERS.most);
    assert.ok(world.openedAtOnce.every((count) => count <= WATCHED_FOLDERS.atOnce));
  }));

Deno.test("where the platform cannot watch, everything is scanned from time to time", () =>
  withWatch(async (world) => {
    await world.pass(BLIND_RESCAN_MS);
    assert.deepEqual(world.requests, []);
    world.canWatch = false;
    await world.scanEnds([]);
    await world.pass(BLIND_RESCAN_MS - FOLDER_LOOK_MS);
    assert.deepEqual(world.requests, []);
    await world.pass();
    assert.deepEqual(world.requests, ["all"]);
    await world.pass();
    assert.deepEqual(world.requests, ["all"]);
  }));

Deno.test("a watch that is closed looks and watches no more", () =>
  withWatch(async (world) => {
    world.watch.close();
    assert.equal(world.watching.size, 0);
    assert.equal(world.clock.timerCount, 0);
    world.looks = [];
    world.listener(PROGRESS);
    await Promise.resolve();
    assert.deepEqual(world.looks, []);
    world.watch.close();
  }));
