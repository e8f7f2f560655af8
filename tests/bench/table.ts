// Rows of the benchmark as text.

import { formatGoal, type Goal, meets } from "./section.ts";

/** One line: what, how much, and how that compares. */
export interface BenchRow {
  /** What was measured; no two rows of a section share a name. */
  readonly name: string;
  /** How much. */
  readonly value: number;
  /** What the value counts, such as "ms" or "/s". */
  readonly unit: string;
  /** How it compares within the run. */
  readonly ratio?: string;
  /**
   * The same of the server beside it.
   * @default there is none, or it has none
   */
  readonly other?: number;
  /**
   * What it is meant to be.
   * @default nothing is set
   */
  readonly goal?: Goal;
}

/** A row with what the baseline says of it. */
export interface ComparedRow extends BenchRow {
  /**
   * How it compares with the run before.
   * @default nothing is said of it
   */
  readonly change?: string;
}

/**
 * Lines with aligned columns: name, value, the other server's and how it compares, ratio within the
 * run, goal, change. A column without any text is left out.
 */
export function formatRows(rows: readonly ComparedRow[]): string {
  const lines = rows.map((row) => [
    row.name,
    formatValue(row.value, row.unit),
    row.other === undefined ? "" : formatValue(row.other, row.unit),
    compareWithOther(row),
    row.ratio ?? "",
    judgeGoal(row),
    row.change ?? "",
  ]);
  const widths = (lines[0] ?? []).map((_, at) =>
    Math.max(...lines.map((line) => line[at]?.length ?? 0))
  );
  return lines
    .map((line) =>
      line
        .map((text, at) =>
          NUMBERS.has(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)
        )
        .filter((_, at) => widths[at] !== 0)
        .map((text) => `  ${text}`)
        .join("")
        .trimEnd() + "\n"
    )
    .join("");
}

// The columns that are set to the right.
const NUMBERS: ReadonlySet<number> = new Set([1, 2]);

/** A table in Markdown; the column of the other server is there where it has a name. */
export function formatMarkdown(
  rows: readonly BenchRow[],
  names: { own: string; other?: string },
): string {
  const { own, other } = names;
  const heads = ["row", "goal", own, ...(other === undefined ? [] : [other, "ratio"])];
  const lines = rows.map((row) => [
    row.name,
    row.goal === undefined ? "" : formatGoal(row.goal, row.unit),
    formatValue(row.value, row.unit),
    ...(other === undefined
      ? []
      : [row.other === undefined ? "" : formatValue(row.other, row.unit), compareWithOther(row)]),
  ]);
  return [heads, heads.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
}

function compareWithOther({ value, other }: BenchRow): string {
  return other === undefined ? "" : `${(value / other).toFixed(2)} ×`;
}

function judgeGoal({ value, unit, goal }: BenchRow): string {
  if (goal === undefined) return "";
  return `${meets(value, goal) ? "meets" : "misses"} ${formatGoal(goal, unit)}`;
}

/** A number with its unit, to three digits or the whole number, such as "0.0412 ms" or "1234 /s". */
export function formatValue(value: number, unit: string): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return `${value.toFixed(Math.min(digits, 6))} ${unit}`;
}
