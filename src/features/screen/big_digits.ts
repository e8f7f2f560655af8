// The PIN on a terminal: digits of block characters that can be read from across the room, and one
// plain line for narrow consoles, screen readers and scripts. Two groups, as people read
// them out.

import { firstGroupLength } from "../../protocol/v1/pin_format.ts";

const ROWS = 5;
const INDENT = "  ";

const DIGITS: Readonly<Record<string, readonly string[]>> = {
  "0": ["██████", "██  ██", "██  ██", "██  ██", "██████"],
  "1": ["  ██  ", "████  ", "  ██  ", "  ██  ", "██████"],
  "2": ["██████", "    ██", "██████", "██    ", "██████"],
  "3": ["██████", "    ██", "██████", "    ██", "██████"],
  "4": ["██  ██", "██  ██", "██████", "    ██", "    ██"],
  "5": ["██████", "██    ", "██████", "    ██", "██████"],
  "6": ["██████", "██    ", "██████", "██  ██", "██████"],
  "7": ["██████", "    ██", "   ██ ", "  ██  ", "  ██  "],
  "8": ["██████", "██  ██", "██████", "██  ██", "██████"],
  "9": ["██████", "██  ██", "██████", "    ██", "██████"],
};

/**
 * A PIN as a block of text: large digits where `columns` have room for them (undefined: unknown, so
 * they have), and always the line "PIN 123 456".
 */
export function pinText(pin: string, columns: number | undefined): string {
  const first = firstGroupLength(pin.length);
  const groups = [pin.slice(0, first), pin.slice(first)];
  const art = bigDigits(groups).map((line) => INDENT + line);
  const isTooNarrow = columns !== undefined && art.some((line) => line.length > columns);
  const lines = [...(isTooNarrow ? [] : [...art, ""]), `${INDENT}PIN ${groups.join(" ")}`];
  return `\n${lines.map((line) => `${line}\n`).join("")}\n`;
}

function bigDigits(groups: readonly string[]): string[] {
  return Array.from({ length: ROWS }, (_, row) =>
    groups
      .map((group) => [...group].map((digit) => DIGITS[digit]?.[row] ?? "").join("  "))
      .join("      "));
}
