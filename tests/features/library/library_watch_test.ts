import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import {
  FOLDER_LOOK_MS,
  FOLDERS_PER_LOOK,
  FULL_RESCAN_MS,
  LibraryWatch,
  MAX_FOLDERS_WITHIN,
  RESCAN_GAP_MS,
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
  /** Where the lists of games of each system lie, beside its folder. */
  readonly lists = new Map<string, string[]>();
  readonly requests: string[] = [];
  /** How many folders within systems were asked for. */
  readonly limits: number[] = [];
  looks: string[] = [];
  /** All that was asked for, in its order. */
  readonly order: string[] = [];
  within: string[] = ["/card/snes/sub"];
  readonly progress = { ...PROGRESS };
  listener: (progress: ScanProgress) => void = () => {};
  readonly watch = new LibraryWatch({
    lookAt: (folder) => {
      this.looks.push(folder);
      this.order.push(`look ${folder}`);
      return Promise.resolve(this.folders.get(folder));
    },
    systems: () =>
      ["snes", "gba"].map((id) => ({ ...system(id), listFolders: this.lists.get(id) ?? [] })),
    foldersIn: (folder, limit) => {
      this.limits.push(limit);
      this.order.push(`list ${folder}`);
      return [folder, ...this.within.filter((one) => one.startsWith(`${folder}/`))];
    },
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
}

async function withWatch(test: (world: WatchWorld) => Promise<void>): Promise<void> {
  const world = new WatchWorld();
  try {
    await world.watch.look();
    await test(world);
  } finally {
    await world.watch.close();
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

Deno.test("a list of games beside the folders has its system scanned, also when it comes", () =>
  withWatch(async (world) => {
    world.lists.set("gba", ["/home/es/gamelists/gba", "/etc/es/gamelists/gba"]);
    world.lists.set("snes", ["/home/es/gamelists/snes"]);
    world.folders.set("/etc/es/gamelists/gba", "1");
    await world.pass();
    assert.deepEqual(world.requests, []);
    world.folders.set("/etc/es/gamelists/gba", "2");
    await world.pass();
    assert.deepEqual(world.requests, ["gba"]);
    world.folders.set("/home/es/gamelists/snes", "1");
    await world.pass();
    assert.deepEqual(world.requests, ["gba", "snes"]);
    for (let n = 0; n < 10; n++) await world.pass();
    assert.deepEqual(world.requests, ["gba", "snes"]);
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

Deno.test("everything else has its turn between the systems whose folders are listed", () =>
  withWatch((world) => {
    assert.deepEqual(world.order, [
      "look /card/snes",
      "list /card/snes",
      "look /card/gba",
      "list /card/gba",
      "look /card/snes/sub",
    ]);
    return Promise.resolve();
  }));

Deno.test("folders that a scan finds while they are listed are not missed", () =>
  withWatch(async (world) => {
    world.listener(PROGRESS);
    world.within = ["/card/gba/new"];
    world.folders.set("/card/gba/new", "1");
    // The list of the look that runs is of before.
    world.listener(PROGRESS);
    await world.watch.look();
    await world.pass();
    world.folders.set("/card/gba/new", "2");
    await world.pass();
    assert.deepEqual(world.requests, ["gba"]);
  }));

Deno.test("what a scan has found is looked at when it ends", () =>
  withWatch(async (world) => {
    world.folders.set("/card/gba/new", "1");
    await world.scanEnds(["/card/gba/new"]);
    world.folders.set("/card/gba/new", "2");
    await world.pass();
    assert.deepEqual(world.requests, ["gba"]);
    assert.ok(world.limits.every((limit) => limit === MAX_FOLDERS_WITHIN));
  }));

Deno.test("what changes while a scan runs is looked for again", () =>
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
  }));

Deno.test("everything is scanned from time to time", () =>
  withWatch(async (world) => {
    await world.pass(FULL_RESCAN_MS - FOLDER_LOOK_MS);
    assert.deepEqual(world.requests, []);
    await world.pass();
    assert.deepEqual(world.requests, ["all"]);
    await world.pass();
    assert.deepEqual(world.requests, ["all"]);
  }));

Deno.test("a watch that is closed looks no more", () =>
  withWatch(async (world) => {
    await world.watch.close();
    assert.equal(world.clock.timerCount, 0);
    world.looks = [];
    world.listener(PROGRESS);
    await Promise.resolve();
    assert.deepEqual(world.looks, []);
    await world.watch.close();
  }));

Deno.test("a watch that is closed while it looks ends after that look, and not before", () =>
  withWatch(async (world) => {
    world.looks = [];
    const told: string[] = [];
    const looking = world.watch.look().then(() => told.push("looked"));
    const closed = world.watch.close().then(() => told.push("closed"));
    await Promise.all([looking, closed]);
    assert.deepEqual([told, world.looks, world.requests], [["looked", "closed"], [
      "/card/snes",
    ], []]);
  }));
