// A section of the benchmark: which rows it has, and what was measured for them.

import type { Comparison } from "./bench_options.ts";
import type { BenchRow } from "./table.ts";
import type { Medians } from "./rounds.ts";
import type { BenchWorld } from "./world.ts";

/** A row before anything is measured. */
export interface RowSpec {
  /** What is measured; no two rows of a section share a name. */
  readonly name: string;
  /** What the value counts. */
  readonly unit: string;
  /**
   * What it is meant to be.
   * @default nothing is set
   */
  readonly goal?: Goal;
  /**
   * The row of the bench's own that it is set beside.
   * @default none
   */
  readonly relativeTo?: string;
}

/** A bound on a value. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** A section before anything is measured. */
export interface SectionSpec {
  /** Names it on the command line. */
  readonly id: string;
  /** What it is about. */
  readonly title: string;
}

/** A section that measures servers side by side. */
export interface ServerSection extends SectionSpec {
  readonly rows: readonly RowSpec[];
  /** By server, in the order of the world's subjects: medians by row. */
  readonly measure: (world: BenchWorld) => Promise<Medians[]>;
}

/** A section about parts of this tree alone. */
export interface PartSection extends SectionSpec {
  /** The names of its rows. */
  readonly rows: readonly string[];
  /** Of another tree too, where one is compared with and the section can. */
  readonly measure: (comparison?: Comparison) => Promise<BenchRow[]>;
}

/** The rows of a section from what was measured; a row without a number is left out. */
export function rowsOf(specs: readonly RowSpec[], medians: readonly Medians[]): BenchRow[] {
  const [own = {}, other] = medians;
  const unknown = medians.flatMap((by) => Object.keys(by))
    .filter((name) => !specs.some((spec) => spec.name === name));
  if (unknown.length > 0) throw new Error(`Measured, but no row: ${unknown.join(", ")}`);
  return specs.flatMap(({ name, unit, goal, relativeTo }) => {
    const value = own[name];
    if (value === undefined || Number.isNaN(value)) return [];
    const theirs = other?.[name];
    const bare = relativeTo === undefined ? undefined : own[relativeTo];
    return [{
      name,
      value,
      unit,
      ...(theirs === undefined || Number.isNaN(theirs) ? {} : { other: theirs }),
      ...(goal === undefined ? {} : { goal }),
      ...(bare === undefined ? {} : { ratio: `${(value / bare).toFixed(2)} × bare` }),
    }];
  });
}

/** The names of rows that were not measured. */
export function leftOut(
  specs: readonly (RowSpec | string)[],
  rows: readonly BenchRow[],
): string[] {
  return specs.map((spec) => typeof spec === "string" ? spec : spec.name)
    .filter((name) => !rows.some((row) => row.name === name));
}

/** Whether a value is within its goal. */
export function meets(value: number, goal: Goal): boolean {
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** A goal for people, such as "≤ 36.0 µs". */
export function formatGoal(goal: Goal, unit: string): string {
  return "atMost" in goal ? `≤ ${goal.atMost} ${unit}` : `≥ ${goal.atLeast} ${unit}`;
}
