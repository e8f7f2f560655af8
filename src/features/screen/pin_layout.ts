// Where everything goes on a screen of any size, from 160 × 144 up: whole pixels, nothing cut, the
// digits as large as fits. Pure arithmetic; pin_screen.ts draws.

import { DIGIT_ASPECT } from "./digit_glyphs.ts";
import { firstGroupLength } from "../../protocol/v1/pin_format.ts";
import { textHeight, textWidth } from "./text_font.ts";
import type { Rect } from "./rgb_canvas.ts";

/** The smallest screen that has room for a QR code, by its longer and its shorter side. */
export const MIN_QR_SIDES: readonly [longer: number, shorter: number] = [320, 240];

/** A line of text and its place. */
export interface TextPlace {
  /** The text, cut to what fits. */
  readonly text: string;
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Size of its letters, in pixels. */
  readonly size: number;
}

/** What goes onto a PIN's screen; of texts the first that fits, the last is cut. */
export interface PinLayoutContent {
  /** The device's name. */
  readonly title: string;
  /** What to do, with a QR code and without, each in several lengths. */
  readonly instructions: {
    readonly withQr: readonly string[];
    readonly without: readonly string[];
  };
  /** The line below the digits, in several lengths. */
  readonly message: readonly string[];
  /** How to cancel, in several lengths; left out where none fits. */
  readonly hint: readonly string[];
  /** How many digits the PIN has. */
  readonly digits: number;
  /** How many modules wide the QR code is; undefined without one. */
  readonly qrModules: number | undefined;
}

/** The places of a PIN's screen. */
export interface PinLayout {
  /** The device's name. */
  readonly title: TextPlace;
  /** What to do. */
  readonly instruction: TextPlace;
  /** The digits, in order. */
  readonly digits: readonly Rect[];
  /** The line below the digits; undefined where there is nothing to say. */
  readonly message: TextPlace | undefined;
  /** How to cancel. */
  readonly hint: TextPlace | undefined;
  /** Where the minutes and seconds stand, at the right edge. */
  readonly time: Rect & { readonly size: number };
  /** The QR code's square; undefined where there is no room. */
  readonly qr: Rect | undefined;
  /** The bar at its full length. */
  readonly bar: Rect;
}

/** How much of the width beside the digits, or of the height below them, the QR code may have. */
const QR_PART = { beside: 0.42, below: 0.55 } as const;
const GAP_IN_GROUP = 0.06;
const GAP_BETWEEN_GROUPS = 0.36;
const MIN_TEXT_SIZE = 11;
const LONGEST_TIME = "00:00";

/** The places for a screen of this size. */
export function layOutPin(
  screen: { width: number; height: number },
  content: PinLayoutContent,
): PinLayout {
  const { width, height } = screen;
  const shorter = Math.min(width, height);
  const margin = Math.max(6, Math.round(shorter * 0.045));
  const size = textSize(shorter);
  const titleSize = Math.round(size * 1.3);
  const gap = Math.round(margin * 0.5);
  const inner = width - 2 * margin;

  const title = placeText([content.title], { x: margin, y: margin, width: inner, size: titleSize });
  const instructionAt = { x: margin, y: margin + textHeight(titleSize), width: inner, size };
  const barHeight = Math.max(4, Math.round(shorter * 0.02));
  const bar = { x: margin, y: height - margin - barHeight, width: inner, height: barHeight };
  const footerY = bar.y - Math.round(gap * 0.6) - textHeight(size);
  const timeWidth = textWidth(LONGEST_TIME, size);
  const time = {
    ...{ x: width - margin - timeWidth, y: footerY, width: timeWidth },
    ...{ height: textHeight(size), size },
  };
  const messageY = footerY - textHeight(size) - (shorter < 200 ? 0 : Math.round(gap * 0.4));
  const top = instructionAt.y + textHeight(size) + gap;
  const area = { x: margin, y: top, width: inner, height: messageY - gap - top };
  const { qr, rest } = placeQr(area, { margin, screen, modules: content.qrModules });
  const { withQr, without } = content.instructions;
  const hintAt = { x: margin, y: footerY, width: inner - timeWidth - margin, size };
  return {
    title,
    instruction: placeText(qr === undefined ? without : withQr, instructionAt),
    digits: placeDigits(rest, content.digits),
    message: content.message.length === 0
      ? undefined
      : placeText(content.message, { x: margin, y: messageY, width: inner, size }),
    hint: placeHint(content.hint, hintAt),
    time,
    qr,
    bar,
  };
}

/** The size of text on a screen by its shorter side, in pixels. */
export function textSize(shorter: number): number {
  return Math.max(MIN_TEXT_SIZE, Math.round(shorter * 0.042));
}

interface Line {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly size: number;
}

