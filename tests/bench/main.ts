// `deno task bench`: prints medians, the other server's beside them, goals, and what changed against
// the baseline that is kept in baseline.json. Nothing here passes or fails. docs/performance.md
// explains the arguments, the COMPARE_ variables and every row.

import { cpus } from "node:os";
import {
  type Baseline,
  type BenchSection,
  compareRows,
  describeBaseline,
  encodeBaseline,
  goneRows,
  parseBaseline,
} from "./baseline.ts";
import { type BenchOptions, BenchUsageError, readBenchOptions } from "./bench_options.ts";
import { endChildren } from "./children.ts";
import { leftOut, rowsOf } from "./section.ts";
import { PART_SECTIONS, SECTION_IDS, SERVER_SECTIONS } from "./sections.ts";
import { runSoak } from "./soak_bench.ts";
import { formatMarkdown, formatRows } from "./table.ts";
import { type BenchWorld, openWorld } from "./world.ts";

const FILE = new URL("baseline.json", import.meta.url);

const machine = `${cpus()[0]?.model ?? Deno.build.arch}, ${navigator.hardwareConcurrency} cores`;

let interrupted: Promise<never> | undefined;

try {
  await main(readBenchOptions(Deno.args, Deno.env.toObject(), SECTION_IDS));
  // The sockets of the load generator keep the process alive.
  Deno.exit(0);
} catch (error) {
  // What was under way fails when its processes are ended.
  if (interrupted !== undefined) await interrupted;
  if (!(error instanceof BenchUsageError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exit(2);
}

async function main(options: BenchOptions): Promise<void> {
  const isWanted = ({ id }: { id: string }): boolean =>
    options.only.length === 0 || options.only.includes(id);
  const ofServers = SERVER_SECTIONS.filter(isWanted);
  const opening = options.isSoak || ofServers.length > 0
    ? openWorld(options)
    : Promise.resolve(undefined);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted ??= interrupt(opening));
  }
  const world = await opening;
  try {
    if (world !== undefined && options.isSoak) return await runSoak(world, print);
    const baseline = readBaseline();
    print(describeBaseline(baseline, machine));
    if (world !== undefined) print(describeWorld(world, options));
    const sections: BenchSection[] = [];
    const finish = (section: BenchSection, missing: readonly string[]): void => {
      sections.push(section);
      print(`\n${section.title}\n${formatRows(compareRows(section, baseline))}`);
      for (const name of missing) print(`  Left out: ${name}\n`);
    };
    for (const { title, rows: specs, measure } of world === undefined ? [] : ofServers) {
      if (world === undefined) continue;
      const rows = rowsOf(specs, await measure(world));
      finish({ title, rows }, leftOut(specs, rows));
    }
    for (const { title, rows: names, measure } of PART_SECTIONS.filter(isWanted)) {
      const rows = await measure(options.comparison);
      finish({ title, rows }, leftOut(names, rows));
    }
    if (options.only.length === 0 && baseline !== undefined) {
      for (const name of goneRows(sections, baseline)) print(`\nNo longer measured: ${name}\n`);
    }
    if (options.isMarkdown) printMarkdown(sections, options);
    if (options.isSaved) save(sections, options.note);
  } finally {
    await world?.close();
  }
}

async function interrupt(opening: Promise<BenchWorld | undefined>): Promise<never> {
  await endChildren();
  const world = await opening.catch(() => undefined);
  await world?.close();
  Deno.exit(130);
}

function describeWorld({ remote, subjects, rounds }: BenchWorld, options: BenchOptions): string {
  const lines = [
    `Medians of ${rounds} ${rounds === 1 ? "round" : "rounds in turn"}: ${
      subjects.map(({ name }) => name).join(" | ")
    }`,
  ];
  if (options.isQuick) lines.push("Quick: too short to conclude anything from");
  if ("whyNot" in remote) lines.push(`No rows of another host: ${remote.whyNot}`);
  if (options.slowFsyncMs !== undefined) {
    lines.push(`Every sync of a disk takes ${options.slowFsyncMs} ms and more`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function printMarkdown(sections: readonly BenchSection[], { comparison }: BenchOptions): void {
  const names = {
    own: "Latchkey",
    ...(comparison === undefined ? {} : { other: comparison.name }),
  };
  for (const { title, rows } of sections) {
    print(`\n### ${title}\n\n${formatMarkdown(rows, names)}`);
  }
}

function save(sections: readonly BenchSection[], note: string): void {
  const date = new Date().toISOString().slice(0, 10);
  Deno.writeTextFileSync(FILE, encodeBaseline({ machine, date, note, sections }));
  print("\nKept as the baseline\n");
}

function readBaseline(): Baseline | undefined {
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
