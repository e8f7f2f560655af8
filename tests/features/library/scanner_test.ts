// Scans over sources of lists, into an index in memory.

import assert from "node:assert/strict";
import type { Logger } from "../../../src/base/log.ts";
import { type LibrarySource, SourceAway } from "../../../src/features/library/library_source.ts";
import type { FoundMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import type {
  MediaIndexWriter,
  StepResult,
  SystemPass,
} from "../../../src/features/library/media_index.ts";
import type { ScanProgress } from "../../../src/features/library/scan_progress.ts";
import {
  LibraryScanner,
  type LibraryScannerOptions,
  PROGRESS_MS,
  SCAN_LINE_RATE,
  STEP_MEDIA,
} from "../../../src/features/library/scanner.ts";
import {
  foundMedia,
  type IndexWorld,
  openIndex,
  pagesOf,
} from "../../edges/sqlite/library_world.ts";
import { recordingLogger } from "../../edges/sqlite/temp_folder.ts";
import { settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** What a system of a source of lists holds; an error is thrown behind the media before it. */
type Shelf = (FoundMedia | Error)[];

interface World extends IndexWorld {
  readonly clock: FakeClock;
  readonly shelves: Map<string, Shelf>;
  readonly source: LibrarySource;
  readonly log: Logger;
  readonly lines: ReturnType<typeof recordingLogger>["lines"];
  /** The messages of level debug. */
  readonly quiet: string[];
  /** Called before each media of a system is given. */
  onMedia: (systemId: string, path: string) => void;
  /** How often a source was left. */
  left: number;
  scanner(more?: Partial<LibraryScannerOptions>): LibraryScanner;
}

function system(id: string, sourceKey = "list"): LibrarySystem {
  const folder = `/roms/${id}`;
  const launch = { kind: "refused", reason: "A list" } as const;
  return { id, name: `The ${id}`, category: undefined, sourceKey, sourceName: id, folder, launch };
}

async function withScans(test: (world: World) => Promise<void>): Promise<void> {
  let scanner: LibraryScanner | undefined;
  const base = openIndex();
  const clock = new FakeClock();
  const shelves = new Map<string, Shelf>();
  const { log: loud, lines } = recordingLogger();
  const quiet: string[] = [];
  const log: Logger = { ...loud, debug: (message) => void quiet.push(message) };
  const world: World = {
    ...base,
    clock,
    shelves,
    log,
    lines,
    quiet,
    onMedia: () => {},
    left: 0,
    source: {
      key: "list",
      systems: () => Promise.resolve([...shelves.keys()].map((id) => system(id))),
      async *media({ id }, { signal }): AsyncGenerator<FoundMedia> {
        try {
          for (const media of shelves.get(id) ?? []) {
            await Promise.resolve();
            signal.throwIfAborted();
            if (media instanceof Error) throw media;
            world.onMedia(id, media.path);
            yield media;
          }
        } finally {
          world.left++;
        }
      },
    },
    scanner(more = {}): LibraryScanner {
      scanner = new LibraryScanner({
        sources: () => [world.source],
        writer: base.index,
        onSystems: () => {},
        clock,
        log,
        giveWay: () => Promise.resolve(),
        ...more,
      });
      return scanner;
    },
  };
  try {
    await test(world);
  } finally {
    await scanner?.close();
    base.database.close();
  }
}

/** Waits until nothing is scanned. */
async function settled(scanner: LibraryScanner): Promise<void> {
  if (!scanner.progress.isIndexing) return;
  await new Promise<void>((resolve) => {
    const stop = scanner.subscribe(({ isIndexing }) => {
      if (isIndexing) return;
      stop();
      resolve();
    });
  });
}

async function scanAll(scanner: LibraryScanner, systemIds?: readonly string[]): Promise<void> {
  scanner.request(systemIds);
  await settled(scanner);
}

function shelf(id: string, count: number): FoundMedia[] {
  return Array.from({ length: count }, (_, n) => foundMedia(`/roms/${id}/${n}.rom`));
}

Deno.test("a scan fills the index and tells of its systems and its progress", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 3)).set("GBA", shelf("GBA", 2));
    const systems: string[] = [];
    const told: ScanProgress[] = [];
    const scanner = world.scanner({
      onSystems: (found) => systems.push(...found.map(({ id }) => id)),
    });
    assert.equal(scanner.progress.isIndexing, false);
    const stop = scanner.subscribe((progress) => told.push(progress));
    await scanAll(scanner);
    assert.deepEqual(systems, ["SNES", "GBA"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 2], ["SNES", 3]]));
    const step = (
      currentStep: number,
      currentStepDisplay: string,
      totalFiles: number,
    ): ScanProgress => ({
      isIndexing: true,
      totalSteps: 2,
      currentStep,
      currentStepDisplay,
      totalFiles,
    });
    assert.deepEqual(told, [
      { ...step(0, "", 0), totalSteps: 0 },
      step(1, "The SNES", 0),
      step(2, "The GBA", 3),
      { ...step(2, "The GBA", 5), isIndexing: false },
    ]);
    assert.deepEqual(scanner.progress, told.at(-1));
    stop();
    await scanAll(scanner);
    assert.equal(told.length, 4);
    assert.equal(world.lines.filter(([message]) => message === "Scanned the library").length, 2);
  }));

