// The judgement of `latchkey conform` for people: a line a check, and a table of times.

import type {
  ConformOutcome,
  ConformReport,
  ConformResult,
} from "../../features/conform/conformance.ts";
import { safeText } from "../../features/screen/safe_text.ts";
import type { CommandContext } from "./command.ts";
import type { Style } from "./styles.ts";
import { formatTable } from "./table.ts";

/** How wide section and title are where there is room. */
const LINE_WIDTH = 92;

/** What the outcome takes of a line, with the space before it. */
const OUTCOME_WIDTH = 9;

/** Below this width titles would tell nothing any more. */
const MIN_LINE_WIDTH = 40;

const SECTION_WIDTH = 5;

const STYLES: Readonly<Record<ConformOutcome, Style | undefined>> = {
  ok: "good",
  failed: "bad",
  note: "warning",
  skipped: undefined,
};

/** How often there is each outcome. */
export function countOutcomes(
  results: readonly ConformResult[],
): Record<ConformOutcome, number> {
  const counts = { ok: 0, failed: 0, note: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

/** How a line is written. */
export interface ResultFormat {
  /** Shows a style, or does not. */
  paint: CommandContext["paint"];
  /** How many columns there are; as many as it takes where undefined. */
  columns: number | undefined;
}

/** The line of one check; a title that is too long for the terminal is cut. */
export function formatResult(result: ConformResult, { paint, columns }: ResultFormat): string {
  const { section, title, outcome, detail } = result;
  const room = (columns ?? Infinity) - OUTCOME_WIDTH;
  const width = Math.max(MIN_LINE_WIDTH, Math.min(LINE_WIDTH, room));
  const what = safeText(`${section.padEnd(SECTION_WIDTH)}${title}`, width).padEnd(width);
  const word = outcome === "failed" ? "FAILED" : outcome;
  const style = STYLES[outcome];
  const shown = style === undefined ? word : paint(style, word);
  return `${what}  ${shown}${detail === undefined ? "" : `: ${safeText(detail, 200)}`}\n`;
}

/** What stands below the checks. */
export function formatReport(report: ConformReport, paint: CommandContext["paint"]): string {
  const { results, times, leftClients } = report;
  const { ok, failed, note, skipped } = countOutcomes(results);
  const rows = times.map(({ what, count, p50Ms, p99Ms }) => [
    what,
    String(count),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ]);
  const table = rows.length === 0
    ? ""
    : `\n${formatTable([["TIMES IN MS", "N", "P50", "P99"], ...rows])}`;
  const left = leftClients.map((id) =>
    `Left on the device, because only it can remove clients: latchkey clients delete ${id}\n`
  );
  const verdict = `${ok} ok, ${failed} failed, ${note} notes, ${skipped} skipped`;
  return `${table}\n${left.join("")}${paint(failed === 0 ? "good" : "bad", verdict)}\n`;
}
