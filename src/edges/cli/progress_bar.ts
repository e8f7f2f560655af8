// How far something is, as one line of a terminal that is written over again and again.

import { safeText } from "../../features/screen/safe_text.ts";

const BAR_WIDTH = 24;

/** Options of {@linkcode progressLine}. */
export interface ProgressLineOptions {
  /** How much is done, of how much; a whole of 0 shows as nothing done. */
  readonly done: number;
  readonly whole: number;
  /** What is said behind the bar. */
  readonly text: string;
  /** How wide the terminal is. */
  readonly columns: number;
}

/** The line, with what returns to its beginning before it; it covers the line before. */
export function progressLine({ done, whole, text, columns }: ProgressLineOptions): string {
  const share = whole > 0 ? Math.max(0, Math.min(1, done / whole)) : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] `;
  // A terminal that is full to its last column goes to the next line.
  const width = Math.max(1, columns - 1);
  return `\r${safeText(bar + text, width).padEnd(width)}`;
}
