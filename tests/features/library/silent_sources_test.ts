import assert from "node:assert/strict";
import type { LibrarySource } from "../../../src/features/library/library_source.ts";
import type { LibrarySystem } from "../../../src/features/library/media.ts";
import {
  SILENT_RETRY_MS,
  SilentSources,
  type SilentSourcesOptions,
} from "../../../src/features/library/silent_sources.ts";
import { settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function system(id: string, sourceKey: string): LibrarySystem {
  const launch = { kind: "emulationstation_http" } as const;
  const folder = `/roms/${id}`;
  return { id, name: id, category: undefined, sourceKey, sourceName: id, folder, launch };
}

interface FakeSource extends LibrarySource {
  /** What it tells; undefined where it cannot. */
  told: LibrarySystem[] | undefined;
  asked: number;
  /** Holds its answer back. */
  hold: Promise<void> | undefined;
}

function fakeSource(key: string): FakeSource {
  const source: FakeSource = {
    key,
    told: [],
    asked: 0,
    hold: undefined,
    async systems({ onProblem }): Promise<LibrarySystem[]> {
      source.asked += 1;
      onProblem({ path: key, message: "A problem that was told before" });
      await source.hold;
      if (source.told === undefined) throw new Error("Unreadable");
      return source.told;
    },
    async *media(): AsyncGenerator<never> {},
  };
  return source;
}

interface World {
  readonly clock: FakeClock;
  readonly silent: SilentSources;
  readonly requests: (readonly string[] | undefined)[];
  systems: LibrarySystem[];
}

function world(sources: ReturnType<SilentSourcesOptions["sources"]>): World {
  const clock = new FakeClock();
  const requests: World["requests"] = [];
  const made: World = {
    clock,
    requests,
    systems: [],
    silent: new SilentSources({
      sources: () => sources,
      systems: () => made.systems,
      scans: { request: (systemIds) => void requests.push(systemIds) },
      clock,
    }),
  };
  return made;
}

async function pass({ clock }: World, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

Deno.test("a silent source is asked every 30 s, and scanned when it tells systems", async () => {
  const [station, other] = [fakeSource("station"), fakeSource("other")];
  const it = world([station, other]);
  it.systems = [system("GBA", "other")];
  await pass(it, SILENT_RETRY_MS - 1);
  assert.deepEqual([SILENT_RETRY_MS, station.asked], [30_000, 0]);
  await pass(it, 1);
  station.told = undefined;
  await pass(it, SILENT_RETRY_MS);
  assert.deepEqual([station.asked, other.asked, it.requests], [2, 0, []]);
  station.told = [system("SNES", "station"), system("NES", "station")];
  await pass(it, SILENT_RETRY_MS);
  assert.deepEqual(it.requests, [["SNES", "NES"]]);
  it.systems = [...it.systems, ...station.told];
  await pass(it, SILENT_RETRY_MS);
  assert.deepEqual([station.asked, it.requests.length], [3, 1]);
});

Deno.test("a silent source that hangs is asked once at a time, and is let go at the end", async () => {
  const station = fakeSource("station");
  const it = world([station, fakeSource("other")]);
  const held = Promise.withResolvers<void>();
  station.hold = held.promise;
  await pass(it, SILENT_RETRY_MS);
  await pass(it, SILENT_RETRY_MS);
  void it.silent.ask();
  assert.equal(station.asked, 1);
  let isClosed = false;
  const closed = it.silent.close().then(() => isClosed = true);
  await settle();
  assert.equal(isClosed, false);
  station.told = [system("SNES", "station")];
  held.resolve();
  await closed;
  assert.deepEqual([it.requests, it.clock.timerCount], [[], 0]);
  await it.silent.ask();
  assert.equal(station.asked, 1);
  await it.silent.close();
});

Deno.test("a silent source is asked at once where somebody knows better", async () => {
  const station = fakeSource("station");
  const it = world([station]);
  station.told = [system("SNES", "station")];
  await it.silent.ask();
  assert.deepEqual(it.requests, [["SNES"]]);
  await it.silent.close();
});
