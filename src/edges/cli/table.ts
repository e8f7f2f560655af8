// Rows of text in aligned columns, and times as people read them.

import { safeText } from "../../features/screen/safe_text.ts";

/** Lines with columns padded to their widest cell; no cell drives the terminal or ends its line. */
export function formatTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => safeText(cell, Infinity)));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd() + "\n")
    .join("");
}

/** Unix seconds as a time in UTC, such as "2026-01-31 12:00:00"; "-" for none. */
export function formatTime(seconds: unknown): string {
  if (typeof seconds !== "number") return "-";
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}
