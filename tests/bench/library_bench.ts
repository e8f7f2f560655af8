// The library: scanning a card of 50,000 files in a process of its own, and searching it. What a scan
// adds to the memory of a service is seen in a service.

import { V8_FLAGS } from "../../packaging/build/deno.ts";
import type { ScanMeasurements } from "../support/library_scan.ts";
import { TREE_SYSTEMS, writeTree } from "../support/library_tree.ts";
import { startService } from "../support/service_process.ts";
import type { BenchRow } from "./table.ts";

const FILES = 50_000;
const SAMPLE_MS = 20;
const SCANNED = "Scanned the library";
const SCAN = new URL("../support/library_scan.ts", import.meta.url).pathname;

/** The names of the rows. */
export const LIBRARY_ROWS: readonly string[] = [
  "first scan of a card",
  "scan of a card without a change",
  "longest hold of the event loop by a first scan",
  "most work between two turns of a first scan",
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
      args: ["run", "-A", ...V8_FLAGS, SCAN, `${folder}/data`, `${folder}/card`],
    }).output();
    const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
    const measured: ScanMeasurements = JSON.parse(last);
    const { scanMs, rescanMs, longestHoldMs, longestWorkMs, searchMs } = measured;
    const grownMiB = await grownInServiceMiB(folder);
    const [first = "", again = "", hold = "", work = "", grown = "", search = ""] = LIBRARY_ROWS;
    return [
      { name: first, value: scanMs, unit: "ms" },
      { name: again, value: rescanMs, unit: "ms", ratio: `${(rescanMs / scanMs).toFixed(2)} ×` },
      { name: hold, value: longestHoldMs, unit: "ms", goal: { atMost: 20 } },
      { name: work, value: longestWorkMs, unit: "ms", goal: { atMost: 20 } },
      { name: grown, value: grownMiB, unit: "MiB", goal: { atMost: 20 } },
      { name: search, value: searchMs, unit: "ms", goal: { atMost: 30 } },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// From before the scan to the most while it runs, which begins some seconds after the start.
async function grownInServiceMiB(folder: string): Promise<number> {
  const tables = TREE_SYSTEMS.map(([system, name, extension]) =>
    [
      "[[library]]",
      'source = "folder"',
      `folder = ${JSON.stringify(`${folder}/card/${name}`)}`,
      `system = ${JSON.stringify(system)}`,
      `extensions = [".${extension}"]`,
      'command = ["/bin/true", "${path}"]',
    ].join("\n")
  ).join("\n");
  const dataDir = `${folder}/service`;
  const service = await startService({ dataDir, tables });
  try {
    const before = await service.residentMiB();
    let most = before;
    while (!service.output().includes(SCANNED)) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      most = Math.max(most, await service.residentMiB());
    }
    return most - before;
  } finally {
    await service.stop();
  }
}
