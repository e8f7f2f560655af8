// The library: scanning a card of 50,000 files in a process of its own, and searching it.

import type { ScanMeasurements } from "../support/library_scan.ts";
import { writeTree } from "../support/library_tree.ts";
import type { BenchRow } from "./table.ts";

const FILES = 50_000;
const SCAN = new URL("../support/library_scan.ts", import.meta.url).pathname;

/** The names of the rows. */
export const LIBRARY_ROWS: readonly string[] = [
  "first scan of a card",
  "scan of a card without a change",
  "longest hold of the event loop by a first scan",
  "RSS grown by a first scan",
  "p95 of a search",
];

/** Rows of the library. */
export async function libraryRows(): Promise<BenchRow[]> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
  try {
    await writeTree(`${folder}/card`, { files: FILES });
    await Deno.mkdir(`${folder}/data`, { mode: 0o700 });
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", SCAN, `${folder}/data`, `${folder}/card`],
    }).output();
    const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
    const measured: ScanMeasurements = JSON.parse(last);
    const { scanMs, rescanMs, longestHoldMs, grownMiB, searchMs } = measured;
    const [first = "", again = "", hold = "", grown = "", search = ""] = LIBRARY_ROWS;
    return [
      { name: first, value: scanMs, unit: "ms" },
      { name: again, value: rescanMs, unit: "ms", ratio: `${(rescanMs / scanMs).toFixed(2)} ×` },
      { name: hold, value: longestHoldMs, unit: "ms", goal: { atMost: 20 } },
      { name: grown, value: grownMiB, unit: "MiB", goal: { atMost: 20 } },
      { name: search, value: searchMs, unit: "ms", goal: { atMost: 30 } },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