Deno.test("listeners hear of the media of a long system from time to time", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 5000));
    world.onMedia = () => world.clock.advance(PROGRESS_MS / 1000);
    const scanner = world.scanner();
    const counts: number[] = [];
    scanner.subscribe(({ isIndexing, totalFiles }) => {
      if (isIndexing) counts.push(totalFiles);
    });
    await scanAll(scanner);
    assert.ok(counts.length >= 5 && counts.length <= 8, counts.join());
  }));

Deno.test("steps are bounded, shrink where they are slow, and others have their turn between", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 3000));
    const steps: string[] = [];
    let mediaMs = 0;
    const writer: MediaIndexWriter = {
      keepSystems: (...given) => world.index.keepSystems(...given),
      scannedMs: (key) => world.index.scannedMs(key),
      foldersIn: () => [],
      beginSystem: (...given) => {
        const pass = world.index.beginSystem(...given);
        return {
          end: (outcome) => pass.end(outcome),
          put(media): number {
            steps.push(String(media.length));
            world.clock.advance(media.length * mediaMs);
            return pass.put(media);
          },
        };
      },
    };
    const giveWay = (): Promise<void> => Promise.resolve(void steps.push("way"));
    const scanner = world.scanner({ writer, giveWay });
    const sizes = (): number[] => steps.filter((step) => step !== "way").map(Number);
    await scanAll(scanner);
    assert.equal(sizes()[0], STEP_MEDIA.first);
    assert.equal(Math.max(...sizes()), STEP_MEDIA.max);
    assert.match(steps.join(" "), /^(\d+ way ?)+( way)*$/);
    steps.length = 0;
    mediaMs = 1;
    await scanAll(scanner);
    assert.equal(sizes().at(-2), STEP_MEDIA.min);
    assert.ok(sizes().slice(0, 8).some((size) => size === STEP_MEDIA.min), sizes().join());
  }));

Deno.test("a scan that was cancelled goes on with what it had not looked through", () =>
  withScans(async (world) => {
    for (const id of ["A", "B", "C"]) world.shelves.set(id, shelf(id, 100));
    const scanner = world.scanner();
    await scanAll(scanner);
    world.clock.stepWall(1000);
    for (const id of ["A", "B", "C"]) world.shelves.set(id, shelf(id, 99));
    const begun: string[] = [];
    world.onMedia = (id, path) => {
      if (!begun.includes(id)) begun.push(id);
      if (id === "B" && path.endsWith("/50.rom")) assert.equal(scanner.cancel(), true);
    };
    const before = world.left;
    await scanAll(scanner);
    assert.equal(world.left - before, 2);
    assert.equal(scanner.cancel(), false);
    assert.deepEqual(begun, ["A", "B"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["A", 99], ["B", 100], ["C", 100]]));
    begun.length = 0;
    world.onMedia = (id) => void (begun.includes(id) || begun.push(id));
    await scanAll(scanner);
    assert.deepEqual(begun, ["B", "C", "A"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["A", 99], ["B", 99], ["C", 99]]));
  }));

