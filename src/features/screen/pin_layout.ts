// Where everything goes on a screen of any size, from 160 × 144 up: whole pixels, nothing cut, the
// digits as large as fits. Pure arithmetic; pin_screen.ts draws.

import { DIGIT_ASPECT } from "./digit_glyphs.ts";
import { TEXT_HEIGHT, textWidth } from "./text_font.ts";
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
  /** Size in whole pixels. */
  readonly scale: number;
}

/** The places of a PIN's screen. */
export interface PinLayout {
  /** The device's name. */
  readonly title: TextPlace;
  /** The six digits, in order. */
  readonly digits: readonly Rect[];
  /** Where a message goes. */
  readonly message: { readonly y: number; readonly scale: number };
  /** The QR code's square; undefined where there is no room. */
  readonly qr: Rect | undefined;
  /** The bar at its full length. */
  readonly bar: Rect;
}

const GAP_IN_GROUP = 0.16;
const GAP_BETWEEN_GROUPS = 0.5;

/** The places for a screen of this size. */
export function layOutPin(
  screen: { width: number; height: number },
  content: { title: string; qrModules: number | undefined },
): PinLayout {
  const { width, height } = screen;
  const shorter = Math.min(width, height);
  const margin = Math.max(6, Math.round(shorter * 0.045));
  const scale = Math.max(1, Math.floor(shorter / 150));
  const lineHeight = TEXT_HEIGHT * scale;
  const barHeight = Math.max(4, Math.round(shorter * 0.025));

  const title = centerText(content.title, { width, margin, y: margin, scale });
  const bar = {
    x: margin,
    y: height - margin - barHeight,
    width: width - 2 * margin,
    height: barHeight,
  };
  const message = { y: bar.y - Math.round(margin * 0.8) - lineHeight, scale };
  const top = margin + lineHeight + Math.round(margin * 0.8);
  const area = {
    x: margin,
    y: top,
    width: width - 2 * margin,
    height: message.y - Math.round(margin * 0.6) - top,
  };
  const { qr, rest } = placeQr(area, { margin, screen, modules: content.qrModules });
  return { title, message, bar, qr, digits: placeDigits(rest) };
}

/** A line of text in the middle of the screen, cut to what fits. */
export function centerText(
  text: string,
  options: { width: number; margin: number; y: number; scale: number },
): TextPlace {
  const { width, margin, y, scale } = options;
  let shown = [...text];
  if (textWidth(text, scale) > width - 2 * margin) {
    while (shown.length > 1 && textWidth(`${shown.join("")}..`, scale) > width - 2 * margin) {
      shown = shown.slice(0, -1);
    }
    shown.push(".", ".");
  }
  const fitted = shown.join("");
  return { text: fitted, x: Math.floor((width - textWidth(fitted, scale)) / 2), y, scale };
}

// Beside the digits on a wide screen, below them on a high one, in whole pixels per module.
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
  const isWide = area.width >= area.height;
  const room = isWide
    ? Math.min(area.height, Math.floor(area.width * 0.4))
    : Math.min(area.width, Math.floor(area.height * 0.55));
  const size = Math.floor(room / modules) * modules;
  // Cameras want two pixels per module at least.
  if (size < 2 * modules) return { qr: undefined, rest: area };
  if (isWide) {
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

// Two groups beside each other or below each other, whichever makes the digits larger.
function placeDigits(area: Rect): Rect[] {
  const beside = digitHeight(area, { columns: 6, rows: 1 });
  const below = digitHeight(area, { columns: 3, rows: 2 });
  return beside >= below ? digitRow(area, { height: beside, count: 6 }) : [
    ...digitRow({ ...area, height: Math.floor(area.height / 2) }, { height: below, count: 3 }),
    ...digitRow({
      ...area,
      y: area.y + Math.ceil(area.height / 2),
      height: Math.floor(area.height / 2),
    }, { height: below, count: 3 }),
  ];
}

function rowWidth(height: number, columns: number): number {
  const width = Math.floor(height * DIGIT_ASPECT);
  const gaps = columns === 6 ? 4 * GAP_IN_GROUP + GAP_BETWEEN_GROUPS : 2 * GAP_IN_GROUP;
  return columns * width + Math.ceil(gaps * height);
}

function digitHeight(area: Rect, shape: { columns: number; rows: number }): number {
  const { columns, rows } = shape;
  // A tenth of the height stays free above and below, so that lines do not touch.
  let height = Math.floor((area.height / rows) * (rows === 1 ? 1 : 0.9));
  while (height > 1 && rowWidth(height, columns) > area.width) height -= 1;
  return height;
}

function digitRow(area: Rect, row: { height: number; count: number }): Rect[] {
  const { height, count } = row;
  const width = Math.floor(height * DIGIT_ASPECT);
  const gap = Math.floor(GAP_IN_GROUP * height);
  const groupGap = Math.floor(GAP_BETWEEN_GROUPS * height);
  const total = count * width + (count === 6 ? 4 * gap + groupGap : 2 * gap);
  const left = area.x + Math.floor((area.width - total) / 2);
  const y = area.y + Math.floor((area.height - height) / 2);
  return Array.from({ length: count }, (_, i) => ({
    x: left + i * (width + gap) + (i >= 3 ? groupGap - gap : 0),
    y,
    width,
    height,
  }));
}
