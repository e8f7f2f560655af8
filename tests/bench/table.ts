// Rows of the benchmark as text.

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
}

/** A row with what the baseline says of it. */
export interface ComparedRow extends BenchRow {
  /**
   * How it compares with the run before.
   * @default nothing is said of it
   */
  readonly change?: string;
}

/** Lines with aligned columns: name, value, ratio within the run, change. */
export function formatRows(rows: readonly ComparedRow[]): string {
  const columns = rows.map(({ name, value, unit, ratio = "", change = "" }) => ({
    name,
    value: formatValue(value, unit),
    ratio,
    change,
  }));
  const widthOf = (column: "name" | "value" | "ratio"): number =>
    Math.max(...columns.map((texts) => texts[column].length));
  const [nameWidth, valueWidth, ratioWidth] = [widthOf("name"), widthOf("value"), widthOf("ratio")];
  return columns
    .map(({ name, value, ratio, change }) =>
      `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  ${
        ratio.padEnd(ratioWidth)
      }  ${change}`.trimEnd() + "\n"
    )
    .join("");
}

/** A number with its unit, to three digits or the whole number, such as "0.0412 ms" or "1234 /s". */
export function formatValue(value: number, unit: string): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return `${value.toFixed(Math.min(digits, 6))} ${unit}`;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