Deno.test("a source that ends as if nothing were wrong when cancelled loses nothing", () =>
  withScans(async (world) => {
    world.shelves.set("A", shelf("A", 10));
    const scanner = world.scanner();
    await scanAll(scanner);
    world.source.media = async function* (): AsyncGenerator<FoundMedia> {
      scanner.cancel();
      await Promise.resolve();
      yield* [];
    };
    await scanAll(scanner);
    assert.equal(world.index.total(), 10);
  }));

Deno.test("media of a folder that is away are missing and come back with their ids", () =>
  withScans(async (world) => {
    const media = shelf("SNES", 50);
    world.shelves.set("SNES", media).set("GBA", shelf("GBA", 2));
    const scanner = world.scanner();
    await scanAll(scanner);
    const id = world.index.findPath("/roms/SNES/7.rom")?.mediaId;
    world.shelves.set("SNES", [...media.slice(0, 20), new SourceAway("/roms/SNES")]);
    await scanAll(scanner);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 2]]));
    assert.equal(world.index.findPath("/roms/SNES/7.rom")?.isMissing, true);
    world.shelves.set("SNES", media);
    await scanAll(scanner);
    assert.equal(world.index.findPath("/roms/SNES/7.rom")?.mediaId, id);
    assert.equal(world.index.total(), 52);
  }));

Deno.test("a system that cannot be read to its end keeps what it had, and the others are scanned", () =>
  withScans(async (world) => {
    const media = shelf("SNES", 50);
    world.shelves.set("SNES", media).set("GBA", shelf("GBA", 2));
    const scanner = world.scanner();
    await scanAll(scanner);
    world.clock.stepWall(1000);
    world.shelves.set("SNES", [...media.slice(0, 20), new Error("Broken")]).set(
      "GBA",
      shelf("GBA", 3),
    );
    await scanAll(scanner);
    await scanAll(scanner);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 3], ["SNES", 50]]));
    const problems = world.lines.filter(([message]) => message === "A problem in the library");
    assert.deepEqual(problems, [[
      "A problem in the library",
      { path: "/roms/SNES", reason: "Broken" },
    ]]);
  }));

Deno.test("a source that cannot tell its systems loses none, and the others are scanned", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 5));
    const other: LibrarySource = {
      key: "other",
      systems: () => Promise.resolve([system("GBA", "other")]),
      async *media(): AsyncGenerator<FoundMedia> {
        yield await Promise.resolve(foundMedia("/roms/GBA/1.gba"));
      },
    };
    const silent: string[] = [];
    const writer: MediaIndexWriter = {
      keepSystems(keys, silentSources): StepResult {
        silent.push(silentSources.join());
        return world.index.keepSystems(keys, silentSources);
      },
      scannedMs: (key) => world.index.scannedMs(key),
      foldersIn: () => [],
      beginSystem: (...given) => world.index.beginSystem(...given),
    };
    const scanner = world.scanner({ sources: () => [world.source, other], writer });
    await scanAll(scanner);
    const { systems } = world.source;
    world.source.systems = () => Promise.reject(new Error("Unreadable"));
    await scanAll(scanner);
    assert.deepEqual(silent, ["", "list"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 1]]));
    world.source.systems = systems;
    await scanAll(scanner);
    assert.equal(world.index.total(), 6);
  }));

Deno.test("the systems of a source are there as soon as it has told them, and stay meanwhile", () =>
  withScans(async (world) => {
    let hold: PromiseWithResolvers<LibrarySystem[]> = Promise.withResolvers();
    const slow: LibrarySource = {
      key: "slow",
      systems: () => hold.promise,
      async *media(): AsyncGenerator<FoundMedia> {},
    };
    let sources = [slow, world.source];
    let shown: string[] = [];
    const scanner = world.scanner({
      sources: () => sources,
      onSystems: (systems) => shown = systems.map(({ id }) => id),
    });
    world.shelves.set("SNES", []).set("GBA", []);
    scanner.request();
    await settle();
    assert.deepEqual(shown, ["SNES", "GBA"]);
    hold.resolve([system("Ports", "slow"), system("Ports", "slow")]);
    await settled(scanner);
    assert.deepEqual(shown, ["Ports", "SNES", "GBA"]);
    // The next time it hangs, what it told before is still there, and the others are known anew.
    hold = Promise.withResolvers();
    world.shelves.delete("GBA");
    scanner.request();
    await settle();
    assert.deepEqual(shown, ["Ports", "SNES"]);
    scanner.cancel();
    hold.resolve([]);
    await settled(scanner);
    assert.deepEqual(shown, ["Ports", "SNES"]);
    hold = Promise.withResolvers();
    hold.resolve([]);
    await scanAll(scanner);
    assert.deepEqual(shown, ["SNES"]);
    sources = [];
    await scanAll(scanner);
    assert.deepEqual(shown, []);
  }));

