// Rows of the benchmark as text.

/** One line: what, how much, and how that compares. */
export interface BenchRow {
  /** What was measured. */
  readonly name: string;
  /** The number with its unit. */
  readonly value: string;
  /** How it compares within the run. */
  readonly ratio?: string;
}

/** Lines with aligned columns. */
export function formatRows(rows: readonly BenchRow[]): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.max(...rows.map(({ value }) => value.length));
  return rows
    .map(({ name, value, ratio = "" }) =>
      `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  ${ratio}`.trimEnd() + "\n"
    )
    .join("");
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
