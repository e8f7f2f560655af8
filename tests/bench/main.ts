// `deno task bench`: prints medians, ratios within the run, and what changed against the baseline that
// is kept in baseline.json. Nothing here passes or fails. `--save` keeps this run as the baseline;
// `--note TEXT` says with it what to know, such as what else the machine was doing.

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  type BenchSection,
  compareRows,
  describeBaseline,
  encodeBaseline,
  goneRows,
  parseBaseline,
} from "./baseline.ts";
import { aeadRows } from "./aead_bench.ts";
import { displayRows } from "./display_bench.ts";
import { handshakeRows } from "./handshake_bench.ts";
import { keyRows } from "./keys_bench.ts";
import { modelRows } from "./models_bench.ts";
import { requestRows } from "./request_bench.ts";
import { serviceRows } from "./service_bench.ts";
import { type BenchRow, formatRows } from "./table.ts";

const FILE = new URL("baseline.json", import.meta.url);

const PARTS: [title: string, rows: () => Promise<BenchRow[]>][] = [
  ["Requests over WebSocket, 300-byte frames", requestRows],
  ["CPU of a frame with each cipher", aeadRows],
  ["Pairing and session set-up", handshakeRows],
  ["The PIN on a panel of 640 × 480, per second", displayRows],
  ["Refusing API keys, medians of 5,000", keyRows],
  ["The model gateway, beside its upstream directly", modelRows],
  ["The process", serviceRows],
];

const { save, note } = parseArgs({
  args: Deno.args,
  options: { save: { type: "boolean", default: false }, note: { type: "string", default: "" } },
}).values;

const machine = `${cpus()[0]?.model ?? Deno.build.arch}, ${navigator.hardwareConcurrency} cores`;
const baseline = readBaseline();
print(describeBaseline(baseline, machine));
const sections: BenchSection[] = [];
for (const [title, measure] of PARTS) {
  const section = { title, rows: await measure() };
  sections.push(section);
  print(`\n${title}\n${formatRows(compareRows(section, baseline))}`);
}
for (const name of baseline === undefined ? [] : goneRows(sections, baseline)) {
  print(`\nNo longer measured: ${name}\n`);
}
if (save) {
  const date = new Date().toISOString().slice(0, 10);
  Deno.writeTextFileSync(FILE, encodeBaseline({ machine, date, note, sections }));
  print(`\nKept as the baseline\n`);
}
// The sockets of the load generator keep the process alive.
Deno.exit(0);

function readBaseline(): ReturnType<typeof parseBaseline> | undefined {
  try {
    return parseBaseline(Deno.readTextFileSync(FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
