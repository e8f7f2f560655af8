// Rows of text in aligned columns, and times as people read them.

import { safeText } from "../../features/screen/safe_text.ts";

/** Lines with columns padded to their widest cell; no cell drives the terminal or ends its line. */
export function formatTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => safeText(cell, Infinity)));
  const widths = (rows[0] ?? []).map((_, i) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[i] ?? "")), 0)
  );
  return rows
    .map((row) => row.map((cell, i) => padCell(cell, widths[i] ?? 0)).join("  ").trimEnd() + "\n")
    .join("");
}

function padCell(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - columnsOf(cell)));
}

// Terminals give these two columns, and marks on the letter before them none.
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/u;
const MARK = /\p{Mn}/u;

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (!MARK.test(character)) columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** Unix seconds as a time in UTC, such as "2026-01-31 12:00:00"; "-" for none. */
export function formatTime(seconds: unknown): string {
  if (typeof seconds !== "number") return "-";
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}
