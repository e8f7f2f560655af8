// The run that others are compared with, kept in the repository as baseline.json.

import * as v from "valibot";
import { type BenchRow, type ComparedRow, formatValue } from "./table.ts";

const BASELINE = v.strictObject({
  machine: v.string(),
  date: v.pipe(v.string(), v.isoDate()),
  note: v.string(),
  sections: v.record(
    v.string(),
    v.record(
      v.string(),
      v.strictObject({ value: v.pipe(v.number(), v.finite()), unit: v.string() }),
    ),
  ),
});

/**
 * A run that is kept: the machine's CPU, the day in UTC ("2026-01-31"), what to know about it, and by
 * section and row what was measured.
 */
export type Baseline = v.InferOutput<typeof BASELINE>;

/** A section of the benchmark with its rows. */
export interface BenchSection {
  /** What it is about; no two sections share a title. */
  readonly title: string;
  /** What was measured. */
  readonly rows: readonly BenchRow[];
}

/** The baseline in a file's text; throws where it is none. */
export function parseBaseline(text: string): Baseline {
  return v.parse(BASELINE, JSON.parse(text));
}

/** A run as the text of a baseline file. Values keep four digits: more are noise. */
export function encodeBaseline(
  run: { machine: string; date: string; note: string; sections: readonly BenchSection[] },
): string {
  const { machine, date, note, sections } = run;
  const baseline: Baseline = {
    machine,
    date,
    note,
    sections: Object.fromEntries(
      sections.map(({ title, rows }) => [
        title,
        Object.fromEntries(
          rows.map((
            { name, value, unit },
          ) => [name, { value: Number(value.toPrecision(4)), unit }]),
        ),
      ]),
    ),
  };
  return JSON.stringify(baseline, null, 2) + "\n";
}

/** Each row with what the baseline had and how many times that it is now. */
export function compareRows(
  { title, rows }: BenchSection,
  baseline: Baseline | undefined,
): ComparedRow[] {
  if (baseline === undefined) return [...rows];
  return rows.map((row) => {
    const before = ownOf(ownOf(baseline.sections, title), row.name);
    if (before === undefined) return { ...row, change: "not in the baseline" };
    if (before.unit !== row.unit) {
      return { ...row, change: `the baseline counts ${before.unit}` };
    }
    const was = `baseline ${formatValue(before.value, before.unit)}`;
    if (before.value === 0) return { ...row, change: was };
    return { ...row, change: `${was}, now ${(row.value / before.value).toFixed(2)} ×` };
  });
}

/** Names of rows that the baseline has and the run has not, as "section: row". */
export function goneRows(sections: readonly BenchSection[], baseline: Baseline): string[] {
  const measured = new Map(
    sections.map(({ title, rows }) => [title, new Set(rows.map(({ name }) => name))]),
  );
  return Object.entries(baseline.sections).flatMap(([title, rows]) =>
    Object.keys(rows)
      .filter((name) => !measured.get(title)?.has(name))
      .map((name) => `${title}: ${name}`)
  );
}

/** Lines that say what the baseline is, and whether this machine may be compared with it. */
export function describeBaseline(baseline: Baseline | undefined, machine: string): string {
  if (baseline === undefined) return "There is no baseline yet: deno task bench --save\n";
  const lines = [`Baseline of ${baseline.date} on ${baseline.machine}`];
  if (baseline.note !== "") lines.push(`Note: ${baseline.note}`);
  if (baseline.machine !== machine) {
    lines.push(`This machine differs (${machine}): ratios within the run are all that counts`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

// What a record has of its own: a row could be called "constructor".
function ownOf<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