function otherSource(id: string): LibrarySource {
  return {
    key: "other",
    systems: () => Promise.resolve([system(id, "other")]),
    async *media(): AsyncGenerator<FoundMedia> {
      yield await Promise.resolve(foundMedia(`/roms/${id}/1.rom`));
    },
  };
}

Deno.test("a restart drops the systems of sources that are no longer in force at once", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 100));
    let sources = [world.source, otherSource("GBA")];
    let shown: string[] = [];
    const scanner = world.scanner({
      sources: () => sources,
      onSystems: (systems) => shown = systems.map(({ id }) => id),
    });
    await scanAll(scanner);
    let atOnce: string[] | undefined;
    world.onMedia = (_, path) => {
      if (!path.endsWith("/50.rom") || sources.length === 1) return;
      // The same key, as where another command plays the same files.
      sources = [otherSource("GBA")];
      scanner.restart();
      atOnce = shown;
      scanner.cancel();
    };
    await scanAll(scanner);
    assert.deepEqual([atOnce, shown], [[], ["GBA"]]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 1]]));
  }));

Deno.test("a cancelled restart knows its systems, and drops what belongs to others", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 250));
    let sources = [world.source];
    let shown: string[] = [];
    const scanner = world.scanner({
      sources: () => sources,
      onSystems: (systems) => shown = systems.map(({ id }) => id),
    });
    await scanAll(scanner);
    sources = [otherSource("GBA")];
    scanner.restart();
    assert.equal(scanner.cancel(), true);
    await settled(scanner);
    assert.deepEqual([shown, world.index.total()], [["GBA"], 0]);
    assert.equal(world.quiet.at(-1), "The scan of the library was cancelled");
    // The next one is cancelled as any is.
    sources = [world.source];
    scanner.request();
    scanner.cancel();
    await settled(scanner);
    assert.deepEqual(shown, ["GBA"]);
  }));

Deno.test("a scanner that closes does not go on with a restart", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 100));
    const scanner = world.scanner();
    let begun = 0;
    world.onMedia = () => {
      begun++;
      if (begun === 50) scanner.restart();
      if (begun === 50) void scanner.close();
    };
    scanner.request();
    await settled(scanner);
    assert.equal(begun, 50);
    const idle = world.scanner();
    idle.restart();
    await idle.close();
    assert.equal(begun, 50);
  }));

Deno.test("media of systems and sources that are no longer there are missing", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 5)).set("GBA", shelf("GBA", 250));
    const scanner = world.scanner();
    await scanAll(scanner);
    world.shelves.delete("GBA");
    await scanAll(scanner);
    assert.deepEqual(world.index.countBySystem(), new Map([["SNES", 5]]));
  }));

Deno.test("a scan of some systems leaves the others alone", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 5)).set("GBA", shelf("GBA", 3));
    const scanner = world.scanner();
    await scanAll(scanner);
    world.shelves.set("SNES", []).set("GBA", shelf("GBA", 2));
    await scanAll(scanner, ["GBA", "Unknown"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 2], ["SNES", 5]]));
    assert.equal(scanner.progress.totalSteps, 1);
    world.shelves.set("GBA", []);
    await scanAll(scanner, ["SNES"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 2]]));
  }));

Deno.test("a scan of some systems looks through those that it finds new or come back, too", () =>
  withScans(async (world) => {
    world.shelves.set("PSX", shelf("PSX", 3));
    const station = otherSource("SNES");
    let isSilent = true;
    const sources = [world.source, {
      ...station,
      systems: (...given: Parameters<LibrarySource["systems"]>) =>
        isSilent ? Promise.resolve([]) : station.systems(...given),
    }];
    const scanner = world.scanner({ sources: () => sources });
    const both = new Map([["PSX", 3], ["SNES", 1]]);
    await scanAll(scanner);
    assert.deepEqual(world.index.countBySystem(), new Map([["PSX", 3]]));
    for (const silence of [true, false, true, false]) {
      isSilent = silence;
      await scanAll(scanner, ["PSX"]);
      assert.deepEqual(
        world.index.countBySystem(),
        isSilent ? new Map([["PSX", 3]]) : both,
      );
    }
    await scanAll(scanner, ["PSX"]);
    assert.equal(scanner.progress.totalSteps, 1);
    world.shelves.set("GBA", shelf("GBA", 2));
    await scanAll(scanner, ["PSX"]);
    assert.deepEqual(world.index.countBySystem(), new Map([["GBA", 2], ...both]));
  }));

