// Colours of the terminal: which styles there are, and how text in them passes the one place that
// escapes everything else a terminal would act upon.

import { escapeUnsafe } from "../../base/unsafe_text.ts";

/** A style by what it means. */
export type Style = "good" | "warning" | "bad" | "strong";

const CODES: Readonly<Record<Style, number>> = { good: 32, warning: 33, bad: 31, strong: 1 };

const SEQUENCES = new RegExp(`(\\x1b\\[(?:0|${Object.values(CODES).join("|")})m)`);

/** Text in a style, line by line, so that no style outlasts its line. */
export function paintText(style: Style, text: string): string {
  return text.split("\n").map((line) => line === "" ? "" : `\x1b[${CODES[style]}m${line}\x1b[0m`)
    .join("\n");
}

/**
 * Text for a terminal or a file: whatever a command writes, names and messages of others do not drive
 * the terminal. Only the sequences of our styles pass, and only where styles are shown.
 */
export function terminalText(text: string, { isStyled }: { isStyled: boolean }): string {
  const escape = (part: string): string => escapeUnsafe(part, "\n\r\t");
  if (!isStyled) return escape(text);
  return text.split(SEQUENCES).map((part, at) => at % 2 === 1 ? part : escape(part)).join("");
}
