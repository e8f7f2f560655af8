// A process that scans a tree as the service does, in the data folder of its first argument; the
// second is the tree's folder. Writes "step N MEDIA" while it scans, and what it measured as JSON at
// the end. It can be killed at any moment.

import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createLibraryFiles } from "../../src/edges/platform/library_files.ts";
import { openLibraryIndex } from "../../src/edges/sqlite/media_index_store.ts";
import { LibraryScanner } from "../../src/features/library/scanner.ts";
import { treeSources } from "./library_tree.ts";

/** What a scan measured. */
export interface ScanMeasurements {
  readonly media: number;
  readonly scanMs: number;
  /** How long the same scan took once more, with nothing changed. */
  readonly rescanMs: number;
  /** The longest time between two turns of the event loop while it scanned, in milliseconds. */
  readonly longestHoldMs: number;
  /** The most processor time of the thread between two turns, in milliseconds. */
  readonly longestWorkMs: number;
  /** The 95th percentile of searches as a phone makes them, in milliseconds. */
  readonly searchMs: number;
}

const SPACE = 0x20;
const ZERO = 0x30;

const SEARCHES = [
  { text: "s" },
  { text: "mar" },
  { text: "sonic quest" },
  { text: "racer 77" },
  { text: "ポケ" },
  { text: "nothing of the kind" },
  { text: "dragon", systemIds: ["SNES"] },
  { systemIds: ["PSX"] },
  { letter: "T" },
];

if (import.meta.main) {
  const [dataDir = "", root = ""] = Deno.args;
  const encoder = new TextEncoder();
  const report = (line: string): void => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));
  const { index, writer, close } = openLibraryIndex({ dataDir, log: silentLogger });
  const sources = treeSources(root, createLibraryFiles(undefined));
  const scanner = new LibraryScanner({
    sources: () => sources,
    writer,
    onSystems: () => {},
    clock: systemClock,
    log: silentLogger,
  });
  scanner.subscribe(({ currentStep, totalFiles }) => report(`step ${currentStep} ${totalFiles}`));
  const probe = startProbe();
  const scanMs = await timeScan(scanner);
  const { longestHoldMs, longestWorkMs } = probe.stop();
  const rescanMs = await timeScan(scanner);
  const times = Array.from({ length: 20 }, () =>
    SEARCHES.map((query) => {
      const startMs = performance.now();
      index.search(query, {});
      return performance.now() - startMs;
    })).flat().toSorted((a, b) => a - b);
  const measured: ScanMeasurements = {
    media: index.total(),
    scanMs,
    rescanMs,
    longestHoldMs,
    longestWorkMs,
    searchMs: times[Math.floor(times.length * 0.95)] ?? NaN,
  };
  report(JSON.stringify(measured));
  await scanner.close();
  close();
}

function timeScan(scanner: LibraryScanner): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const stop = scanner.subscribe(({ isIndexing }) => {
      if (isIndexing) return;
      stop();
      resolve(performance.now() - startMs);
    });
    scanner.request();
  });
}

// What a hold has of waiting for a processor or a disk belongs to the machine, and not to the scan.
function startProbe(): { stop: () => Holds } {
  const worked = openThreadClock();
  const holds = { longestHoldMs: 0, longestWorkMs: 0 };
  let turnMs = performance.now();
  let workedMs = worked.readMs();
  const turns = setInterval(() => {
    const nowMs = performance.now();
    const nowWorkedMs = worked.readMs();
    holds.longestHoldMs = Math.max(holds.longestHoldMs, nowMs - turnMs);
    holds.longestWorkMs = Math.max(holds.longestWorkMs, nowWorkedMs - workedMs);
    turnMs = nowMs;
    workedMs = nowWorkedMs;
  }, 1);
  return {
    stop: () => {
      clearInterval(turns);
      worked.close();
      return holds;
    },
  };
}

type Holds = Pick<ScanMeasurements, "longestHoldMs" | "longestWorkMs">;

// The first number of schedstat is how long the thread has been on a processor, in nanoseconds.
function openThreadClock(): { readMs: () => number; close: () => void } {
  const file = Deno.openSync("/proc/thread-self/schedstat");
  const bytes = new Uint8Array(64);
  return {
    readMs: () => {
      file.seekSync(0, Deno.SeekMode.Start);
      file.readSync(bytes);
      let ns = 0;
      for (let at = 0; bytes[at] !== SPACE; at++) ns = ns * 10 + (bytes[at] ?? 0) - ZERO;
      return ns / 1e6;
    },
    close: () => file.close(),
  };
}