// While B of A, B, C is scanned: what is asked for, and what is begun from then on.
const REQUESTS: [what: string, ask: (scanner: LibraryScanner) => void, begun: string][] = [
  ["everything joins it", (scanner) => scanner.request(), "C"],
  ["a system that it has not begun joins it", (scanner) => scanner.request(["C"]), "C"],
  ["systems that it has begun follow it", (scanner) => scanner.request(["A", "B", "C"]), "C A B"],
  ["requests are put together", (scanner) => {
    scanner.request(["A"]);
    scanner.request(["B", "A"]);
  }, "C A B"],
  ["a restart ends it and begins with what it did not end", (scanner) => {
    scanner.request(["A"]);
    scanner.restart();
    scanner.request(["B"]);
  }, "B C A"],
  ["a cancel forgets what was to follow", (scanner) => {
    scanner.request(["A"]);
    scanner.cancel();
  }, ""],
  ["a cancel keeps a restart", (scanner) => {
    scanner.restart();
    scanner.cancel();
  }, "B C A"],
  ["what is asked for after a cancel is scanned", (scanner) => {
    scanner.cancel();
    scanner.request(["C"]);
  }, "C"],
];
for (const [what, ask, expected] of REQUESTS) {
  Deno.test(`while a scan runs, ${what}`, () =>
    withScans(async (world) => {
      for (const id of ["A", "B", "C"]) world.shelves.set(id, shelf(id, 1));
      const scanner = world.scanner();
      let asked = false;
      const begun: string[] = [];
      world.onMedia = (id) => {
        if (asked) begun.push(id);
        if (id !== "B" || asked) return;
        asked = true;
        ask(scanner);
      };
      world.clock.stepWall(1000);
      await scanAll(scanner);
      assert.equal(begun.join(" "), expected);
    }));
}

Deno.test("a request before the sources have told their systems joins a scan of all", () =>
  withScans(async (world) => {
    world.shelves.set("A", shelf("A", 1)).set("B", shelf("B", 1));
    const scanner = world.scanner();
    const begun: string[] = [];
    world.onMedia = (id) => void begun.push(id);
    scanner.request();
    scanner.request(["A"]);
    await settled(scanner);
    assert.equal(begun.join(" "), "A B");
    begun.length = 0;
    scanner.request(["A"]);
    scanner.request(["B"]);
    await settled(scanner);
    assert.equal(begun.join(" "), "A B");
  }));

Deno.test("a scan whose index fails ends with a line in the log, and the next one runs", () =>
  withScans(async (world) => {
    world.shelves.set("A", shelf("A", 1));
    let fails = true;
    const writer: MediaIndexWriter = {
      keepSystems: (...given) => world.index.keepSystems(...given),
      scannedMs: (key) => world.index.scannedMs(key),
      foldersIn: () => [],
      beginSystem(...given): SystemPass {
        if (fails) throw new Error("Disk full");
        return world.index.beginSystem(...given);
      },
    };
    const scanner = world.scanner({ writer });
    await scanAll(scanner);
    assert.equal(world.lines.at(-1)?.[0], "The scan of the library failed");
    fails = false;
    await scanAll(scanner);
    assert.equal(world.index.total(), 1);
  }));

Deno.test("a source is left in order where the index fails half-way", () =>
  withScans(async (world) => {
    world.shelves.set("A", shelf("A", 100));
    const scanner = world.scanner({
      writer: {
        keepSystems: () => ({ isDone: true }),
        scannedMs: () => 0,
        foldersIn: () => [],
        beginSystem: () => ({
          end: () => ({ isDone: true }),
          put(): number {
            throw new Error("Disk full");
          },
        }),
      },
    });
    await scanAll(scanner);
    assert.equal(world.left, 1);
  }));