/** The first of the texts that fits into a line, in its middle; the last one is cut. */
export function placeText(texts: readonly string[], line: Line): TextPlace {
  const { x, y, width, size } = line;
  const fits = (text: string): boolean => textWidth(text, size) <= width;
  const text = texts.find(fits) ?? cutToFit(texts.at(-1) ?? "", fits);
  return { text, x: x + Math.floor((width - textWidth(text, size)) / 2), y, size };
}

function cutToFit(text: string, fits: (text: string) => boolean): string {
  let shown = [...text];
  while (shown.length > 0 && !fits(`${shown.join("")}…`)) shown = shown.slice(0, -1);
  return `${shown.join("").trimEnd()}…`;
}

function placeHint(texts: readonly string[], line: Line): TextPlace | undefined {
  const { x, y, width, size } = line;
  const text = texts.find((one) => textWidth(one, size) <= width);
  return text === undefined ? undefined : { text, x, y, size };
}

// Beside the digits or below them, whichever makes the code larger, in whole pixels per module.
function placeQr(
  area: Rect,
  options: {
    margin: number;
    screen: { width: number; height: number };
    modules: number | undefined;
  },
): { qr: Rect | undefined; rest: Rect } {
  const { margin, screen, modules } = options;
  const [minLonger, minShorter] = MIN_QR_SIDES;
  const isLarge = Math.max(screen.width, screen.height) >= minLonger &&
    Math.min(screen.width, screen.height) >= minShorter;
  if (modules === undefined || !isLarge) return { qr: undefined, rest: area };
  const inWhole = (room: number): number => Math.floor(room / modules) * modules;
  const beside = inWhole(Math.min(area.height, area.width * QR_PART.beside));
  const below = inWhole(Math.min(area.width, area.height * QR_PART.below));
  const size = Math.max(beside, below);
  // Cameras want two pixels per module at least.
  if (size < 2 * modules) return { qr: undefined, rest: area };
  if (beside >= below) {
    const qr = {
      x: area.x + area.width - size,
      y: area.y + Math.floor((area.height - size) / 2),
      width: size,
      height: size,
    };
    return { qr, rest: { ...area, width: area.width - size - margin } };
  }
  const qr = {
    x: area.x + Math.floor((area.width - size) / 2),
    y: area.y + area.height - size,
    width: size,
    height: size,
  };
  return { qr, rest: { ...area, height: area.height - size - margin } };
}

interface DigitRows {
  /** How many digits the groups of a row have. */
  readonly groups: readonly number[];
  readonly rows: number;
}

// Two groups beside each other or below each other, whichever makes the digits larger.
function placeDigits(area: Rect, digits: number): Rect[] {
  const first = firstGroupLength(digits);
  const groups = [first, digits - first];
  const beside = digitHeight(area, { groups, rows: 1 });
  const below = digitHeight(area, { groups: [first], rows: 2 });
  if (beside >= below) return digitRow(area, { height: beside, groups });
  const gap = Math.round(below * 0.22);
  const top = area.y + Math.floor((area.height - 2 * below - gap) / 2);
  return groups.flatMap((count, row) => {
    const y = top + row * (below + gap);
    return digitRow({ ...area, y, height: below }, { height: below, groups: [count] });
  });
}

function rowWidth(height: number, groups: readonly number[]): number {
  const columns = countDigits(groups);
  const width = Math.floor(height * DIGIT_ASPECT);
  const gaps = (columns - groups.length) * GAP_IN_GROUP +
    (groups.length - 1) * GAP_BETWEEN_GROUPS;
  return columns * width + Math.ceil(gaps * height);
}

function digitHeight(area: Rect, { groups, rows }: DigitRows): number {
  // Some of the height stays free between two lines.
  let height = Math.floor((area.height / rows) * (rows === 1 ? 1 : 0.86));
  while (height > 1 && rowWidth(height, groups) > area.width) height -= 1;
  return height;
}

function digitRow(area: Rect, row: { height: number; groups: readonly number[] }): Rect[] {
  const { height, groups } = row;
  const [first = 0] = groups;
  const count = countDigits(groups);
  const width = Math.floor(height * DIGIT_ASPECT);
  const gap = Math.floor(GAP_IN_GROUP * height);
  const groupGap = Math.floor(GAP_BETWEEN_GROUPS * height);
  const total = count * width + (count - groups.length) * gap + (groups.length - 1) * groupGap;
  const left = area.x + Math.floor((area.width - total) / 2);
  const y = area.y + Math.floor((area.height - height) / 2);
  return Array.from({ length: count }, (_, i) => ({
    x: left + i * (width + gap) + (i >= first ? groupGap - gap : 0),
    y,
    width,
    height,
  }));
}

function countDigits(groups: readonly number[]): number {
  return groups.reduce((sum, count) => sum + count, 0);
}
