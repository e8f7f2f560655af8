// What the watch of the event loop writes.

/** How often it looks, in milliseconds. */
export const DELAY_PERIOD_MS = 2;

/** How often it writes the worst since the last time, in milliseconds. */
export const DELAY_REPORT_MS = 100;

/** The worst delay after the first `skip` lines of a report, in milliseconds; 0 where none came. */
export function worstDelayMs(report: string, skip: number): number {
  return Math.max(0, ...delayLines(report).slice(skip).map(Number));
}

/** The whole lines of a report. */
export function delayLines(report: string): string[] {
  return report.split("\n").slice(0, -1);
}