Deno.test("of two systems with one key the first is scanned, and of two that have a file the first has it", () =>
  withScans(async (world) => {
    world.shelves.set("A", [foundMedia("/roms/shared.rom")]);
    const second: LibrarySource = {
      key: "second",
      systems: () => Promise.resolve([system("B", "second"), system("B", "second")]),
      async *media(): AsyncGenerator<FoundMedia> {
        yield* await Promise.resolve([foundMedia("/roms/shared.rom"), foundMedia("/roms/b.rom")]);
      },
    };
    const scanner = world.scanner({ sources: () => [world.source, second] });
    await scanAll(scanner);
    assert.equal(scanner.progress.totalSteps, 2);
    assert.deepEqual(pagesOf(world.index, { systemIds: ["B"] }), [["/roms/b.rom"]]);
    assert.deepEqual(pagesOf(world.index, { systemIds: ["A"] }), [["/roms/shared.rom"]]);
  }));

Deno.test("a closed scanner ends its scan and takes no other", () =>
  withScans(async (world) => {
    world.shelves.set("A", shelf("A", 1000));
    const scanner = world.scanner();
    scanner.request();
    await scanner.close();
    assert.equal(scanner.progress.isIndexing, false);
    scanner.request();
    scanner.restart();
    assert.equal(scanner.progress.isIndexing, false);
    await scanner.close();
  }));

Deno.test("a closed scanner has ended when each of its sources has", () =>
  withScans(async (world) => {
    const slow = Promise.withResolvers<LibrarySystem[]>();
    let ended = false;
    const quick: LibrarySource = {
      ...world.source,
      systems: ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason), { once: true })
        ),
    };
    const sources = [quick, { ...world.source, key: "slow", systems: () => slow.promise }];
    const scanner = world.scanner({ sources: () => sources });
    scanner.request();
    await settle();
    const closed = scanner.close().then(() => ended = true);
    await settle();
    assert.equal(ended, false);
    slow.resolve([system("slow", "slow")]);
    await closed;
    assert.deepEqual(world.quiet, ["The scan of the library was cancelled"]);
    assert.deepEqual(world.lines, []);
  }));

Deno.test("the log has each problem once, and not without bound", () =>
  withScans(async (world) => {
    world.source.systems = ({ onProblem }) => {
      for (let n = 0; n < 600; n++) onProblem({ path: `/roms/${n % 300}`, message: "Unreadable" });
      return Promise.resolve([]);
    };
    const scanner = world.scanner();
    await scanAll(scanner);
    await scanAll(scanner);
    const problems = world.lines.filter(([message]) => message === "A problem in the library");
    assert.equal(problems.length, 300);
  }));

Deno.test("whoever asks for scans does not fill the log, whether they end, fail or are cancelled", () =>
  withScans(async (world) => {
    world.shelves.set("SNES", shelf("SNES", 1));
    let isBroken = false;
    const scanner = world.scanner({
      writer: {
        keepSystems: (...given) => {
          if (isBroken) throw new Error("Broken");
          return world.index.keepSystems(...given);
        },
        scannedMs: (key) => world.index.scannedMs(key),
        foldersIn: () => [],
        beginSystem: (...given) => world.index.beginSystem(...given),
      },
    });
    const { burst, perSecond } = SCAN_LINE_RATE;
    assert.deepEqual([burst, 1 / perSecond], [10, 60]);
    for (const message of ["Scanned the library", "The scan of the library failed"]) {
      for (let n = 0; n < burst + 3; n++) await scanAll(scanner);
      assert.deepEqual(world.lines.splice(0).map(([line]) => line), Array(burst).fill(message));
      assert.deepEqual(world.quiet.splice(0), Array(3).fill(message));
      world.clock.advance(1000 / perSecond);
      await scanAll(scanner);
      assert.deepEqual(world.lines.splice(0).map(([, fields]) => fields?.["unwritten"]), [3]);
      isBroken = true;
    }
    isBroken = false;
    for (let n = 0; n < 5; n++) {
      scanner.request();
      scanner.cancel();
      await settled(scanner);
    }
    assert.deepEqual([world.lines, world.quiet.length], [[], 5]);
  }));
